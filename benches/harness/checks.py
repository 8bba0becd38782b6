"""Did the contenders do the same work? Their answers to the same events, cell by cell."""

from collections import Counter
from collections.abc import Iterable, Mapping

from . import streams
from .contenders import Field, macros
from .feeder import Failure, Feeder, Step
from .wide import FIELDS, wide

EVENTS, WIDE_EVENTS = 100_000, 10_000
OUTPUTS = [
    "ut_domain", "ut_subdomain", "ut_domain_without_tld", "ut_tld", "ut_subdomain_count", "ut_subdomain_length", "ut_shannon",
    "ut_suffix_type",
]  # fmt: skip
Rows = list[dict[str, str]]


def check(field: Field, feeder: Feeder) -> dict[str, dict[str, object]]:
    """What differs, by what was compared."""
    queries = field.queries[:EVENTS]
    narrow, full, wide_stream = streams.narrow(queries), streams.narrow(field.queries), wide(queries[:WIDE_EVENTS])

    def answers(step: Step) -> Rows:
        replies = bytearray()
        feeder.streamed(step, replies)
        return list(streams.rows(replies))

    def ours(command: str, stream: streams.Stream) -> Rows:
        return answers(Step([str(field.builds.program), command], stream))

    ours_narrow, ours_wide = ours("dnsentropy", narrow), ours("dnsentropy", wide_stream)
    extended, shannon = map(answers, macros(str(field.builds.program), queries))
    partials = streams.reduce_phase(field.map_out(queries), streams.groups(queries))
    from_events, from_partials = ours("dnsexfil", streams.reduce_events(queries)), ours("dnsexfil", partials)
    return {
        "rows of the narrow stream": rows_lost(field, feeder, full),
        "narrow: splunk-sdk + tldextract": compare(ours_narrow, answers(field.rival(narrow)), OUTPUTS),
        "narrow: plain": compare(ours_narrow, answers(field.plain(narrow)), OUTPUTS),
        "wide: splunk-sdk + tldextract": compare(ours_wide, answers(field.rival(wide_stream)), [*FIELDS, *OUTPUTS]),
        "wide: fields as they were sent": compare(ours_wide, list(streams.rows(b"".join(wide_stream.requests))), FIELDS),
        "macro ut_parse_extended": compare(ours_narrow, extended, ["ut_domain", "ut_tld"]),
        "macro ut_shannon": compare(ours_narrow, shannon, ["ut_shannon"]),
        "dnsexfil: of events, of partial rows": compare(from_events, from_partials, from_events[0]),
    }


def rows_lost(field: Field, feeder: Feeder, stream: streams.Stream) -> dict[str, object]:
    """No cell of the narrow stream has a line feed, so that rows are lines; each chunk's reply has a header."""
    replies = bytearray()
    feeder.streamed(Step([str(field.builds.program), "dnsentropy"], stream), replies)
    found = replies.count(b"\n") - 2 * len(stream.requests) + 1
    return {"rows": stream.rows, "differ": abs(found - stream.rows)}


def compare(ours: Rows, theirs: Rows, columns: Iterable[str]) -> dict[str, object]:
    """How many rows differ, in which columns, and the first of them."""
    columns = list(columns)
    if len(ours) != len(theirs):
        raise Failure(f"{len(theirs)} rows instead of {len(ours)}")
    wrong = [[column for column in columns if not same(our, their, column)] for our, their in zip(ours, theirs, strict=True)]
    by_column = Counter(column for columns in wrong for column in columns)
    examples = [our.get("query", "") for our, columns in zip(ours, wrong, strict=True) if columns]
    return {
        "rows": len(ours),
        "differ": len(examples),
        "by_column": dict(by_column),
        "examples": list(dict.fromkeys(examples))[:5],
    }


def same(ours: Mapping[str, str], theirs: Mapping[str, str], column: str) -> bool:
    """Whether two cells say the same; entropies to 1e-12, since sums in another order differ in the last digit."""
    our, their = ours[column], theirs[column]
    if column == "ut_shannon" and our and their:
        return abs(float(our) - float(their)) <= 1e-12
    return our == their
