"""Talks to a search command in Splunk's chunked protocol (version 2), and rejects every deviation from it."""

from __future__ import annotations

import json
import os
import re
import selectors
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Not a real key. A command must not repeat it anywhere.
SESSION_KEY = "5e55104" * 16
# What the user sees of a command that fails.
UNEXPECTED_EXIT = "External search command exited unexpectedly with non-zero error code {}"
HEADERS = {"plain": b"chunked 1.0,%d,%d\n", "spaced": b"chunked 1.0, %d, %d\r\n"}

Metadata = dict[str, Any]


class ProtocolError(AssertionError):
    """The command broke the protocol."""


class Conversation:
    """One process of a command; leaving the context without `finish`, `hang_up` or `abandon` kills it.

    `header` is how the line before each message is written, `piece` the most bytes that one write sends.
    """

    def __init__(
        self, argv: Sequence[str], cwd: Path, timeout: float, header: str = "plain", piece: int = 65_536
    ) -> None:
        self._timeout, self._header, self._piece = timeout, HEADERS[header], piece
        environment = {"PATH": "/usr/bin:/bin", "SPLUNK_HOME": str(cwd)}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            argv, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd, env=environment, bufsize=0
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._stdin, self._stdout, self._stderr = self._process.stdin, self._process.stdout, self._process.stderr
        self._unsent, self._received, self._errors = memoryview(b""), bytearray(), bytearray()
        self._selector = selectors.DefaultSelector()
        for stream in (self._stdout, self._stderr, self._stdin):
            os.set_blocking(stream.fileno(), False)
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._stdin, self._stdout, self._stderr):
            stream.close()
        self._selector.close()

    def request(self, metadata: Metadata, body: bytes, ending: str = "") -> tuple[Metadata, bytes]:
        """Send one whole message, then read the one reply to it; raises ProtocolError."""
        spaced = (", ", ": ") if ending else (",", ":")
        head = (json.dumps(metadata, separators=spaced) + ending).encode()
        self._send(self._header % (len(head), len(body)) + head + body)
        deadline = time.monotonic() + self._timeout
        while (reply := self._reply()) is None:
            if not self._pump(deadline):
                raise self._ended("the command ended instead of replying")
        return reply

    def finish(self, close: bool = False) -> None:
        """After the last reply, which closes the command's input or not: the command must end and write no more."""
        if close:
            self._stdin.close()
        self._end()

    def hang_up(self) -> None:
        """Close the command's input between two messages: a normal end."""
        self._stdin.close()
        self._end()

    def abandon(self) -> None:
        """Close both pipes, as for `| head`: a normal end, even while the command writes a reply."""
        self._selector.unregister(self._stdout)
        self._stdout.close()
        self._stdin.close()
        self._end()

    def _send(self, message: bytes) -> None:
        if self._received:
            raise self._broken("more than one reply to a request")
        self._unsent = memoryview(message)
        self._selector.register(self._stdin, selectors.EVENT_WRITE)
        deadline = time.monotonic() + self._timeout
        while self._unsent:
            running = self._pump(deadline)
            if self._received:
                raise self._broken("output before the whole request was read")
            if not running:
                raise self._ended("the command ended instead of reading its input")
        self._selector.unregister(self._stdin)

    def _pump(self, deadline: float) -> bool:
        """Wait for a pipe, then read and write what it allows; returns False after the end of the command's output."""
        ready = self._selector.select(max(0, deadline - time.monotonic()))
        if not ready:
            raise self._broken(f"nothing happened for {self._timeout} seconds")
        running = True
        for key, _ in ready:
            if key.fileobj is self._stdin:
                try:
                    self._unsent = self._unsent[os.write(key.fd, self._unsent[: self._piece]) :]
                except BrokenPipeError:
                    raise self._ended("the command closed its input") from None
                continue
            data = os.read(key.fd, 1 << 20)
            (self._received if key.fileobj is self._stdout else self._errors).extend(data)
            if not data:
                self._selector.unregister(key.fileobj)
                running = running and key.fileobj is not self._stdout
        return running

    def _reply(self) -> tuple[Metadata, bytes] | None:
        """The reply, or None until all of it has arrived."""
        line, newline, _ = bytes(self._received[:60]).partition(b"\n")
        header = re.fullmatch(rb"chunked 1\.0,([0-9]+),([0-9]+)", line)
        if header is None:
            if newline or len(line) == 60 or not b"chunked 1.0,".startswith(line[:12]):
                raise self._broken(f"the chunk header is malformed: {line!r}")
            return None
        middle = len(line) + 1 + int(header[1])
        end = middle + int(header[2])
        if not newline or len(self._received) < end:
            return None
        head, body = bytes(self._received[len(line) + 1 : middle]), bytes(self._received[middle:end])
        del self._received[:end]
        if self._received:
            raise self._broken(f"more than one reply, or a wrong length: {bytes(self._received[:80])!r}")
        if SESSION_KEY.encode() in head + body:
            raise self._broken("the reply contains the session key")
        try:
            return json.loads(head.decode("utf-8")), body
        except ValueError as error:
            raise self._broken(f"the metadata is not JSON: {error}: {head!r}") from None

    def _end(self) -> None:
        deadline = time.monotonic() + self._timeout
        while self._selector.get_map():
            self._pump(deadline)
        if self._received:
            raise self._broken(f"output after the last reply: {bytes(self._received[:80])!r}")
        try:
            status = self._process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            raise self._broken("the command does not end") from None
        if status != 0:
            raise self._broken(UNEXPECTED_EXIT.format(status))
        if SESSION_KEY.encode() in self._errors:
            raise self._broken("the log contains the session key")

    def _ended(self, what: str) -> ProtocolError:
        """The error for an end in the middle, with what the user sees if the command failed."""
        try:
            status = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return self._broken(what)
        return self._broken(f"{what}: {UNEXPECTED_EXIT.format(status)}" if status else what)

    def _broken(self, what: str) -> ProtocolError:
        log = self._errors.decode("utf-8", "replace")
        return ProtocolError(what + (f"; its log: {log}" if log else ""))
