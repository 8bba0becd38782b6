"""Commands that bring rows from elsewhere: generated rows, subsearches, data models, REST endpoints."""

from __future__ import annotations

import re
from itertools import zip_longest

from spl.errors import SearchError
from spl.language.clauses import bare, options_of
from spl.language.pipeline import Command, brackets, parse, without_brackets, words
from spl.language.terms import parse_terms
from spl.run.aggregate import stats
from spl.run.charts import bins
from spl.run.context import Context, Step
from spl.run.filters import matches
from spl.run.values import number_text
from spl.splunkd.app import App
from spl.splunkd.rows import Event

JOBS = "/services/search/jobs"
PEERS = "/services/search/distributed/peers"
# The rounded times of tstats.
SPAN = "_span"


def makeresults(context: Context, command: Command) -> Step:
    """`makeresults [count=N] [format=csv data="…"]`."""
    options, rest = options_of(words(command.arguments))
    if rest:
        raise SearchError(f"the arguments of makeresults are malformed: {command.arguments}")
    now = {"_time": [str(int(context.clock.now))]}
    if "data" in options:
        columns, *lines = (line.split(",") for line in options["data"].strip().splitlines())
        rows = [{n.strip(): [v.strip()] for n, v in zip(columns, line) if v.strip()} for line in lines]
        return lambda _: rows
    return lambda _: [dict(now) for _ in range(int(options.get("count", "1")))]


def append(context: Context, command: Command) -> Step:
    """`append [search]`: its rows after these."""
    (inner,) = command.subsearches
    return lambda events: events + context.subsearch(inner, None)


def appendpipe(context: Context, command: Command) -> Step:
    """`appendpipe [commands]`: the results of these commands on the rows, after the rows."""
    (inner,) = command.subsearches
    return lambda events: events + context.subsearch(inner, events)


def appendcols(context: Context, command: Command) -> Step:
    """`appendcols [search]`: adds its first row to the first row, and so on."""
    (inner,) = command.subsearches

    def step(events: list[Event]) -> list[Event]:
        nothing: Event = {}
        return [new | old for old, new in zip_longest(events, context.subsearch(inner, None), fillvalue=nothing)]

    return step


def join(context: Context, command: Command) -> Step:
    """`join [type=left|inner] field ... [search]`: the fields of the first row that has the same values."""
    options, names = options_of(words(without_brackets(command.arguments)))
    (inner,) = command.subsearches
    keep = options.get("type", "inner") in ("left", "outer")

    def step(events: list[Event]) -> list[Event]:
        found: dict[tuple[str, ...], Event] = {}
        for row in context.subsearch(inner, None):
            found.setdefault(_key(row, names), row)
        return [event | found.get(_key(event, names), {}) for event in events if keep or _key(event, names) in found]

    return step


def _key(event: Event, names: list[str]) -> tuple[str, ...]:
    return tuple("\n".join(event.get(bare(name), [])) for name in names)


def tstats(context: Context, command: Command) -> Step:
    """`tstats function ... [from datamodel=M[.D]] [where terms] [by _time span=1s, D.field ...]` over all events.

    Functions of `_time` see the times of the events, although `span` rounds those that they are grouped by.
    """
    keywords = re.split(r"\s(from|where|by)\s", " " + command.arguments, flags=re.IGNORECASE)
    parts = {keyword.lower(): text for keyword, text in zip(keywords[1::2], keywords[2::2])}
    options, functions = options_of(words(keywords[0]))
    more, names = options_of(words(parts.get("by", "")), anywhere=True)
    terms = parse_terms(parts.get("where", ""))
    prefix = _dataset(parts)
    filled = options.get("fillnull_value")
    # The names to group by: the rounded times are a field of their own.
    keys = [SPAN if name == "_time" and "span" in more else name for name in names]

    def step(events: list[Event]) -> list[Event]:
        # A data model's fields have names such as DNS.query: the dataset's name, a dot, and the field's.
        rows = [
            event | {prefix + name: values for name, values in event.items()} for event in events if prefix
        ] or events
        rows = [event | {"nodename": [prefix.rstrip(".")]} for event in rows] if prefix else rows
        rows = [event for event in rows if matches(terms, event, context)]
        if span := more.get("span"):
            rows = bins(context, Command("bin", f"span={span} _time AS {SPAN}"))(rows)
        if filled:
            rows = [{name: [filled] for name in keys} | event for event in rows]
        by = f" by {' '.join(keys)}" if keys else ""
        found = stats(context, Command("stats", " ".join(functions) + by))(rows)
        return [{"_time" if name == SPAN else name: values for name, values in row.items()} for row in found]

    return step


