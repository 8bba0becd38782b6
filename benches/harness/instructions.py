"""Instructions an event, counted by callgrind: the same again and again, whatever else the machine does.

Two runs of different sizes; the difference is what the events cost, without the start. Of the reduce phase the smaller run has
no rows at all, so that the table at its end counts too, and the count is per group.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from typing import TypeVar

from . import kinds, streams
from .builds import FOLDER
from .contenders import Field, macros
from .feeder import Failure, Step
from .names import Query, Resolver
from .wide import wide

FEW, MANY = 5_000, 25_000
T = TypeVar("T")


def measure(field: Field) -> dict[str, float] | None:
    """Instructions an event for each program; None if valgrind is missing."""
    if not shutil.which("valgrind"):
        return None
    events = Resolver().queries(2 * MANY)
    queries, partials = events[:MANY], field.map_out(events)
    counts = {}
    for where, program in field.programs.items():
        for name, make in ours(program).items():
            counts[name + where] = per_event(make, queries)
        for name, make in of_kinds(program).items():
            counts[f"kinds: {name}{where}"] = per_event(make, list(range(MANY)))
        counts[f"dnsexfil reduce{where}"] = per_event(reduce(program, streams.groups(events)), partials, 0)
    counts["csv crate: echo, narrow"] = per_event(lambda some: Step([field.floor("csv_echo")], streams.narrow(some)), queries)
    counts["plain, narrow"] = per_event(lambda some: field.plain(streams.narrow(some)), queries)
    return counts


def ours(program: str) -> dict[str, Callable[[list[Query]], Step]]:
    """What each of our programs does with the events."""
    return {
        "dnsentropy, narrow": lambda some: Step([program, "dnsentropy"], streams.narrow(some)),
        "dnsentropy, wide": lambda some: Step([program, "dnsentropy"], wide(some[: len(some) // 5])),
        "dnsexfil map": lambda some: Step([program, "dnsexfil"], streams.map_phase(some)),
        "macro ut_parse_extended": lambda some: macros(program, some)[0],
        "macro ut_shannon": lambda some: macros(program, some)[1],
    }


def of_kinds(program: str) -> dict[str, Callable[[list[int]], Step]]:
    """What dnsentropy does with as many events of each kind."""

    def step(make: Callable[[kinds.Names], streams.Stream]) -> Callable[[list[int]], Step]:
        return lambda some: Step([program, "dnsentropy"], make(kinds.Names(len(some))))

    each = {kind.name: step(lambda names, kind=kind: names.of(kind)) for kind in kinds.KINDS}
    return {kinds.ORDINARY: step(kinds.Names.ordinary)} | each | {kinds.MIXED: step(kinds.Names.mixed)}


def reduce(program: str, groups: int) -> Callable[[list[str]], Step]:
    return lambda some: Step([program, "dnsexfil"], streams.reduce_phase(some, groups if some else 0))


def per_event(make: Callable[[list[T]], Step], all_of_them: list[T], some: int = FEW) -> float:
    few, many = make(all_of_them[:some]), make(all_of_them)
    return (count(many) - count(few)) / (many.stream.rows - few.stream.rows)


def count(step: Step) -> int:
    """The instructions of one run."""
    callgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={FOLDER / 'callgrind.out'}", *step.command]
    with tempfile.TemporaryFile() as given:
        given.writelines(step.stream.requests)
        given.seek(0)
        done = subprocess.run(callgrind, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    found = re.search(rb"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise Failure(f"{' '.join(callgrind)} failed: {done.stderr.decode(errors='replace')}")
    return int(found[1])
