"""Runs a contender and measures it: one way for all, so that it is fair.

*Streamed*: a thread writes all requests as fast as the pipe takes them, with one system call for each, while the replies are
drained. *Lockstep*: a request, then its whole reply, as splunkd does. Pipes are as the system makes them (64 KiB) unless
the contender widens its own. The clock runs from the start of the process to the end of its output.
"""

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .streams import Stream

BLOCK = 1024 * 1024
LIMIT = 600
"""Seconds after which a run is given up."""


class Failure(Exception):
    """A contender that does not do its work."""


@dataclass(frozen=True)
class Step:
    """One process and what it gets."""

    command: list[str]
    stream: Stream
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """What one run took."""

    wall: float
    cpu: float
    """User and system seconds of the process."""
    peak: int
    """Bytes of memory, at most."""
    out: int
    """Bytes written."""

    def __add__(self, other: "Sample") -> "Sample":
        return Sample(self.wall + other.wall, self.cpu + other.cpu, max(self.peak, other.peak), self.out + other.out)


class Feeder:
    """Starts contenders through the program `measured`, which reports what they used."""

    def __init__(self, measured: Path, one_core: bool = False) -> None:
        self._start = [*(["taskset", "--cpu-list", "0"] if one_core else []), str(measured)]

    def streamed(self, step: Step, keep: bytearray | None = None) -> Sample:
        return self._run(step, lambda process: stream(process, step.stream.requests, keep))

    def lockstep(self, step: Step) -> Sample:
        return self._run(step, lambda process: converse(process, step.stream.requests))

    def _run(self, step: Step, feed: Callable[[subprocess.Popen[bytes]], int]) -> Sample:
        with tempfile.NamedTemporaryFile("r") as report, tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                [*self._start, report.name, *step.command],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0, env=os.environ | step.environment,
                process_group=0,
            )  # fmt: skip
            watchdog = threading.Timer(LIMIT, end_group, [process])
            watchdog.start()
            try:
                out = feed(process)
                end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                status = process.wait()
            finally:
                watchdog.cancel()
                end_group(process)
            if status != 0:
                errors.seek(0)
                raise Failure(f"{' '.join(step.command)} ended with {status}: {errors.read().decode(errors='replace')}")
            used = json.load(report)
        cpu = (used["user_us"] + used["system_us"]) / 1e6
        return Sample((end - used["start_ns"]) / 1e9, cpu, used["peak_kib"] * 1024, out)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends `measured` and the contender, where they have not ended themselves."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def stream(process: subprocess.Popen[bytes], requests: list[bytes], keep: bytearray | None) -> int:
    """Writes all requests while the replies are read; how many bytes those have."""
    assert process.stdin and process.stdout
    writer = threading.Thread(target=write_all, args=(process.stdin, requests))
    writer.start()
    buffer = bytearray(BLOCK)
    descriptor, out = process.stdout.fileno(), 0
    while length := os.readv(descriptor, [buffer]):
        out += length
        if keep is not None:
            keep += buffer[:length]
    writer.join()
    return out


def write_all(pipe: IO[bytes], requests: list[bytes]) -> None:
    try:
        for request in requests:
            write(pipe.fileno(), request)
        pipe.close()
    except BrokenPipeError:
        pass  # Its exit status says whether the program may leave early.


def converse(process: subprocess.Popen[bytes], requests: list[bytes]) -> int:
    """Writes each request when the reply to the one before was read; how many bytes the replies have."""
    assert process.stdin and process.stdout
    buffer = memoryview(bytearray(BLOCK))
    out = 0
    for request in requests:
        write(process.stdin.fileno(), request)
        out += read_reply(process.stdout.fileno(), buffer)
    process.stdin.close()
    if os.read(process.stdout.fileno(), 1):
        raise Failure("a program says more than it is asked")
    return out


def read_reply(descriptor: int, buffer: memoryview) -> int:
    """Reads one message to its end; its length."""
    have, total = 0, None
    while total is None or have < total:
        # Nothing follows a reply before the next request, so the buffer can be reused.
        start = have if total is None else 0
        length = os.readv(descriptor, [buffer[start:]])
        if length == 0:
            raise Failure("a program ended before its reply")
        have += length
        if total is None and (end := bytes(buffer[:100]).find(b"\n", 0, have)) >= 0:
            metadata, body = map(int, bytes(buffer[len(b"chunked 1.0,") : end]).split(b","))
            total = end + 1 + metadata + body
    return have


def write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