def _dataset(parts: dict[str, str]) -> str:
    """The prefix of the fields of the data model's dataset, such as `DNS.`; empty without a data model."""
    if "from" not in parts:
        return ""
    found = re.search(r"nodename\s*=\s*\"?([\w.]+)", parts.get("where", "")) or re.search(r"\.(\w+)", parts["from"])
    return found[1] + "." if found else ""


def rest(context: Context, command: Command) -> Step:
    """`rest path`: the searches that this server ran, its saved searches, or what a test set for another path."""
    _options, (path, *others) = options_of(words(command.arguments))
    if path == JOBS:
        rows = context.jobs
    elif re.fullmatch(r"/servicesNS/-/[\w-]+/saved/searches", path):
        rows = _saved(context.app)
    elif path in context.endpoints:
        rows = context.endpoints[path]
    else:
        raise SearchError(f"rest {path}: the stand-in does not have this path")
    if any("=" not in other for other in others):
        raise SearchError(f"rest {command.arguments}: its arguments are malformed")
    return lambda _: [dict(row) for row in rows]


def peers(count: int) -> list[Event]:
    """The search peers, as their REST endpoint lists them."""
    return [
        {"title": [f"peer{number}:8089"], "peerName": [f"peer{number}"], "status": ["Up"], "version": ["9.4.0"]}
        for number in range(count)
    ]


def _saved(app: App) -> list[Event]:
    """The saved searches of the app, as their REST endpoint lists them."""
    return [
        {
            "title": [name], "eai:acl.app": [app.name], "disabled": [stanza.get("disabled", "0")],
            "is_scheduled": [stanza.get("enableSched", "0")], "cron_schedule": [stanza.get("cron_schedule", "")],
        }
        for name, stanza in app.settings("savedsearches.conf").items()
    ]  # fmt: skip


def job(number: int, text: str, clock: float, seconds: dict[str, tuple[float, int, int]]) -> Event:
    """A search that ran, as the REST endpoint lists it: the seconds of each command, its input and output rows."""
    row: Event = {
        "sid": [f"1503612000.{number}"], "title": [text], "author": ["admin"], "published": [number_text(clock)],
        "runDuration": [number_text(sum(s for s, _, _ in seconds.values()))], "isDone": ["1"],
    }  # fmt: skip
    for name, (spent, into, out) in seconds.items():
        figures = {"duration_secs": number_text(round(spent, 3)), "invocations": "1", "input_count": str(into)}
        for figure, value in (figures | {"output_count": str(out)}).items():
            row[f"performance.command.{name}.{figure}"] = [value]
    return row


def multisearch(context: Context, command: Command) -> Step:
    """`union [search] [search]`: the rows of all searches."""
    return lambda events: events + [row for inner in command.subsearches for row in context.subsearch(inner, None)]


def foreach(context: Context, command: Command) -> Step:
    """`foreach a b [eval …<<FIELD>>…]`: the commands in brackets for each field."""
    (template,) = brackets(command.arguments)
    names = words(without_brackets(command.arguments))

    def step(events: list[Event]) -> list[Event]:
        for name in names:
            events = context.subsearch(parse("| " + template.replace("<<FIELD>>", name)), events)
        return events

    return step
