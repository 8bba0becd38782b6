"""Asks the app's own commands which fields a call reads and adds, and what is wrong with it."""

from __future__ import annotations

import functools
from pathlib import Path

from spl.check.project import OPTIONAL_FIELDS
from spl.errors import SearchError
from spl.splunkd.app import App
from spl.splunkd.conversation import Conversation
from spl.splunkd.program import INDEX, Call, CommandError, Options, ask, searchinfo
from spl.splunkd.rows import encode, read_lines


def call(app: App, name: str, arguments: str, home: Path) -> tuple[set[str], set[str], bool]:
    """The fields that a call reads, those that it returns, and whether it is a reporting command (its rows are new)."""
    argv = tuple(app.command(name))
    return _call(argv, name, arguments, home)


@functools.lru_cache(None)
def _call(argv: tuple[str, ...], name: str, arguments: str, home: Path) -> tuple[set[str], set[str], bool]:
    called = Call(name, argv, arguments)
    try:
        info = ask(called, Options(), home)
    except CommandError as error:
        raise SearchError(str(error)) from None
    reporting = info.get("type", "streaming") == "reporting"
    reads = set(info.get("required_fields", [])) - OPTIONAL_FIELDS
    given = set(_columns(called, sorted(reads), home)) - {INDEX}
    return reads, given if reporting else given - reads, reporting


def _columns(called: Call, reads: list[str], home: Path) -> list[str]:
    """The columns of the reply to one event, without their multivalue twins."""
    event = {field: ["0DsAAHNIclYsFcDN.example.com"] for field in reads} | {INDEX: ["0"]}
    with Conversation(called.argv, home, Options().timeout) as talk:
        talk.request(searchinfo(called, Options(), home), b"")
        _, reply = talk.request({"action": "execute", "finished": True}, encode(list(event), [event], "splunkd"))
        talk.finish()
    return [name for name in read_lines(reply)[0] if not name.startswith("__mv_")]
