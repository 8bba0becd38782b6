"""Events, and the CSV in which splunkd sends them to a command and takes them back.

An event maps the name of a field to its values, in order. A field without values is absent, and so is one with an empty
cell.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

Event = dict[str, list[str]]

MULTIVALUE = "__mv_"
csv.field_size_limit(1 << 30)


class RowError(AssertionError):
    """A body that splunkd would not accept as rows."""


def load_events(path: Path, index: str) -> list[Event]:
    """The events of an NDJSON export, with two fields that Splunk adds: the index and the address."""
    events = []
    for line in path.read_text(encoding="utf-8").splitlines():
        exported = json.loads(line)
        event = {name: [value] if isinstance(value, str) else value for name, value in exported["result"].items()}
        events.append(event | {"index": [index], "_cd": [f"0:{exported['offset']}"]})
    return events


def columns_of(events: Iterable[Event]) -> list[str]:
    """The names of all fields that any of the events has, in order of appearance."""
    return list(dict.fromkeys(name for event in events for name, values in event.items() if values))


def join_values(values: Sequence[str]) -> str:
    """Several values in one `__mv_` cell: each is between dollar signs, and dollar signs in it are doubled."""
    return ";".join("$" + value.replace("$", "$$") + "$" for value in values)


def split_values(cell: str) -> list[str]:
    """The values of a `__mv_` cell."""
    values: list[str] = []
    at = 0
    while True:
        if cell[at : at + 1] != "$":
            raise RowError(f"the multivalue {cell!r} is malformed: a '$' is missing at character {at}")
        # A value ends at a dollar sign without another one after it; an empty value is `$$;`.
        found = re.compile(r"((?:[^$]|\$\$)*)\$(?=;\$|$)", re.DOTALL).match(cell, at + 1)
        if found is None:
            raise RowError(f"the multivalue {cell!r} is malformed: the value at character {at} does not end")
        values.append(found[1].replace("$$", "$"))
        at = found.end() + 1
        if at > len(cell):
            return values


def encode(columns: Sequence[str], events: Iterable[Event], quoting: str) -> bytes:
    """A body with these columns and a `__mv_` column for each; `quoting` is splunkd, minimal or all."""
    lines = [[*columns, *(MULTIVALUE + name for name in columns)]]
    for event in events:
        values = [event.get(name, []) for name in columns]
        lines.append(["\n".join(v) for v in values] + [join_values(v) if len(v) > 1 else "" for v in values])
    return write_lines(lines, quoting)


def write_lines(lines: Iterable[Sequence[str]], quoting: str) -> bytes:
    """Lines of cells as CSV."""
    text = "".join(",".join(_cell(cell, quoting) for cell in line) + "\n" for line in lines)
    return text.encode("utf-8", "surrogateescape")


def _cell(cell: str, quoting: str) -> str:
    bare = {"splunkd": r"[A-Za-z0-9]*", "minimal": r'[^",\r\n]*', "all": r"(?!)"}[quoting]
    return cell if re.fullmatch(bare, cell) else '"' + cell.replace('"', '""') + '"'


def decode(body: bytes, broken_bytes: bool = False) -> tuple[list[str], list[Event]]:
    """The columns of a reply, and its rows; absent fields are left out of the rows."""
    lines = read_lines(body, broken_bytes)
    if not lines:
        return [], []
    header = lines[0]
    if len(set(header)) != len(header) or "" in header:
        raise RowError(f"the header {header} has a column twice or one without a name")
    plain = [name for name in header if not name.startswith(MULTIVALUE)]
    if orphans := {n for n in header if n.startswith(MULTIVALUE)} - {MULTIVALUE + n for n in plain}:
        raise RowError(f"the multivalue columns {sorted(orphans)} have no column")
    return plain, [_row(header, plain, line) for line in lines[1:]]


def read_lines(body: bytes, broken_bytes: bool = False) -> list[list[str]]:
    """CSV as lines of cells; `broken_bytes` accepts bytes that are not UTF-8."""
    try:
        text = body.decode("utf-8", "surrogateescape" if broken_bytes else "strict")
    except UnicodeDecodeError as error:
        raise RowError(f"the reply is not UTF-8: {error}") from None
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise RowError(f"the reply is not CSV: {error}") from None


def is_broken(body: bytes) -> bool:
    """Whether a body is not UTF-8."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _row(header: list[str], plain: list[str], line: list[str]) -> Event:
    if len(line) != len(header):
        raise RowError(f"{len(line)} cells under {len(header)} columns: {line}")
    cells = dict(zip(header, line))
    event: Event = {}
    for name in plain:
        several = cells.get(MULTIVALUE + name, "")
        values = split_values(several) if several else [cells[name]]
        if several and "\n".join(values) != cells[name]:
            raise RowError(f"{name} is {cells[name]!r}, but its values are {values}")
        if values != [""]:
            event[name] = values
    return event
