"""Asks the app's own commands which fields a call reads and adds, and what is wrong with it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from spl.check.project import OPTIONAL_FIELDS
from spl.errors import SearchError
from spl.splunkd.app import App
from spl.splunkd.conversation import Conversation, Metadata, ProtocolError
from spl.splunkd.options import Options
from spl.splunkd.program import INDEX, Call, CommandError, ask, generate, searchinfo
from spl.splunkd.rows import encode, read_lines
from spl.splunkd.words import has_doubt


@dataclass(frozen=True)
class Answer:
    """What a call of a command says of itself."""

    type: str
    # The fields that it reads, and those that it returns.
    reads: frozenset[str]
    gives: frozenset[str]
    generating: bool = False


def call(app: App, name: str, arguments: str, home: Path) -> Answer:
    """The answer of a command to its arguments, which must not depend on how splunkd splits them."""
    return _call(tuple(app.command(name)), name, arguments, home)


@functools.lru_cache(None)
def _call(argv: tuple[str, ...], name: str, arguments: str, home: Path) -> Answer:
    called = Call(name, argv, arguments)
    kept = _ask(called, Options(), home)
    if has_doubt(arguments):
        try:
            same = _ask(called, Options(commas="stripped"), home) == kept
        except SearchError:
            same = False
        if not same:
            raise SearchError(f"{name} {arguments} differs if splunkd strips commas: put lists into quotes")
    return kept[0]


def _ask(called: Call, options: Options, home: Path) -> tuple[Answer, Metadata]:
    """The answer, and the whole reply to getinfo."""
    try:
        info = ask(called, options, home)
        kind = info.get("type", "streaming")
        if info.get("generating"):
            columns = generate(called, options, home).columns
            return Answer(kind, frozenset(), frozenset(columns), generating=True), info
    except (CommandError, ProtocolError) as error:
        raise SearchError(str(error)) from None
    reads = frozenset(info.get("required_fields", [])) - OPTIONAL_FIELDS
    given = frozenset(_columns(called, sorted(reads), options, home)) - {INDEX}
    return Answer(kind, reads, given if kind == "reporting" else given - reads), info


def _columns(called: Call, reads: list[str], options: Options, home: Path) -> list[str]:
    """The columns of the reply to one event, without their multivalue twins."""
    event = {field: ["0DsAAHNIclYsFcDN.example.com"] for field in reads} | {INDEX: ["0"]}
    with Conversation(called.argv, home, options.timeout) as talk:
        talk.request(searchinfo(called, options, home), b"")
        _, reply = talk.request({"action": "execute", "finished": True}, encode(list(event), [event], "splunkd"))
        talk.finish()
    return [name for name in read_lines(reply)[0] if not name.startswith("__mv_")]
