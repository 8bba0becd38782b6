"""Commands that make series and tables of two dimensions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from spl.errors import SearchError
from spl.language.clauses import Aggregations, aggregations, bare, is_true, moving_average, names_of, options_of
from spl.language.pipeline import Command, words
from spl.language.times import seconds
from spl.run.aggregate import aggregate, average
from spl.run.context import Context, Step
from spl.run.filters import rank
from spl.run.functions import Clock
from spl.run.values import NUMBER, number_text
from spl.splunkd.rows import Event

# The spans in seconds that Splunk chooses among if none is given.
SPANS = (1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 86_400, 7 * 86_400, 30 * 86_400)


def bins(context: Context, command: Command) -> Step:
    """`bin [span=5m|bins=N] field [AS name]`: times become the start of their span, other numbers a range."""
    options, rest = options_of(words(command.arguments), anywhere=True)
    name, target = bare(rest[0]), bare(rest[2]) if len(rest) == 3 else bare(rest[0])

    def step(events: list[Event]) -> list[Event]:
        numbers = [float(event[name][0]) for event in events if name in event and NUMBER.fullmatch(event[name][0])]
        if not numbers:
            return events
        span = _span(options, name == "_time", numbers)
        results = []
        for event in events:
            value = event.get(name, [""])[0]
            if NUMBER.fullmatch(value):
                low = math.floor(float(value) / span) * span
                text = number_text(low) if name == "_time" else f"{number_text(low)}-{number_text(low + span)}"
                event = event | {target: [text]}
            results.append(event)
        return results

    return step


def _span(options: dict[str, str], is_time: bool, numbers: Sequence[float]) -> float:
    if "span" in options:
        return seconds(options["span"]) if is_time else float(options["span"])
    most, width = int(options.get("bins", "100")), max(numbers) - min(numbers)
    if is_time:
        return next((span for span in SPANS if width / span <= most), SPANS[-1])
    exponent = math.ceil(math.log10(max(width / most, 1e-9)))
    return 10.0**exponent


def timechart(context: Context, command: Command) -> Step:
    """`timechart [span=1h] function ... [by field]`: a row for each span of the search's time."""
    wanted = aggregations(command.arguments)

    def step(events: list[Event]) -> list[Event]:
        times = [float(event["_time"][0]) for event in events]
        if not times:
            return []
        low, high = _extent(times, context.clock)
        span = seconds(wanted.options["span"]) if "span" in wanted.options else _span(wanted.options, True, (low, high))
        binned = [
            event | {"_time": [number_text(math.floor(time / span) * span)]} for event, time in zip(events, times)
        ]
        rows = _grid(binned, "_time", wanted, context.clock)
        first, count = math.floor(low / span), math.ceil(high / span) - math.floor(low / span)
        moments = [number_text((first + number) * span) for number in range(max(1, count))]
        columns = list(dict.fromkeys(name for row in rows.values() for name in row))
        zero = {name for name in columns if wanted.functions[0].function in ("count", "c", "dc", "distinct_count")}
        return [
            {"_time": [moment]} | {n: rows.get(moment, {}).get(n, ["0"] if n in zero else []) for n in columns}
            for moment in moments
        ]

    return step


def _extent(times: Sequence[float], clock: Clock) -> tuple[float, float]:
    bounded = clock.earliest > 0 and math.isfinite(clock.latest)
    return (clock.earliest, clock.latest) if bounded else (min(times), max(times) + 1e-3)


def chart(context: Context, command: Command) -> Step:
    """`chart function ... over a [by b]`, `chart function ... by a b`."""
    wanted = aggregations(command.arguments)
    row, *columns = ([wanted.over] if wanted.over else []) + list(wanted.by)
    if len(columns) > 1:
        raise SearchError(f"the arguments of chart are malformed: {command.arguments}")
    inner = Aggregations(wanted.functions, tuple(columns), wanted.options)
    span = wanted.options.get("span")

    def step(events: list[Event]) -> list[Event]:
        if span:
            events = bins(context, Command("bin", f"span={span} {row}"))(events)
        rows = _grid(events, row, inner, context.clock)
        order = sorted(rows, key=rank)
        names = list(dict.fromkeys(name for value in order for name in rows[value]))
        fill = ["0"] if wanted.functions[0].function in ("count", "c") else []
        return [{row: [value]} | {n: v for n in names if (v := rows[value].get(n, fill))} for value in order]

    return step


