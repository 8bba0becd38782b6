"""What splunkd sends: conversations of the chunked protocol, and the input of external lookups.

All is prepared in memory, as bytes, before anything is measured. Rows are written as splunkd 8.2 writes them: a header
whose internal names are quoted, line feeds, quotes where they are needed, and for each column its `__mv_` column.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from .names import Query

CHUNK = 50_000
T = TypeVar("T")
EXTENDED = [
    "url", "list", "ut_scheme", "ut_netloc", "ut_path", "ut_params", "ut_query", "ut_fragment", "ut_domain", "ut_tld",
    "ut_domain_without_tld", "ut_subdomain", "ut_port", "ut_subdomain_parts", "ut_subdomain_count",
]  # fmt: skip


@dataclass(frozen=True)
class Stream:
    """What one process gets on standard input."""

    requests: list[bytes]
    """The messages of a conversation, or the one input of a lookup."""
    chunked: bool
    rows: int
    """What the time is divided by: rows, or groups for partial results, which hold several each."""

    @property
    def size(self) -> int:
        return sum(map(len, self.requests))


def narrow(queries: list[Query]) -> Stream:
    """What `required_fields` leaves of events: the name and the number of the row."""
    header = 'query,"_chunked_idx","__mv_query","__mv__chunked_idx"\n'
    return conversation(["query"], header, ([f"{q.name},{i},,\n" for i, q in enumerate(c)] for c in chunks(queries)))


def twice(queries: list[Query]) -> Stream:
    """The narrow stream of Splunk Stream, which has each name twice; in quotes, as splunkd writes what is not alphanumeric."""
    header = 'query,"_chunked_idx","__mv_query","__mv__chunked_idx"\n'

    def row(name: str, index: int) -> str:
        return f'"{name}\n{name}",{index},"${name}$;${name}$",\n' if name else f",{index},,\n"

    return conversation(["query"], header, ([row(q.name, i) for i, q in enumerate(c)] for c in chunks(queries)))


def listed(queries: list[Query]) -> Stream:
    """The narrow stream of the macro `ut_parse_extended(query,list)`."""
    header = 'query,list,"_chunked_idx","__mv_query","__mv_list","__mv__chunked_idx"\n'
    rows = ([f"{q.name},mozilla,{i},,,\n" for i, q in enumerate(c)] for c in chunks(queries))
    return conversation(["ut_parse_extended", "url=query", "list=list"], header, rows)


def subdomains(queries: list[Query]) -> Stream:
    """The narrow stream of the macro `ut_shannon(ut_subdomain)`."""
    header = '"ut_subdomain","_chunked_idx","__mv_ut_subdomain","__mv__chunked_idx"\n'
    rows = ([f"{q.subdomain},{i},,\n" for i, q in enumerate(c)] for c in chunks(queries))
    return conversation(["ut_shannon", "word=ut_subdomain"], header, rows)


def extended_lookup(queries: list[Query]) -> Stream:
    """What splunkd gives the external lookup `ut_parse_extended_lookup`."""
    empty = "," * (len(EXTENDED) - 2)
    return lookup(",".join(EXTENDED) + "\n", [f"{q.name},mozilla{empty}\n" for q in queries])


def shannon_lookup(queries: list[Query]) -> Stream:
    """What splunkd gives the external lookup `ut_shannon_lookup`."""
    return lookup("word,ut_shannon\n", [f"{q.subdomain},\n" for q in queries])


def map_phase(queries: list[Query]) -> Stream:
    """What a search peer gives the map phase of `dnsexfil query by src`."""
    return events(["query", "by", "src", "list=mozilla", "samples=3", "phase=map"], queries)


def reduce_events(queries: list[Query]) -> Stream:
    """What the search head gives the reduce phase where splunkd leaves the map phase out."""
    return events(["query", "by", "src"], queries)


def events(arguments: list[str], queries: list[Query]) -> Stream:
    header = '"_time",query,src,"query_type","__mv__time","__mv_query","__mv_src","__mv_query_type"\n'
    return conversation(arguments, header, (event_rows(c, n) for n, c in enumerate(chunks(queries))))


def event_rows(queries: list[Query], number: int) -> list[str]:
    start = 1_503_597_590 + number * CHUNK // 100
    types = ("A", "A", "AAAA", "A", "TXT", "A", "HTTPS")
    return [
        f"{start + i // 100}.{i % 100:02}0000,{q.name},{q.source},{types[i % len(types)]},,,,\n" for i, q in enumerate(queries)
    ]  # fmt: skip


def reduce_phase(partials: Iterable[str], groups: int) -> Stream:
    """The input of the reduce phase: partial results of that many groups, in chunks as splunkd makes them."""
    rows = ([quoted(partial) + ",\n" for partial in chunk] for chunk in chunks(list(partials)))
    stream = conversation(["query", "by", "src"], '"dnsexfil_partial","__mv_dnsexfil_partial"\n', rows)
    return replace(stream, rows=groups)


def groups(queries: list[Query]) -> int:
    """The number of groups that the map phase sends: a client and a registrable domain, counted in each chunk."""
    domains = ([(q.domain.lower().rstrip("."), q.source) for q in chunk] for chunk in chunks(queries))
    return sum(len({(d, source) for d, source in chunk if "." in d and not d[-1].isdigit()}) for chunk in domains)


def conversation(arguments: list[str], header: str, rows: Iterable[list[str]]) -> Stream:
    """getinfo, a message for each list of rows, and the last without rows, as splunkd 8.2 ends a search."""
    requests = [message(getinfo(arguments))]
    total = 0
    for chunk in rows:
        total += len(chunk)
        requests.append(message({"action": "execute", "finished": False}, header + "".join(chunk)))
    requests.append(message({"action": "execute", "finished": True}, header))
    return Stream(requests, True, total)


def lookup(header: str, rows: list[str]) -> Stream:
    return Stream([(header + "".join(rows)).encode()], False, len(rows))


def message(metadata: dict[str, object], body: str = "") -> bytes:
    meta, data = json.dumps(metadata, separators=(",", ":")).encode(), body.encode()
    return b"chunked 1.0,%d,%d\n" % (len(meta), len(data)) + meta + data


def getinfo(arguments: list[str]) -> dict[str, object]:
    """The first request, as splunkd 8.2.1 sends it."""
    searchinfo = {
        "args": arguments, "raw_args": arguments, "dispatch_dir": "/tmp", "sid": "1627357489.9", "app": "search",
        "owner": "admin", "username": "admin", "session_key": "0" * 120, "splunkd_uri": "https://127.0.0.1:8089",
        "splunk_version": "8.2.1", "search": "(removed)", "command": "dnsentropy", "maxresultrows": CHUNK,
        "earliest_time": "1627333200", "latest_time": "1627419600",
    }  # fmt: skip
    return {"action": "getinfo", "preview": False, "streaming_command_will_restart": False, "searchinfo": searchinfo}


def chunks(things: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]


def quoted(cell: str) -> str:
    """A cell of CSV, in quotes where it has to be."""
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"\n') else cell


def rows(replies: bytes | bytearray) -> Iterator[dict[str, str]]:
    """The rows in all the messages of `replies`."""
    at = 0
    while at < len(replies):
        end = replies.index(b"\n", at) + 1
        metadata, body = map(int, replies[at:end].removeprefix(b"chunked 1.0,").split(b","))
        at = end + metadata + body
        yield from csv.DictReader(io.StringIO(replies[at - body : at].decode(), newline=""))
