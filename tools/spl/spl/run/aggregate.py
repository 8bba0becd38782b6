"""Commands that count and calculate over groups of events: stats, eventstats, streamstats, top."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import product

from spl.errors import SearchError
from spl.language.clauses import Aggregation, Aggregations, aggregations, is_true, options_of
from spl.language.expression import Field
from spl.language.pipeline import Command, words
from spl.run.context import Context, Step
from spl.run.evaluate import evaluate
from spl.run.filters import rank
from spl.run.functions import Clock
from spl.run.values import NUMBER, number_text, to_field
from spl.splunkd.rows import Event

Key = tuple[str, ...]
# eventstats adds no fields after this number of rows (limits.conf, [stats] maxresultrows).
MOST_ROWS = 50_000


def stats(context: Context, command: Command) -> Step:
    """`stats count avg(x) as y stdev(x) by a b`."""
    wanted = aggregations(command.arguments)

    def step(events: list[Event]) -> list[Event]:
        members = groups_of(events, wanted.by)
        if not wanted.by and not members:
            members[()] = []
        keys = sorted(members, key=lambda key: tuple(rank(value) for value in key))
        return [
            {name: [value] for name, value in zip(wanted.by, key)} | aggregate(members[key], wanted, context.clock)
            for key in keys
        ]

    return step


def eventstats(context: Context, command: Command) -> Step:
    """Adds to each event the figures of its group; events after the first 50,000 get none."""
    wanted = aggregations(command.arguments)

    def step(events: list[Event]) -> list[Event]:
        found = {key: aggregate(group, wanted, context.clock) for key, group in groups_of(events, wanted.by).items()}
        results = []
        for event in events[:MOST_ROWS]:
            key = next(keys_of(event, wanted.by), None)
            results.append(event | found[key] if key is not None else event)
        return results + events[MOST_ROWS:]

    return step


def streamstats(context: Context, command: Command) -> Step:
    """Adds to each event the figures of the events so far, or of the last `window`; current=f leaves out the event."""
    wanted = aggregations(command.arguments)
    window = int(wanted.options.get("window", "0")) or None
    current = is_true(wanted.options.get("current", "t"))

    def step(events: list[Event]) -> list[Event]:
        seen: dict[Key, deque[Event]] = defaultdict(lambda: deque(maxlen=window))
        results = []
        for event in events:
            key = next(keys_of(event, wanted.by), None)
            if key is None:
                results.append(event)
                continue
            if current:
                seen[key].append(event)
            results.append(event | aggregate(list(seen[key]), wanted, context.clock))
            if not current:
                seen[key].append(event)
        return results

    return step


def top(_: Context, command: Command) -> Step:
    """`top [limit=N] field [by field]`: the most frequent values with count and percent."""
    options, rest = options_of(words(command.arguments))
    if rest and rest[0].isdecimal():
        options["limit"], rest = rest[0], rest[1:]
    at = next((at for at, word in enumerate(rest) if word.lower() == "by"), len(rest))
    names, by = tuple(rest[:at]), tuple(rest[at + 1 :])
    most = int(options.get("limit", "10")) or None

    def step(events: list[Event]) -> list[Event]:
        results: list[Event] = []
        for group, members in groups_of(events, by).items():
            counts = Counter(key for event in members for key in keys_of(event, names))
            for key, count in sorted(counts.items(), key=lambda item: -item[1])[:most]:
                row = {name: [value] for name, value in zip(by + names, group + key)}
                percent = number_text(100 * count / sum(counts.values()))
                results.append(row | {"count": [str(count)], "percent": [percent]})
        return results

    return step


def keys_of(event: Event, names: Sequence[str]) -> Iterator[Key]:
    """The groups of an event: none if it lacks a field, several if one has several values."""
    return product(*(event.get(name, []) for name in names))


def groups_of(events: list[Event], names: Sequence[str]) -> dict[Key, list[Event]]:
    """The events of each group."""
    members: dict[Key, list[Event]] = defaultdict(list)
    for event in events:
        for key in keys_of(event, names):
            members[key].append(event)
    return members


def aggregate(events: list[Event], wanted: Aggregations, clock: Clock) -> Event:
    """The figures of a group; a figure that cannot be computed is absent."""
    found: Event = {}
    for one in wanted.functions:
        if values := figure(one, events, clock):
            found[one.output] = values
    return found


def figure(wanted: Aggregation, events: list[Event], clock: Clock) -> list[str]:
    """One figure of a group."""
    if wanted.argument is None:
        if wanted.function not in ("count", "c"):
            raise SearchError(f"{wanted.function}() needs an argument")
        return [str(len(events))]
    if isinstance(wanted.argument, Field):
        values = [value for event in events for value in event.get(wanted.argument.name, [])]
    else:
        results = [evaluate(wanted.argument, event, clock) for event in events]
        # An event counts if the condition is true.
        values = [value for result in results if result is not False for value in to_field(result)]
    if wanted.function in TIMED:
        return TIMED[wanted.function](events, wanted.argument)
    if wanted.function in OF_VALUES:
        return OF_VALUES[wanted.function](values)
    numbers = [float(value) for value in values if NUMBER.fullmatch(value)]
    percentile = re.fullmatch(r"(?:p|perc|exactperc|upperperc)(\d+(?:\.\d+)?)", wanted.function)
    if percentile:
        return [number_text(nth(numbers, float(percentile[1])))] if numbers else []
    if wanted.function not in OF_NUMBERS:
        raise SearchError(f"the aggregation {wanted.function}() is unknown")
    return [number_text(OF_NUMBERS[wanted.function](numbers))] if numbers else []


def average(numbers: Sequence[float]) -> float:
    """The mean."""
    return math.fsum(numbers) / len(numbers)


def deviation(numbers: Sequence[float]) -> float:
    """The standard deviation of a sample; 0 for one number."""
    mean = average(numbers)
    return math.sqrt(math.fsum((n - mean) ** 2 for n in numbers) / max(1, len(numbers) - 1))


def nth(numbers: Sequence[float], percent: float) -> float:
    """The percentile `percent`; the higher one of two middle numbers."""
    return sorted(numbers)[min(len(numbers) - 1, int(len(numbers) * percent / 100))]


def _timed(latest: bool, what: str) -> Callable[[list[Event], object], list[str]]:
    def pick(events: list[Event], argument: object) -> list[str]:
        name = argument.name if isinstance(argument, Field) else ""
        have = [event for event in events if name in event and "_time" in event]
        if not have:
            return []
        event = (max if latest else min)(have, key=lambda event: float(event["_time"][0]))
        return event["_time"] if what == "time" else event[name][:1]

    return pick


TIMED = {
    "earliest": _timed(False, "value"), "latest": _timed(True, "value"),
    "earliest_time": _timed(False, "time"), "latest_time": _timed(True, "time"),
}  # fmt: skip
OF_VALUES: dict[str, Callable[[list[str]], list[str]]] = {
    "count": lambda values: [str(len(values))],
    "c": lambda values: [str(len(values))],
    **dict.fromkeys(("dc", "distinct_count", "estdc"), lambda values: [str(len(set(values)))]),
    "values": lambda values: sorted(set(values)),
    "list": lambda values: values[:100],
    "first": lambda values: values[:1],
    "last": lambda values: values[-1:],
    "mode": lambda values: [Counter(values).most_common(1)[0][0]] if values else [],
    "min": lambda values: [min(values, key=rank)] if values else [],
    "max": lambda values: [max(values, key=lambda v: (NUMBER.fullmatch(v) is None, rank(v)))] if values else [],
}
OF_NUMBERS: dict[str, Callable[[Sequence[float]], float]] = {
    "avg": average, "mean": average, "sum": math.fsum, "stdev": deviation, "range": lambda n: max(n) - min(n),
    "stdevp": lambda n: math.sqrt(average([(x - average(n)) ** 2 for x in n])), "var": lambda n: deviation(n) ** 2,
    "varp": lambda n: average([(x - average(n)) ** 2 for x in n]),
    "median": lambda n: nth(n, 50), "sumsq": lambda n: math.fsum(x * x for x in n),
}  # fmt: skip
