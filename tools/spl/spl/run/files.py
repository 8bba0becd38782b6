"""Lookups that are CSV files: inputlookup, outputlookup, lookup."""

from __future__ import annotations

import csv
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

from spl.errors import SearchError
from spl.language.clauses import bare, is_true, options_of, wildcard
from spl.language.expression import parse_expression
from spl.language.pipeline import Command, words
from spl.run.context import Context, Step
from spl.run.evaluate import evaluate
from spl.run.values import truth
from spl.splunkd.app import App
from spl.splunkd.lookups import Pairs, look_up, pairs
from spl.splunkd.program import split_arguments
from spl.splunkd.rows import Event, columns_of, join_values, split_values

MULTIVALUE = "__mv_"


def inputlookup(context: Context, command: Command) -> Step:
    """`inputlookup [append=t] [start=N] [max=N] name [where expression]`."""
    given, _where, condition = re.sub(r"\swhere\s", "\0", command.arguments, flags=re.IGNORECASE).partition("\0")
    options, (name,) = options_of(words(given), anywhere=True)
    tree = parse_expression(condition) if condition else None

    def step(events: list[Event]) -> list[Event]:
        rows = read(_file(context.app, name))
        rows = [row for row in rows if tree is None or truth(evaluate(tree, row, context.clock))]
        start, most = int(options.get("start", "0")), int(options.get("max", "0"))
        rows = rows[start : start + most if most else None]
        return events + rows if is_true(options.get("append", "f")) else rows

    return step


def outputlookup(context: Context, command: Command) -> Step:
    """`outputlookup [append=t] [override_if_empty=t] [key_field=f] name`: returns the events unchanged."""
    options, (name,) = options_of(words(command.arguments), anywhere=True)
    path = _file(context.app, name, is_output=True)
    key = options.get("key_field")

    def step(events: list[Event]) -> list[Event]:
        if not path.is_file():
            write(path, [], columns_of(events))
        if not events and not is_true(options.get("override_if_empty", "t")):
            return events
        rows = [{n: v for n, v in event.items() if n == "_time" or not n.startswith("_")} for event in events]
        if is_true(options.get("append", "f")):
            # A file keeps its columns; other fields are dropped.
            columns = header(path)
            old = read(path)
            if key:
                new = {row[key][0] for row in rows if key in row}
                old = [row for row in old if row.get(key, [""])[0] not in new]
            write(path, old + rows, columns)
        else:
            collection = path.parent.name.endswith(".kvstore")
            names = [] if collection else list(dict.fromkeys(n for row in rows for n in row))
            write(path, rows, names or header(path))
        return events

    return step


def lookup(context: Context, command: Command) -> Step:
    """`lookup name field [AS field] ... [OUTPUT|OUTPUTNEW field [AS field] ...]`, from a file or a program."""
    given, _ = split_arguments(command.arguments.replace(",", " "))
    _options, (name, *rest) = options_of(given)
    if context.app.settings("transforms.conf").get(name, {}).get("external_type") == "executable":
        return lambda events: look_up(context.app, command.arguments, events, context.options)
    at = next((at for at, word in enumerate(rest) if word.upper() in ("OUTPUT", "OUTPUTNEW")), len(rest))
    inputs, outputs, new = pairs(rest[:at]), pairs(rest[at + 1 :]), rest[at : at + 1] == ["OUTPUTNEW"]
    table = _Table(context.app, name, inputs)
    if not outputs:
        outputs = [(column, column) for column in table.columns if column not in dict(inputs)]
    if unknown := {column for column, _ in inputs + outputs} - set(table.columns):
        raise SearchError(f"the lookup {name} has no fields {sorted(unknown)}")

    def add(event: Event) -> Event:
        found = table.find(event)
        added = {}
        for column, field in outputs:
            values = [value for row in found for value in row.get(column, [])]
            if found and values and not (new and field in event):
                added[field] = values
        return event | added

    return lambda events: [add(event) for event in events]


class _Table:
    """The rows of a lookup's file, matched as its definition says."""

    def __init__(self, app: App, name: str, inputs: Pairs) -> None:
        stanza = app.settings("transforms.conf")[name]
        path = _file(app, name)
        self.columns = header(path)
        self._rows = read(path)
        self._inputs = inputs
        self._most = int(stanza.get("max_matches", "1000"))
        self._case = stanza.get("case_sensitive_match", "true") not in ("false", "0")
        self._default = stanza.get("default_match") if int(stanza.get("min_matches", "0")) else None
        kinds = re.findall(r"(WILDCARD|CIDR)\(([^)]*)\)", stanza.get("match_type", ""))
        self._kinds = {field.strip(): kind for kind, fields in kinds for field in fields.split(",")}
        self._cache: dict[tuple[str, ...], list[Event]] = {}

    def find(self, event: Event) -> list[Event]:
        """The first rows that match the event."""
        if not all(field in event for _, field in self._inputs):
            return []
        key = tuple(event[field][0] for _, field in self._inputs)
        if key not in self._cache:
            self._cache[key] = [row for row in self._rows if self._fits(row, key)][: self._most]
            if not self._cache[key] and self._default is not None:
                self._cache[key] = [{column: [self._default] for column in self.columns}]
        return self._cache[key]

    def _fits(self, row: Event, key: tuple[str, ...]) -> bool:
        return all(
            any(self._equal(self._kinds.get(column, ""), wanted, value) for wanted in row.get(column, []))
            for (column, _), value in zip(self._inputs, key)
        )

    def _equal(self, kind: str, wanted: str, value: str) -> bool:
        if kind == "CIDR":
            try:
                return ip_address(value) in ip_network(wanted, strict=False)
            except ValueError:
                return False
        if kind == "WILDCARD":
            pattern = wildcard(wanted)
            return re.fullmatch(pattern.pattern, value, re.DOTALL | (0 if self._case else re.IGNORECASE)) is not None
        return wanted == value if self._case else wanted.lower() == value.lower()


def _file(app: App, name: str, is_output: bool = False) -> Path:
    """The file of a lookup, by its definition or its own name; a KV store collection is a file beside the app."""
    stanza = app.settings("transforms.conf").get(name)
    if stanza and stanza.get("external_type") == "kvstore":
        path = app.root.parent / f"{app.name}.kvstore" / f"{stanza['collection']}.csv"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            write(path, [], [field.strip() for field in stanza["fields_list"].split(",")])
        return path
    if stanza:
        return app.lookup(name)
    path = app.root / "lookups" / bare(name)
    if not name.endswith(".csv") or not (is_output or path.is_file()):
        raise SearchError(f"the lookup {name} does not exist")
    return path


def header(path: Path) -> list[str]:
    """The columns of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [name for name in next(csv.reader(file), []) if not name.startswith(MULTIVALUE)]


def read(path: Path) -> list[Event]:
    """The rows of a file; the field of an empty cell is absent."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_row(line) for line in csv.DictReader(file)]


def _row(line: dict[str, str]) -> Event:
    row: Event = {}
    for name, cell in line.items():
        if not name.startswith(MULTIVALUE) and cell:
            several = line.get(MULTIVALUE + name)
            row[name] = split_values(several) if several else [cell]
    return row


def write(path: Path, rows: list[Event], columns: list[str]) -> None:
    """Write a file with these columns, and a column `__mv_<name>` for each one with several values."""
    several = [name for name in columns if any(len(row.get(name, [])) > 1 for row in rows)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns + [MULTIVALUE + name for name in several])
        for row in rows:
            cells = ["\n".join(row.get(name, [])) for name in columns]
            writer.writerow(cells + [join_values(row[n]) if len(row.get(n, [])) > 1 else "" for n in several])
