"""Lookups, in files and in the KV store: inputlookup, outputlookup, lookup."""

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
from spl.splunkd.rows import Event, join_values, split_values
from spl.splunkd.words import split_arguments

MULTIVALUE = "__mv_"


def inputlookup(context: Context, command: Command) -> Step:
    """`inputlookup [append=t] [strict=t] [start=N] [max=N] name [where expression]`."""
    given, _where, condition = re.sub(r"\swhere\s", "\0", command.arguments, flags=re.IGNORECASE).partition("\0")
    options, (name,) = options_of(words(given), anywhere=True)
    tree = parse_expression(condition) if condition else None
    check_known(context.app, name)

    def step(events: list[Event]) -> list[Event]:
        try:
            rows = _rows(context, name)
        except SearchError as error:
            # A lookup that cannot be read stops the search only if it says so.
            if is_true(options.get("strict", "f")):
                raise
            context.warn(str(error))
            rows = []
        rows = [row for row in rows if tree is None or truth(evaluate(tree, row, context.clock))]
        start, most = int(options.get("start", "0")), int(options.get("max", "0"))
        rows = rows[start : start + most if most else None]
        return events + rows if is_true(options.get("append", "f")) else rows

    return step


def outputlookup(context: Context, command: Command) -> Step:
    """`outputlookup [append=t] [override_if_empty=t] [key_field=f] name`: returns the events unchanged."""
    options, (name,) = options_of(words(command.arguments), anywhere=True)
    check_known(context.app, name)
    appends, key = is_true(options.get("append", "f")), options.get("key_field", "")
    collection, columns = collection_of(context.app, name)
    if key and not collection:
        raise SearchError(f"outputlookup {name}: key_field needs a collection")

    def step(events: list[Event]) -> list[Event]:
        if not events and not (not appends and is_true(options.get("override_if_empty", "t"))):
            return events
        if collection:
            write_records = context.store.add if appends else context.store.replace
            write_records(collection, events, columns, key)
        else:
            _write_file(file_of(context.app, name), events, appends)
        return events

    return step


def _write_file(path: Path, events: list[Event], appends: bool) -> None:
    """Write a file of lookups; one that exists keeps its columns when rows are appended, and drops other fields."""
    rows = [{n: v for n, v in event.items() if n == "_time" or not n.startswith("_")} for event in events]
    names = list(dict.fromkeys(n for row in rows for n in row))
    kept = header(path) if path.is_file() else []
    path.parent.mkdir(exist_ok=True)
    if appends and kept:
        write(path, read(path) + rows, kept)
    else:
        write(path, rows, names or kept)


def lookup(context: Context, command: Command) -> Step:
    """`lookup name field [AS field] ... [OUTPUT|OUTPUTNEW field [AS field] ...]`, from a file or a program."""
    given, _ = split_arguments(command.arguments.replace(",", " "))
    _options, (name, *rest) = options_of(given)
    if context.app.settings("transforms.conf").get(name, {}).get("external_type") == "executable":
        return lambda events: look_up(context.app, command.arguments, events, context.options)
    at = next((at for at, word in enumerate(rest) if word.upper() in ("OUTPUT", "OUTPUTNEW")), len(rest))
    inputs, outputs, new = pairs(rest[:at]), pairs(rest[at + 1 :]), rest[at : at + 1] == ["OUTPUTNEW"]
    table = _Table(context, name, inputs)
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
    """The rows of a lookup, matched as its definition says."""

    def __init__(self, context: Context, name: str, inputs: Pairs) -> None:
        stanza = context.app.settings("transforms.conf").get(name)
        if stanza is None:
            raise SearchError(f"the lookup {name} does not exist")
        self._rows = _rows(context, name)
        self.columns = collection_of(context.app, name)[1] or header(file_of(context.app, name))
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


def check_known(app: App, name: str) -> None:
    """Raise a SearchError for a lookup that is neither defined nor the name of a file."""
    if name not in app.settings("transforms.conf") and not bare(name).endswith(".csv"):
        raise SearchError(f"the lookup {name} does not exist")


def collection_of(app: App, name: str) -> tuple[str, list[str]]:
    """The collection that a lookup reads, and the lookup's fields; an empty name for a file."""
    stanza = app.settings("transforms.conf").get(name, {})
    if stanza.get("external_type") != "kvstore":
        return "", []
    return stanza["collection"], [field.strip() for field in stanza["fields_list"].split(",")]


def file_of(app: App, name: str) -> Path:
    """The file of a lookup, by its definition or its own name; it need not exist."""
    if name in app.settings("transforms.conf"):
        return app.lookup(name)
    return app.root / "lookups" / bare(name)


def _rows(context: Context, name: str) -> list[Event]:
    """The rows of a lookup; raises a SearchError if it cannot be read."""
    collection, columns = collection_of(context.app, name)
    if collection:
        return context.store.read(collection, columns)
    path = file_of(context.app, name)
    if not path.is_file():
        raise SearchError(f"the lookup {name} does not exist or is not available")
    return read(path)


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
