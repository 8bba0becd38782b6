"""Instructions an event, counted by callgrind: the same again and again, whatever else the machine does.

Two runs of different sizes; the difference is what the events cost, without the start.
"""

import os
import re
import shutil
import subprocess
import tempfile

from . import streams
from .builds import FOLDER, SUFFIX_LIST
from .contenders import Field
from .feeder import Failure
from .names import Query
from .streams import Stream
from .wide import wide

FEW, MANY = 5_000, 25_000


def measure(field: Field, beside: list[str]) -> dict[str, float] | None:
    """Instructions an event for each program; None where there is no valgrind."""
    if not shutil.which("valgrind"):
        return None
    builds = field.builds
    counts = {}
    for where, program in {"": str(builds.program), **{f" ({path})": path for path in beside}}.items():
        counts[f"dnsentropy, narrow{where}"] = per_event([program, "dnsentropy"], streams.narrow, field.queries)
        counts[f"dnsentropy, wide{where}"] = per_event([program, "dnsentropy"], wide, field.queries)
        counts[f"dnsexfil map{where}"] = per_event([program, "dnsexfil"], streams.map_phase, field.queries)
    counts["csv crate: echo, narrow"] = per_event([str(builds.floors / "csv_echo")], streams.narrow, field.queries)
    plain = [str(builds.floors / "plain"), str(SUFFIX_LIST)]
    counts["plain: csv + publicsuffix, narrow"] = per_event(plain, streams.narrow, field.queries)
    return counts


def per_event(command: list[str], make, queries: list[Query]) -> float:
    few, many = make(queries[:FEW]), make(queries[:MANY])
    return (count(command, many) - count(command, few)) / (many.rows - few.rows)


def count(command: list[str], stream: Stream) -> int:
    """The instructions of one run. The counts by function are left in target/bench/callgrind.out."""
    out = FOLDER / "callgrind.out"
    callgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command]
    with tempfile.TemporaryFile() as given:
        given.writelines(stream.requests)
        given.seek(0)
        done = subprocess.run(callgrind, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ, check=False)
    found = re.search(rb"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise Failure(f"{' '.join(callgrind)} failed: {done.stderr.decode(errors='replace')}")
    return int(found[1])
