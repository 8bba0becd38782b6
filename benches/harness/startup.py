"""Start-up: from the start of a process to its reply to getinfo, as often as a search on many peers starts one."""

import os
import statistics
import subprocess
import time
from dataclasses import dataclass

from . import streams
from .builds import Builds
from .contenders import Field
from .feeder import read_reply, write


@dataclass
class Start:
    """A program that is started again and again."""

    name: str
    command: list[str]
    replies: bool
    share: int = 1
    """It is started in one of so many rounds."""


def measure(field: Field, rounds: int) -> dict[str, float]:
    """Median milliseconds for each program."""
    request = streams.narrow(field.queries[:1]).requests[0]
    starts = programs(field.builds, field)
    taken: dict[str, list[float]] = {start.name: [] for start in starts}
    for number in range(rounds):
        for start in starts:
            if number % start.share == 0:
                taken[start.name].append(once(start, request, field))
    return {name: statistics.median(times) * 1e3 for name, times in taken.items()}


def programs(builds: Builds, field: Field) -> list[Start]:
    rival = field.rival(streams.narrow([])).steps[0].command
    return [
        Start("empty static program, to its end", [str(builds.floors / "empty")], False),
        Start("dnsentropy", [str(builds.program), "dnsentropy"], True),
        Start("dnsentropy.sh, as splunkd starts it", [str(builds.app / "bin/dnsentropy.sh"), "dnsentropy"], True),
        Start("dnsexfil", [str(builds.program), "dnsexfil"], True),
        Start("splunk-sdk + tldextract", rival, True, 20),
    ]


def once(start: Start, request: bytes, field: Field) -> float:
    """The seconds of one start."""
    environment = os.environ | field.rival(streams.narrow([])).steps[0].environment
    buffer = memoryview(bytearray(65536))
    begin = time.perf_counter()
    process = subprocess.Popen(start.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment)
    assert process.stdin and process.stdout
    with process:
        if start.replies:
            write(process.stdin.fileno(), request)
            read_reply(process.stdout.fileno(), buffer)
        else:
            process.wait()
        taken = time.perf_counter() - begin
    return taken
