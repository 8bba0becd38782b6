"""Commands that change events one by one, or their fields."""

from __future__ import annotations

import json
import re

from spl.errors import SearchError
from spl.language.clauses import bare, field_wildcard, names_of, options_of, regular_expression, renamings
from spl.language.expression import parse_assignments
from spl.language.pipeline import Command, words
from spl.run.context import Context, Step
from spl.run.evaluate import evaluate
from spl.run.values import NUMBER, number_text, to_field
from spl.splunkd.rows import Event

SED = re.compile(r"s/((?:\\.|[^/])*)/((?:\\.|[^/])*)/(g?)")


def evaluation(context: Context, command: Command) -> Step:
    """`eval a=expression, b=expression`."""
    assignments = parse_assignments(command.arguments)

    def change(event: Event) -> Event:
        for target, tree in assignments:
            values = to_field(evaluate(tree, event, context.clock))
            rest = {name: old for name, old in event.items() if name != target}
            event = rest | {target: values} if values else rest
        return event

    return lambda events: [change(event) for event in events]


def fields(_: Context, command: Command) -> Step:
    """`fields a b*` keeps fields, and those that begin with an underscore; `fields - a` removes fields."""
    remove = command.arguments.startswith("-")
    patterns = [field_wildcard(name) for name in names_of(command.arguments.lstrip("+- "))]

    def kept(name: str) -> bool:
        named = any(pattern.fullmatch(name) for pattern in patterns)
        return named != remove or (not remove and name.startswith("_"))

    def step(events: list[Event]) -> list[Event]:
        names = {name for event in events for name in event}
        wanted = {name for name in names if kept(name)}
        return [{name: values for name, values in event.items() if name in wanted} for event in events]

    return step


def table(_: Context, command: Command) -> Step:
    """`table a b*`: these fields in this order and no others."""
    patterns = [field_wildcard(name) for name in names_of(command.arguments)]

    def step(events: list[Event]) -> list[Event]:
        names = list(dict.fromkeys(name for event in events for name in event))
        order = [name for pattern in patterns for name in names if pattern.fullmatch(name)]
        return [{name: event[name] for name in order if name in event} for event in events]

    return step


def rename(_: Context, command: Command) -> Step:
    """`rename a AS b, c.* AS *`."""
    pairs = []
    for old, new in renamings(command.arguments):
        if old.count("*") != new.count("*"):
            raise SearchError(f"rename {old} AS {new} is malformed: both names need the same number of wildcards")
        pairs.append((re.compile("(.*)".join(map(re.escape, old.split("*"))), re.DOTALL), new))

    def change(event: Event) -> Event:
        for pattern, new in pairs:
            renamed = {}
            for name in event:
                if found := pattern.fullmatch(name):
                    parts = iter(found.groups())
                    renamed[name] = re.sub(r"\*", lambda _: next(parts), new)
            rest = {name: values for name, values in event.items() if name in renamed or name not in renamed.values()}
            event = {renamed.get(name, name): values for name, values in rest.items()}
        return event

    return lambda events: [change(event) for event in events]


def fillnull(_: Context, command: Command) -> Step:
    """`fillnull [value=x] [field ...]`."""
    options, names = options_of(words(command.arguments))
    value = options.get("value", "0")

    def step(events: list[Event]) -> list[Event]:
        wanted = [bare(name) for name in names] or list(dict.fromkeys(name for event in events for name in event))
        return [event | {name: [value] for name in wanted if name not in event} for event in events]

    return step


def rex(_: Context, command: Command) -> Step:
    """`rex field=f "(?<name>…)" [max_match=N]`, `rex field=f mode=sed "s/a/b/g"`."""
    options, rest = options_of(words(command.arguments), anywhere=True)
    source, (pattern, *more) = options.get("field", "_raw"), rest
    if more:
        raise SearchError(f"the arguments of rex are malformed: {command.arguments}")
    if options.get("mode") == "sed":
        found = SED.fullmatch(bare(pattern))
        if found is None:
            raise SearchError(f"the arguments of rex are malformed: {command.arguments}")
        old, new, count = re.compile(found[1]), re.sub(r"\\(\d)", r"\\g<\1>", found[2]), 0 if found[3] else 1
        return lambda events: [
            event | {source: [old.sub(new, v, count=count) for v in event[source]]} if source in event else event
            for event in events
        ]
    expression = regular_expression(bare(pattern))
    most = int(options.get("max_match", "1"))

    def extract(event: Event) -> Event:
        hits = [hit for value in event.get(source, []) for hit in expression.finditer(value)]
        hits = hits[:most] if most else hits
        added = {name: [hit[name] for hit in hits if hit[name]] for name in expression.groupindex}
        return event | {name: values for name, values in added.items() if values}

    return lambda events: [extract(event) for event in events]


def spath(_: Context, command: Command) -> Step:
    """`spath input=field`: adds the members of a JSON object as fields, and nothing for other texts."""
    found = re.fullmatch(r"input=(\w+)", command.arguments)
    if found is None:
        raise SearchError(f"the arguments of spath are malformed: {command.arguments}")

    def members(event: Event) -> Event:
        values = event.get(found[1], [])
        if len(values) > 1:
            raise SearchError(f"spath reads one value, not {values}")
        try:
            tree = json.loads("".join(values), parse_int=str, parse_float=str)
        except ValueError:
            return {}
        if isinstance(tree, dict) and not all(isinstance(member, str) for member in tree.values()):
            raise SearchError(f"spath of nested JSON is not supported: {tree}")
        return {name: [member] for name, member in tree.items()} if isinstance(tree, dict) else {}

    return lambda events: [event | members(event) for event in events]


def mvexpand(_: Context, command: Command) -> Step:
    """`mvexpand field [limit=N]`: an event for each value."""
    options, rest = options_of(words(command.arguments), anywhere=True)
    (name,) = rest
    most = int(options.get("limit", "0")) or None
    return lambda events: [
        event | {name: [value]} if name in event else event
        for event in events for value in (event.get(name, [""])[:most])
    ]  # fmt: skip


def makemv(_: Context, command: Command) -> Step:
    """`makemv delim="," field`."""
    options, (name,) = options_of(words(command.arguments))
    delimiter = options.get("delim", " ")
    return lambda events: [
        event | {name: [part for value in event[name] for part in value.split(delimiter)]} if name in event else event
        for event in events
    ]


def nomv(_: Context, command: Command) -> Step:
    """`nomv field`: joins several values into one text."""
    name = bare(command.arguments)
    return lambda events: [e | {name: ["\n".join(e[name])]} if name in e else e for e in events]


def addinfo(context: Context, _: Command) -> Step:
    """`addinfo`: adds when the search runs, and its time range."""
    clock = context.clock
    latest = "+Infinity" if clock.latest == float("inf") else f"{clock.latest:.3f}"
    info = {
        "info_min_time": [f"{clock.earliest:.3f}"], "info_max_time": [latest],
        "info_search_time": [f"{clock.now:.3f}"], "info_sid": ["1503612000.7"],
    }  # fmt: skip
    return lambda events: [event | info for event in events]


def accum(_: Context, command: Command) -> Step:
    """`accum a [AS b]`: the sum so far."""
    source, *rest = names_of(command.arguments)
    target = rest[1] if rest else source

    def step(events: list[Event]) -> list[Event]:
        total, results = 0.0, []
        for event in events:
            value = event.get(source, [""])[0]
            if NUMBER.fullmatch(value):
                total += float(value)
                event = event | {target: [number_text(total)]}
            results.append(event)
        return results

    return step
