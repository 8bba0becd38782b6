"""Calls lookups whose answers come from a program of the app.

splunkd starts the program for each batch, with CSV on its standard input: all columns of `fields_list`, with the inputs
filled in. The program fills in the rest.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from spl.errors import SearchError
from spl.splunkd.app import App, AppError
from spl.splunkd.options import Options
from spl.splunkd.rows import Event, RowError, is_broken, read_lines, write_lines
from spl.splunkd.words import split_arguments

# Pairs of a lookup's field and an event's field.
Pairs = list[tuple[str, str]]
# One value for each input, and the program's answer to them: a value for each column.
Key = tuple[str, ...]
Answers = dict[Key, dict[str, str]]


class LookupFault(AssertionError):
    """The program failed, or its answer is not one that splunkd accepts."""


@dataclass(frozen=True)
class Request:
    """A call of a lookup in a search."""

    argv: Sequence[str]
    columns: Sequence[str]
    inputs: Pairs
    outputs: Pairs
    keep: bool  # whether an event's own fields stay (OUTPUTNEW)


def look_up(app: App, arguments: str, events: Sequence[Event], options: Options) -> list[Event]:
    """The events with a lookup's outputs; an event that lacks an input stays unchanged."""
    request = parse(app, arguments)
    keys = [_keys(event, request.inputs) for event in events]
    distinct = list(dict.fromkeys(key for several in keys for key in several))
    answers: Answers = {}
    for at in range(0, len(distinct), options.lookup_rows):
        answers |= _ask(request, distinct[at : at + options.lookup_rows], options)
    return [_add(event, [answers[key] for key in several], request) for event, several in zip(events, keys)]


def parse(app: App, arguments: str) -> Request:
    """Parse `name field [AS field] ... [OUTPUT|OUTPUTNEW field [AS field] ...]`; without OUTPUT, all other columns."""
    words, _ = split_arguments(arguments.replace(",", " "))
    if not words or "=" in words[0]:
        raise SearchError(f"the arguments of lookup are malformed: {arguments}")
    try:
        argv, columns = app.external_lookup(words[0])
    except AppError as error:
        raise SearchError(str(error)) from None
    at = next((at for at, word in enumerate(words) if word in ("OUTPUT", "OUTPUTNEW")), len(words))
    inputs, outputs = pairs(words[1:at]), pairs(words[at + 1 :])
    if not inputs or (at < len(words) and not outputs):
        raise SearchError(f"the arguments of lookup are incomplete: name a field in {arguments!r}")
    if unknown := {field for field, _ in inputs + outputs} - set(columns):
        raise SearchError(f"the lookup {words[0]} has no fields {sorted(unknown)}")
    if at == len(words):
        outputs = [(field, field) for field in columns if field not in dict(inputs)]
    return Request(argv, columns, inputs, outputs, keep="OUTPUTNEW" in words[at : at + 1])


def pairs(words: list[str]) -> Pairs:
    """Parse `field [AS field] ...`: pairs of a lookup's field and an event's field."""
    pairs: Pairs = []
    while words:
        field, *words = words
        if words and words[0].upper() == "AS":
            if len(words) < 2:
                raise SearchError(f"the arguments of lookup are incomplete: {field} AS needs a name")
            pairs.append((field, words[1]))
            words = words[2:]
        else:
            pairs.append((field, field))
    return pairs


def _keys(event: Event, inputs: Pairs) -> list[Key]:
    """Every combination of the distinct values of the inputs; none if an input is absent."""
    return list(product(*(dict.fromkeys(event.get(field, [])) for _, field in inputs)))


def _ask(request: Request, keys: Sequence[Key], options: Options) -> Answers:
    """Start the program for a batch of keys."""
    names = [name for name, _ in request.inputs]
    known = [dict(zip(names, key)) for key in keys]
    lines = [list(request.columns), *([row.get(name, "") for name in request.columns] for row in known)]
    body = write_lines(lines, options.quoting)
    try:
        ended = subprocess.run(
            request.argv, input=body, capture_output=True, timeout=options.timeout,
            cwd="/", env={"PATH": "/usr/bin:/bin"}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise LookupFault(f"the program did not answer in {options.timeout} seconds") from None
    if ended.returncode != 0 or ended.stderr:
        raise LookupFault(f"exit status {ended.returncode}; {ended.stderr.decode('utf-8', 'replace')}")
    try:
        header, *answered = read_lines(ended.stdout, is_broken(body)) or [[]]
    except RowError as error:
        raise LookupFault(str(error)) from None
    if header != lines[0] or len(answered) != len(keys):
        raise LookupFault(f"{len(answered)} rows of {header} in answer to {len(keys)} of {lines[0]}")
    return {key: _answer(header, row, line) for key, row, line in zip(keys, known, answered)}


def _answer(columns: list[str], known: dict[str, str], line: list[str]) -> dict[str, str]:
    if len(line) != len(columns):
        raise LookupFault(f"{len(line)} cells under {len(columns)} columns")
    answer = dict(zip(columns, line))
    if returned := {name: answer[name] for name in known if answer[name] != known[name]}:
        raise LookupFault(f"the inputs were returned as {str(returned)[:200]}")
    return answer


def _add(event: Event, answers: Sequence[dict[str, str]], request: Request) -> Event:
    """The event with the values of the answers, which replace its own unless `request.keep`."""
    if not answers:
        return event
    added = {}
    for name, field in request.outputs:
        if not request.keep or field not in event:
            added[field] = [answer[name] for answer in answers if answer[name]]
    return {field: values for field, values in (event | added).items() if values}
