"""How servers differ. Where Splunk's behaviour is in doubt, an option has each reading; the first is the plain one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from spl.splunkd.rows import Event

# Replaces the rows that a peer sends to the search head: called with the number of the peer and its rows.
PeerRows = Callable[[int, list[Event]], list[Event]]


@dataclass(frozen=True)
class Options:
    """A server, or a reading of what Splunk does."""

    version: str = "8.2.1"  # or 6.3
    chunk_rows: int = 50_000
    lookup_rows: int = 1_000
    quoting: str = "splunkd"
    timeout: float = 20

    # Words: whether a comma outside quotes acts as a blank, and whether the words come as typed, too.
    commas: Literal["kept", "stripped"] = "kept"
    raw_args: bool = True

    # Messages: the blanks and the carriage return of `spaced` are those that Splunk's SDK for Python reads.
    header: Literal["plain", "spaced"] = "plain"
    piece: int = 65_536  # the bytes that one write sends at most
    closes_input: bool = False  # after the last reply; else the command has to end first

    # The message getinfo.
    getinfos: Literal[1, 2] = 1
    preview: bool = False
    will_restart: bool = False
    maxresultrows: Literal["rows of a chunk", "0", "missing"] = "rows of a chunk"

    # Peers: which events each has, and in which order their rows reach the search head.
    spread: Literal["even", "by fields", "one empty"] = "even"
    arrival: Literal["in turn", "interleaved"] = "in turn"
    empty_chunk: Literal["nothing", "header"] = "nothing"  # what a command gets that has no events at all
    peer_rows: PeerRows | None = None

    # How often machines run the map phase of a reporting command; `some` leaves raw events among the partial results.
    map_phase: Literal["once", "skipped", "some", "twice"] = "once"
    # Whether a reporting command runs first on a part of its rows, to show them while the search goes on.
    previews: bool = False

    # Whether the one chunk that a generating command gets is the last one.
    last_at_once: bool = False
