"""As much of Splunk's search language as the hunt needs, run on search peers and a search head."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from app import App
from lookups import look_up
from rows import Event
from spl.pipeline import parse
from splunkd import Call, Options, SearchError, ask, run

Step = Callable[[list[Event]], list[Event]]

QUOTED = r'"(?:\\.|[^"\\])*"'
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
STREAMING = ("search", "eval", "fields", "lookup", "spath")


@dataclass(frozen=True)
class Stage:
    """One command of a pipeline."""

    name: str
    arguments: str
    streaming: bool
    preop: str = ""


class Splunk:
    """A search head with its peers; no peers: one machine that does both."""

    def __init__(self, app: App, home: Path, peers: int = 0, options: Options = Options()) -> None:
        self.app, self.home, self.options = app, home, options
        self.messages: list[tuple[str, str]] = []
        self._peers = [self._peer(number) for number in range(peers)]

    def _peer(self, number: int) -> App:
        bundles = self.home / f"peer{number}" / "var" / "run" / "searchpeers"
        return self.app.replicate(bundles / "head-1503612000" / "apps")

    def search(self, text: str, events: Sequence[Event]) -> list[Event]:
        """The results of a search over these events."""
        stages = [self._plan(command.name, command.arguments, text) for command in parse(text, self.app)]
        head = next((at for at, stage in enumerate(stages) if not stage.streaming), len(stages))
        preop = stages[head].preop if head < len(stages) and self.options.preop else ""
        mapping = [self._plan(stage.name, stage.arguments, text) for stage in parse("| " + preop)] if preop else []
        results: list[Event] = []
        for number, peer in enumerate(self._peers or [self.app]):
            share = list(events)[number :: len(self._peers) or 1]
            results += self._run(stages[:head] + mapping, share, peer, text)
        return self._run(stages[head:], results, self.app, text)

    def _plan(self, name: str, arguments: str, text: str) -> Stage:
        if not self.app.has_command(name):
            return Stage(name, arguments, name in STREAMING)
        reply = ask(Call(name, self.app.command(name), arguments, text), self.options, self._dispatch())
        streaming = reply.get("type", "streaming") == "streaming"
        return Stage(name, arguments, streaming, reply.get("streaming_preop", ""))

    def _run(self, stages: Sequence[Stage], events: list[Event], app: App, text: str) -> list[Event]:
        for stage in stages:
            if stage.name == "lookup":
                events = look_up(app, stage.arguments, events, self.options)
                continue
            if not app.has_command(stage.name):
                events = builtin(stage.name, stage.arguments)(events)
                continue
            call = Call(stage.name, app.command(stage.name), stage.arguments, text)
            outcome = run(call, events, self.options, self._dispatch())
            self.messages += outcome.messages
            events = outcome.events
        return events

    def _dispatch(self) -> Path:
        folder = self.home / "dispatch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def builtin(name: str, arguments: str) -> Step:
    """A command of Splunk's own."""
    makers: dict[str, Callable[[str], Step]] = {
        "search": _search, "eval": _eval, "fields": _fields, "spath": _spath,
        "stats": _stats, "sort": _sort, "table": _table, "head": _head,
    }  # fmt: skip
    if name not in makers:
        raise SearchError(f"unknown command {name}")
    return makers[name](arguments)


def _search(arguments: str) -> Step:
    """Terms `field=value`, all of which must match; without regard to case, `*` for any text."""
    tests: list[tuple[str, re.Pattern[str]]] = []
    for term in re.findall(rf"(?:{QUOTED}|[^\s\"])+", arguments):
        found = re.fullmatch(r"([\w.{}:]+)=(.+)", term)
        if found is None:
            raise SearchError(f"search term {term!r}")
        pattern = ".*".join(re.escape(part) for part in found[2].strip('"').split("*"))
        tests.append((found[1], re.compile(pattern, re.IGNORECASE | re.DOTALL)))

    def matches(event: Event) -> bool:
        return all(any(pattern.fullmatch(value) for value in event.get(name, [])) for name, pattern in tests)

    return lambda events: [event for event in events if matches(event)]


def _eval(arguments: str) -> Step:
    """`field=expression`, where the expression is a text, a number, a field, mvdedup() or len() of one."""
    found = re.fullmatch(r"(\w+)\s*=\s*(.+)", arguments, re.DOTALL)
    if found is None:
        raise SearchError(f"eval {arguments}")
    target, expression = found[1], found[2].strip()

    def step(events: list[Event]) -> list[Event]:
        results = []
        for event in events:
            values = _evaluate(expression, event)
            rest = {name: old for name, old in event.items() if name != target}
            results.append(rest | {target: values} if values else rest)
        return results

    return step


