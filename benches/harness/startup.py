"""Start-up: from the start of a process to its reply to getinfo, as often as a search on many peers starts one."""

import os
import statistics
import subprocess
import time

from . import streams
from .contenders import Field
from .feeder import Step, read_reply, write

RIVAL = "splunk-sdk + tldextract"


def measure(field: Field, rounds: int) -> dict[str, float]:
    """Median milliseconds of each program; the slow one takes part in some rounds."""
    stream = streams.narrow([])
    starts = {
        "empty static program, to its end": Step([field.floor("empty")], stream),
        "dnsentropy": Step([str(field.builds.program), "dnsentropy"], stream),
        "dnsentropy.sh, as splunkd starts it": Step([str(field.builds.app / "bin/dnsentropy.sh"), "dnsentropy"], stream),
        "dnsexfil": Step([str(field.builds.program), "dnsexfil"], stream),
        RIVAL: field.rival(stream),
    }
    taken: dict[str, list[float]] = {name: [] for name in starts}
    for number in range(rounds):
        for name, step in starts.items():
            if name != RIVAL or number % 20 == 0:
                taken[name].append(once(step, name.startswith("empty")))
    return {name: statistics.median(times) * 1e3 for name, times in taken.items()}


def once(step: Step, to_its_end: bool) -> float:
    """The seconds of one start."""
    buffer = memoryview(bytearray(65536))
    environment = os.environ | step.environment
    begin = time.perf_counter()
    process = subprocess.Popen(step.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment)
    assert process.stdin and process.stdout
    with process:
        if to_its_end:
            process.wait()
        else:
            write(process.stdin.fileno(), step.stream.requests[0])
            read_reply(process.stdout.fileno(), buffer)
        return time.perf_counter() - begin