def _grid(events: list[Event], row: str, wanted: Aggregations, clock: Clock) -> dict[str, Event]:
    """The figures of each value of `row`, in columns by the by-field's values; those beyond the limit become OTHER."""
    plain = Aggregations(wanted.functions, (), {})
    cells: dict[str, dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    by = wanted.by[0] if wanted.by else ""
    leading = _leading(events, by, wanted, clock) if by else set()
    for event in events:
        values = (event.get(by) or ["NULL"]) if by else [""]
        if by and by not in event and not is_true(wanted.options.get("usenull", "t")):
            continue
        for value in values:
            if by and value not in leading and value != "NULL":
                if not is_true(wanted.options.get("useother", "t")):
                    continue
                value = "OTHER"
            for place in event.get(row, []):
                cells[place][value].append(event)
    rows: dict[str, Event] = {}
    for place, by_value in cells.items():
        rows[place] = {}
        for value in sorted(by_value, key=lambda v: (v in ("OTHER", "NULL"), rank(v))):
            found = aggregate(by_value[value], plain, clock)
            for name, figures in found.items():
                column = name if not by else value if len(wanted.functions) == 1 else f"{name}: {value}"
                rows[place][column] = figures
    return rows


def _leading(events: list[Event], by: str, wanted: Aggregations, clock: Clock) -> set[str]:
    """The by-values with the greatest first figures; `limit=0` keeps all of them."""
    limit = int(wanted.options.get("limit", "10"))
    members: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        for value in event.get(by, []):
            members[value].append(event)
    first = Aggregations(wanted.functions[:1], (), {})

    def score(value: str) -> float:
        figures = next(iter(aggregate(members[value], first, clock).values()), ["0"])
        return float(figures[0]) if NUMBER.fullmatch(figures[0]) else 0

    order = sorted(members, key=lambda value: (-score(value), value))
    return set(order[:limit] if limit else order)


def xyseries(_: Context, command: Command) -> Step:
    """`xyseries x name value`: a column for each name."""
    x, name, value = names_of(command.arguments)

    def step(events: list[Event]) -> list[Event]:
        rows: dict[str, Event] = {}
        for event in events:
            if x in event and name in event and value in event:
                rows.setdefault(event[x][0], {x: event[x]})[event[name][0]] = event[value]
        return [rows[key] for key in sorted(rows, key=rank)]

    return step


def untable(_: Context, command: Command) -> Step:
    """`untable x name value`: the reverse of xyseries."""
    x, name, value = names_of(command.arguments)
    return lambda events: [
        {x: event[x], name: [column], value: values}
        for event in events for column, values in event.items() if x in event and column != x
    ]  # fmt: skip


def transpose(_: Context, command: Command) -> Step:
    """`transpose [N] [header_field=f] [column_name=c]`: rows as columns."""
    options, rest = options_of(words(command.arguments), anywhere=True)
    most, header = int((rest or ["5"])[0]) or None, options.get("header_field")
    first = options.get("column_name", "column")

    def step(events: list[Event]) -> list[Event]:
        names = [n for n in dict.fromkeys(n for event in events for n in event) if n != header and n[:1] != "_"]
        rows: list[Event] = []
        for name in names:
            row: Event = {first: [name]}
            for at, event in enumerate(events[:most], 1):
                title = "\n".join(event.get(header, [])) if header else f"row {at}"
                if name in event and title:
                    row[title] = event[name]
            rows.append(row)
        return rows

    return step


def addtotals(_: Context, command: Command) -> Step:
    """`addtotals [fieldname=Total] [field ...]`: the sum of each row."""
    options, names = options_of(words(command.arguments))
    target = options.get("fieldname", "Total")

    def total(event: Event) -> Event:
        values = [event[n][0] for n in (names or event) if n in event and n[:1] != "_"]
        numbers = [float(v) for v in values if NUMBER.fullmatch(v)]
        return event | {target: [number_text(math.fsum(numbers))]}

    return lambda events: [total(event) for event in events]


def trendline(_: Context, command: Command) -> Step:
    """`trendline sma5(x) [AS y]`: the moving average."""
    period, name, target = moving_average(command.arguments)

    def step(events: list[Event]) -> list[Event]:
        results = []
        for at, event in enumerate(events):
            window = [float(e[name][0]) for e in events[max(0, at - period + 1) : at + 1] if name in e]
            results.append(event | {target: [number_text(average(window))]} if len(window) == period else event)
        return results

    return step