def _evaluate(expression: str, event: Event) -> list[str]:
    """The values of an expression, none for null."""
    if re.fullmatch(QUOTED, expression):
        return [re.sub(r"\\(.)", r"\1", expression[1:-1])]
    if NUMBER.fullmatch(expression):
        return [expression]
    if re.fullmatch(r"[A-Za-z_]\w*", expression):
        return event.get(expression, [])
    call = re.fullmatch(r"(\w+)\((.*)\)", expression, re.DOTALL)
    if call is None:
        raise SearchError(f"expression {expression!r}")
    values = _evaluate(call[2].strip(), event)
    if call[1] == "mvdedup":
        return list(dict.fromkeys(values))
    if call[1] == "len" and len(values) < 2:
        return [str(len(value)) for value in values]
    raise SearchError(f"{call[1]}() of {values}")


def _spath(arguments: str) -> Step:
    """`spath input=field`: the members of a JSON object as fields; other text has none."""
    found = re.fullmatch(r"input=(\w+)", arguments)
    if found is None:
        raise SearchError(f"spath {arguments}")

    def members(event: Event) -> Event:
        values = event.get(found[1], [])
        if len(values) > 1:
            raise SearchError(f"spath of the values {values}")
        try:
            tree = json.loads("".join(values), parse_int=str, parse_float=str)
        except ValueError:
            return {}
        if isinstance(tree, dict) and not all(isinstance(member, str) for member in tree.values()):
            raise SearchError(f"spath of {tree}")
        return {name: [member] for name, member in tree.items()} if isinstance(tree, dict) else {}

    return lambda events: [event | members(event) for event in events]


def _stats(arguments: str) -> Step:
    """`stats count avg(x) as y stdev(x) by a b`."""
    wanted, _, by = re.sub(r"\s+by\s+", "\0", arguments, flags=re.IGNORECASE).partition("\0")
    groups = re.split(r"[\s,]+", by.strip()) if by else []
    call = re.compile(r"(\w+)(?:\((\w+)\))?(?:\s+as\s+(\w+))?[\s,]*", re.IGNORECASE)
    if not re.fullmatch(f"(?:{call.pattern})+", wanted, re.IGNORECASE):
        raise SearchError(f"stats {arguments}")
    functions = [(m[1], m[2] or "", m[3] or m[0].strip(" \n,")) for m in call.finditer(wanted)]

    def step(events: list[Event]) -> list[Event]:
        members: dict[tuple[str, ...], list[Event]] = defaultdict(list)
        for event in events:
            # No group for an event without one of the fields, several for one with several values.
            for key in product(*(event.get(name, []) for name in groups)):
                members[key].append(event)
        if not groups and not members:
            members[()] = []
        return [_aggregate(dict(zip(groups, key)), members[key], functions) for key in sorted(members)]

    return step


def _aggregate(key: dict[str, str], events: list[Event], functions: list[tuple[str, str, str]]) -> Event:
    row: Event = {name: [value] for name, value in key.items()}
    for function, name, output in functions:
        if function == "count" and not name:
            row[output] = [str(len(events))]
            continue
        numbers = [float(value) for event in events for value in event.get(name, []) if NUMBER.fullmatch(value)]
        if function not in ("avg", "stdev"):
            raise SearchError(f"stats function {function}")
        if numbers:
            row[output] = [repr(average(numbers) if function == "avg" else deviation(numbers))]
    return row


def average(numbers: Sequence[float]) -> float:
    """The mean."""
    return math.fsum(numbers) / len(numbers)


def deviation(numbers: Sequence[float]) -> float:
    """The deviation of a sample, which is 0 for one number."""
    mean = average(numbers)
    return math.sqrt(math.fsum((n - mean) ** 2 for n in numbers) / max(1, len(numbers) - 1))


def _sort(arguments: str) -> Step:
    """`sort - count`, `sort count -name`: numbers as numbers."""
    keys = re.findall(r"([-+]?)\s*([A-Za-z_]\w*)", arguments)
    if not keys:
        raise SearchError(f"sort {arguments}")

    def rank(event: Event, name: str) -> tuple[int, float, str]:
        value = event.get(name, [""])[0]
        return (0, float(value), "") if NUMBER.fullmatch(value) else (1, 0, value)

    def step(events: list[Event]) -> list[Event]:
        for sign, name in reversed(keys):
            events = sorted(events, key=lambda event: rank(event, name), reverse=sign == "-")
        return events

    return step


def _fields(arguments: str) -> Step:
    """`fields a b*` keeps fields, and inner ones too; `fields - a` takes them away."""
    remove = arguments.startswith("-")
    names = re.split(r"[\s,]+", arguments.lstrip("+- ").strip())
    pattern = re.compile("|".join(".*".join(re.escape(part) for part in name.split("*")) for name in names))

    def kept(name: str) -> bool:
        return bool(pattern.fullmatch(name)) != remove or (not remove and name.startswith("_"))

    return lambda events: [{k: v for k, v in event.items() if kept(k)} for event in events]


def _table(arguments: str) -> Step:
    """`table a b`: these fields and no others."""
    names = re.split(r"[\s,]+", arguments.strip())
    return lambda events: [{name: event[name] for name in names if name in event} for event in events]


def _head(arguments: str) -> Step:
    """`head 10`."""
    count = int(arguments or "10")
    return lambda events: events[:count]
