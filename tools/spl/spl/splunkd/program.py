"""Runs a search command as splunkd does, and merges its replies into the events.

The framing of the messages is in conversation.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from spl.splunkd.conversation import SESSION_KEY, Conversation, Metadata, ProtocolError
from spl.splunkd.rows import Event, RowError, columns_of, decode, encode, is_broken

INDEX = "_chunked_idx"
GETINFO_REPLY = {
    "type": str, "generating": bool, "required_fields": list, "streaming_preop": str, "maxwait": (int, float),
    "finished": bool, "error": str, "inspector": dict,
}  # fmt: skip
EXECUTE_REPLY = {"finished": bool, "error": str, "inspector": dict}
TYPES = ("streaming", "stateful", "events", "reporting")
LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")


class CommandError(Exception):
    """The command refused the search; the text is what the user sees."""


@dataclass(frozen=True)
class Options:
    """The differences between servers."""

    version: str = "8.2.1"  # or 6.3
    chunk_rows: int = 50_000
    lookup_rows: int = 1_000
    quoting: str = "splunkd"
    timeout: float = 20
    preop: bool = True  # whether peers run the map phase of a reporting command


@dataclass(frozen=True)
class Call:
    """A command in a search: its program with the `command.arg.N`, and its arguments as typed."""

    name: str
    argv: Sequence[str]
    arguments: str
    search: str = ""


@dataclass
class Outcome:
    """The result of a command."""

    getinfo: Metadata
    events: list[Event] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)


def split_arguments(text: str) -> tuple[list[str], list[str]]:
    """`args` and `raw_args`: split at white space outside quotes, without and with the quotes."""
    raw = re.findall(r'(?:"(?:\\.|[^"\\])*"|[^\s"]|")+', text)
    unquote = re.compile(r'"((?:\\.|[^"\\])*)"')
    return [unquote.sub(lambda m: re.sub(r'\\(["\\])', r"\1", m[1]), word) for word in raw], raw


def searchinfo(call: Call, options: Options, dispatch: Path) -> Metadata:
    """The first message of a conversation."""
    args, raw_args = split_arguments(call.arguments)
    info: Metadata = {
        "args": args, "raw_args": raw_args, "dispatch_dir": str(dispatch), "sid": "1503612000.7", "app": "search",
        "owner": "admin", "username": "admin", "session_key": SESSION_KEY, "splunkd_uri": "https://127.0.0.1:8089",
        "splunk_version": options.version, "search": quote(call.search, safe=""), "command": call.name,
        "maxresultrows": options.chunk_rows, "earliest_time": "0", "latest_time": "1503640000.000000",
    }  # fmt: skip
    message: Metadata = {"action": "getinfo", "preview": False}
    if options.version == "6.3":
        del info["command"], info["maxresultrows"]
        info["splunk_version"] = "20150522"
    else:
        message["streaming_command_will_restart"] = False
    return message | {"searchinfo": info}


def ask(call: Call, options: Options, dispatch: Path) -> Metadata:
    """The reply to getinfo alone, which the search head uses to plan a search."""
    with Conversation(call.argv, dispatch, options.timeout) as talk:
        reply = _getinfo(talk, call, options, dispatch)
        talk.hang_up()
    return reply


def run(call: Call, events: Sequence[Event], options: Options, dispatch: Path) -> Outcome:
    """Send the events through the command, and merge its replies into them."""
    size = options.chunk_rows
    chunks = [events[at : at + size] for at in range(0, len(events), size)]
    if options.version != "6.3" or not chunks:
        chunks.append([])
    ending = "\n" if options.version == "6.3" else ""
    with Conversation(call.argv, dispatch, options.timeout) as talk:
        outcome = Outcome(_getinfo(talk, call, options, dispatch))
        _note(outcome, outcome.getinfo)
        wanted = outcome.getinfo.get("required_fields", ["*"])
        narrow = None if "*" in wanted else wanted
        merged = narrow is not None and outcome.getinfo.get("type", "streaming") in ("streaming", "stateful")
        columns: list[str] = []
        for number, chunk in enumerate(chunks):
            finished = number == len(chunks) - 1
            if chunk:
                columns = [c for c in columns_of(chunk) if narrow is None or c in narrow] + [INDEX] * merged
            rows = [event | {INDEX: [str(i)]} for i, event in enumerate(chunk)] if merged else chunk
            body = encode(columns, rows, options.quoting) if columns else b""
            metadata, answer = talk.request({"action": "execute", "finished": finished}, body, ending)
            _check(metadata, EXECUTE_REPLY)
            _give_up(talk, metadata)
            if metadata.get("finished") is not finished:
                raise ProtocolError(f"finished is {metadata.get('finished')} in the reply to {finished}")
            _note(outcome, metadata)
            returned, replies = decode(answer, is_broken(body))
            sent = [name for name in columns if name != INDEX]
            outcome.events += merge(chunk, sent, returned, replies) if merged else replies
        talk.finish()
    return outcome


def merge(events: Sequence[Event], sent: list[str], returned: list[str], rows: Sequence[Event]) -> list[Event]:
    """The events after a reply: fields that were not sent stay, fields that were sent and not returned are lost."""
    merged = []
    for row in rows:
        number = row.pop(INDEX, None)
        if number is None:
            merged.append(row)
            continue
        if len(number) != 1 or not number[0].isdecimal() or int(number[0]) >= len(events):
            raise RowError(f"{INDEX} {number} was not sent")
        rest = {k: v for k, v in events[int(number[0])].items() if k not in sent and k not in returned}
        merged.append(rest | row)
    return merged


def _getinfo(talk: Conversation, call: Call, options: Options, dispatch: Path) -> Metadata:
    ending = "\n" if options.version == "6.3" else ""
    reply, body = talk.request(searchinfo(call, options, dispatch), b"", ending)
    if body:
        raise ProtocolError("the reply to getinfo has a body: it must be empty")
    _check(reply, GETINFO_REPLY)
    if reply.get("type", "streaming") not in TYPES:
        raise ProtocolError(f"the type {reply['type']!r} is unknown: use one of {', '.join(TYPES)}")
    _give_up(talk, reply)
    return reply


def _give_up(talk: Conversation, reply: Metadata) -> None:
    if "error" in reply:
        if reply.get("finished") is not True:
            raise ProtocolError(f"the error reply {reply} is not finished: it must have finished=true")
        talk.hang_up()
        raise CommandError(reply["error"])


def _check(reply: Any, known: dict[str, Any]) -> None:
    if not isinstance(reply, dict):
        raise ProtocolError(f"the metadata is not an object: {reply!r}")
    for key, value in reply.items():
        if key not in known or not isinstance(value, known[key]):
            raise ProtocolError(f"the metadata entry {key} = {value!r} is not allowed")
    for message in reply.get("inspector", {}).get("messages", []):
        if len(message) != 2 or message[0] not in LEVELS or not isinstance(message[1], str):
            raise ProtocolError(f"the inspector message {message!r} is malformed")


def _note(outcome: Outcome, reply: Metadata) -> None:
    outcome.messages += [(level, text) for level, text in reply.get("inspector", {}).get("messages", [])]
