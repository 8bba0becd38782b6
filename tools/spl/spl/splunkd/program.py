"""Runs a search command as splunkd does, and merges its replies into the events.

The framing of the messages is in conversation.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from spl.splunkd.conversation import SESSION_KEY, Conversation, Metadata, ProtocolError
from spl.splunkd.options import Options
from spl.splunkd.rows import Event, RowError, columns_of, decode, encode, is_broken
from spl.splunkd.words import split_arguments

INDEX = "_chunked_idx"
GETINFO_REPLY = {
    "type": str, "generating": bool, "required_fields": list, "streaming_preop": str, "maxwait": (int, float),
    "finished": bool, "error": str, "inspector": dict,
}  # fmt: skip
EXECUTE_REPLY = {"finished": bool, "error": str, "inspector": dict}
TYPES = ("streaming", "stateful", "events", "reporting")
LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")


class CommandError(Exception):
    """The command refused the search. As a text it is what the user sees; `text` is the command's own part of it."""

    def __init__(self, command: str, text: str, peer: str = "") -> None:
        super().__init__(command, text, peer)
        self.command, self.text, self.peer = command, text, peer

    def __str__(self) -> str:
        shown = f"Error in '{self.command}' command: {self.text}"
        return f"[{self.peer}] Streamed search execute failed because: {shown}" if self.peer else shown


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
    columns: list[str] = field(default_factory=list)  # of a generating command
    messages: list[tuple[str, str]] = field(default_factory=list)


def searchinfo(call: Call, options: Options, dispatch: Path) -> Metadata:
    """The first message of a conversation."""
    args, raw_args = split_arguments(call.arguments, options.commas)
    info: Metadata = {
        "args": args, "raw_args": raw_args, "dispatch_dir": str(dispatch), "sid": "1503612000.7", "app": "search",
        "owner": "admin", "username": "admin", "session_key": SESSION_KEY, "splunkd_uri": "https://127.0.0.1:8089",
        "splunk_version": options.version, "search": quote(call.search, safe=""), "command": call.name,
        "maxresultrows": 0 if options.maxresultrows == "0" else options.chunk_rows, "earliest_time": "0", "latest_time": "1503640000.000000",
    }  # fmt: skip
    if not options.raw_args:
        del info["raw_args"]
    if options.maxresultrows == "missing" or options.version == "6.3":
        del info["maxresultrows"]
    message: Metadata = {"action": "getinfo", "preview": options.preview}
    if options.version == "6.3":
        del info["command"]
        info["splunk_version"] = "20150522"
    else:
        message["streaming_command_will_restart"] = options.will_restart
    return message | {"searchinfo": info}


def ask(call: Call, options: Options, dispatch: Path) -> Metadata:
    """The reply to getinfo alone, which the search head uses to plan a search."""
    with _start(call, options, dispatch) as talk:
        reply = _getinfo(talk, call, options, dispatch)
        talk.hang_up()
    return reply


def generate(call: Call, options: Options, dispatch: Path) -> Outcome:
    """The rows of a generating command, which is asked for them once."""
    with _start(call, options, dispatch) as talk:
        outcome = Outcome(_getinfo(talk, call, options, dispatch))
        _note(outcome, outcome.getinfo)
        if outcome.getinfo.get("generating") is not True:
            raise CommandError(call.name, "it makes no events: it cannot be the first command of a search")
        if (kind := outcome.getinfo.get("type", "streaming")) != "stateful":
            raise ProtocolError(f"a generating command of type {kind} would run on every search peer: use stateful")
        ending = "\n" if options.version == "6.3" else ""
        metadata, answer = talk.request({"action": "execute", "finished": options.last_at_once}, b"", ending)
        _accept(talk, call, metadata, True, outcome)
        outcome.columns, outcome.events = decode(answer)
        talk.finish(options.closes_input)
    return outcome


def run(call: Call, events: Sequence[Event], options: Options, dispatch: Path) -> Outcome:
    """Send the events through the command, and merge its replies into them."""
    size = options.chunk_rows
    chunks = [events[at : at + size] for at in range(0, len(events), size)]
    if options.version != "6.3" or not chunks:
        chunks.append([])
    ending = "\n" if options.version == "6.3" else ""
    with _start(call, options, dispatch) as talk:
        outcome = Outcome(_getinfo(talk, call, options, dispatch))
        _note(outcome, outcome.getinfo)
        if outcome.getinfo.get("generating"):
            raise CommandError(call.name, "This command must be the first command of a search.")
        wanted = outcome.getinfo.get("required_fields", ["*"])
        narrow = None if "*" in wanted else wanted
        merged = narrow is not None and outcome.getinfo.get("type", "streaming") in ("streaming", "stateful")
        columns = [*(narrow or ["_time", "_raw"]), *[INDEX] * merged] if options.empty_chunk == "header" else []
        for number, chunk in enumerate(chunks):
            finished = number == len(chunks) - 1
            if chunk:
                columns = [c for c in columns_of(chunk) if narrow is None or c in narrow] + [INDEX] * merged
            rows = [event | {INDEX: [str(i)]} for i, event in enumerate(chunk)] if merged else chunk
            body = encode(columns, rows, options.quoting) if columns else b""
            metadata, answer = talk.request({"action": "execute", "finished": finished}, body, ending)
            _accept(talk, call, metadata, finished, outcome)
            returned, replies = decode(answer, is_broken(body))
            sent = [name for name in columns if name != INDEX]
            outcome.events += merge(chunk, sent, returned, replies) if merged else replies
        talk.finish(options.closes_input)
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


def _start(call: Call, options: Options, dispatch: Path) -> Conversation:
    return Conversation(call.argv, dispatch, options.timeout, options.header, options.piece)


def _getinfo(talk: Conversation, call: Call, options: Options, dispatch: Path) -> Metadata:
    ending = "\n" if options.version == "6.3" else ""
    message = searchinfo(call, options, dispatch)
    replies = []
    for _ in range(options.getinfos):
        reply, body = talk.request(message, b"", ending)
        if body:
            raise ProtocolError("the reply to getinfo has a body: it must be empty")
        _check(reply, GETINFO_REPLY)
        if reply.get("type", "streaming") not in TYPES:
            raise ProtocolError(f"the type {reply['type']!r} is unknown: use one of {', '.join(TYPES)}")
        _give_up(talk, call, reply)
        replies.append(reply)
    if replies[0] != replies[-1]:
        raise ProtocolError(f"two replies to the same getinfo differ: {replies}")
    return reply


def _accept(talk: Conversation, call: Call, reply: Metadata, finished: bool, outcome: Outcome) -> None:
    """Check the metadata of a reply to a chunk, and keep its messages."""
    _check(reply, EXECUTE_REPLY)
    _give_up(talk, call, reply)
    if reply.get("finished") is not finished:
        raise ProtocolError(f"finished is {reply.get('finished')} in a reply: it must be {finished}")
    _note(outcome, reply)


def _give_up(talk: Conversation, call: Call, reply: Metadata) -> None:
    if "error" in reply:
        if reply.get("finished") is not True:
            raise ProtocolError(f"the error reply {reply} is not finished: it must have finished=true")
        talk.hang_up()
        raise CommandError(call.name, reply["error"])


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
