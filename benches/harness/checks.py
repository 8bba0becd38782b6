"""Did the contenders do the same work? Their answers to the same events, cell by cell."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from . import streams
from .contenders import Field, step
from .builds import SUFFIX_LIST
from .feeder import Failure, Feeder, Step

SAMPLE = 100_000
ENTROPY = "ut_shannon"
OUTPUTS = [
    "ut_domain", "ut_subdomain", "ut_domain_without_tld", "ut_tld", "ut_subdomain_count", "ut_subdomain_length", ENTROPY,
    "ut_suffix_type",
]  # fmt: skip


def check(field: Field, feeder: Feeder) -> dict[str, object]:
    """Compares ours with the others on a sample; what was found, for the report."""
    stream = streams.narrow(field.queries[:SAMPLE])
    ours = list(answers(feeder, step([str(field.builds.program), "dnsentropy"], stream)))
    if len(ours) != stream.rows:
        raise Failure(f"dnsentropy gives {len(ours)} rows for {stream.rows}")
    others = {
        "splunk-sdk + tldextract": field.rival(stream).steps[0],
        "plain: csv + publicsuffix": step([str(field.builds.floors / "plain"), str(SUFFIX_LIST)], stream),
    }
    return {"rows": len(ours), **{name: compare(ours, list(answers(feeder, other))) for name, other in others.items()}}


def answers(feeder: Feeder, step: Step) -> Iterator[dict[str, str]]:
    replies = bytearray()
    feeder.streamed(step, replies)
    for body in streams.bodies(bytes(replies)):
        yield from streams.table(body)


def compare(ours: list[dict[str, str]], theirs: list[dict[str, str]]) -> dict[str, object]:
    """How many rows differ, in which output, and some of the names."""
    if len(ours) != len(theirs):
        raise Failure(f"{len(theirs)} rows for {len(ours)}")
    differing: Counter[str] = Counter()
    names: dict[str, None] = {}
    for our, their in zip(ours, theirs, strict=True):
        if our["query"] != their["query"]:
            raise Failure(f"the rows are not in order: {our['query']}, {their['query']}")
        wrong = [output for output in OUTPUTS if not same(output, our[output], their[output])]
        differing.update(wrong)
        if wrong:
            names[our["query"]] = None
            differing["rows"] += 1
    return {"rows_that_differ": differing.pop("rows", 0), "by_output": dict(differing), "names": list(islice(names, 8))}


def same(output: str, ours: str, theirs: str) -> bool:
    if output == ENTROPY and ours and theirs:
        return abs(float(ours) - float(theirs)) <= 1e-12
    return ours == theirs
