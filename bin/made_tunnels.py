"""Tunnels made for bin/evaluate: what scripts for exfiltration would ask for. Each is one client's queries."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from detector_data import Event

WORDS = (Path(__file__).resolve().parent.parent / "data/models/words.txt").read_text(encoding="ascii").split()


def encoded(
    encode: Callable[[bytes], str], size: int, count: int, chance: random.Random, number: int
) -> Iterator[Event]:
    """`count` queries that carry `size` bytes each."""
    for _ in range(count):
        yield Event(f"made {number}", f"{encode(chance.randbytes(size))}.example.com")


def hexadecimal(data: bytes) -> str:
    return data.hex()


def base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def lower_base64(data: bytes) -> str:
    """As sensors that fold case show base64."""
    return base64url(data).lower()


def decimal(data: bytes) -> str:
    return str(int.from_bytes(data, "big"))


def nibbles(data: bytes) -> str:
    return ".".join(data.hex())


def addresses(data: bytes) -> str:
    return ".".join(map(str, data))


def words(data: bytes) -> str:
    return "-".join(WORDS[int.from_bytes(data[i : i + 2], "big") % len(WORDS)] for i in range(0, len(data), 2))


def under_www(data: bytes) -> str:
    return f"{base32(data)}.www.static"


def as_digest(data: bytes) -> str:
    return data.hex().ljust(32, "0")[:32]


def as_service(data: bytes) -> str:
    return f"{base32(data)}._tcp"


def twice(chance: random.Random, number: int) -> Iterator[Event]:
    """A and AAAA for each name."""
    for event in encoded(base64url, 12, 10, chance, number):
        yield event
        yield event


def among_ordinary(chance: random.Random, number: int) -> Iterator[Event]:
    """Three encoded names among three ordinary ones."""
    yield from encoded(base64url, 12, 3, chance, number)
    for name in ("www", "mail", "static"):
        yield Event(f"made {number}", f"{name}.example.com")


MADE: dict[str, Callable[[random.Random, int], Iterator[Event]]] = {
    "base64, 16 characters, 400 queries": partial(encoded, base64url, 12, 400),
    "base64, 16 characters, 24 (one an hour)": partial(encoded, base64url, 12, 24),
    "base64, 16 characters, 3": partial(encoded, base64url, 12, 3),
    "base64, 16 characters, 2": partial(encoded, base64url, 12, 2),
    "base64, 16 characters, 1": partial(encoded, base64url, 12, 1),
    "base64, 8 characters, 10": partial(encoded, base64url, 6, 10),
    "base64, 16 characters, 10 asked twice": twice,
    "base64, 16 characters, 3 among ordinary": among_ordinary,
    "lower-cased base64, 16 characters, 3": partial(encoded, lower_base64, 12, 3),
    "base32, 24 characters, 3": partial(encoded, base32, 15, 3),
    "base32, 8 characters, 10": partial(encoded, base32, 5, 10),
    "base32, 24 characters, before www.static": partial(encoded, under_www, 15, 3),
    "base32, 24 characters, before _tcp, 20": partial(encoded, as_service, 15, 20),
    "hex, 24 characters, 3": partial(encoded, hexadecimal, 12, 3),
    "hex, 60 characters, 1": partial(encoded, hexadecimal, 30, 1),
    "hex, 32 characters (as digests), 3": partial(encoded, as_digest, 16, 3),
    "hex, 32 characters (as digests), 20": partial(encoded, as_digest, 16, 20),
    "hex, 32 characters (as digests), 200": partial(encoded, as_digest, 16, 200),
    "hex, 8 characters, 10": partial(encoded, hexadecimal, 4, 10),
    "a label for each hex digit, 20": partial(encoded, nibbles, 12, 20),
    "as IPv4 addresses, 200": partial(encoded, addresses, 4, 200),
    "decimal, 19 or so digits, 20": partial(encoded, decimal, 8, 20),
    "decimal, 19 or so digits, 200": partial(encoded, decimal, 8, 200),
    "dictionary, 3 words a name, 20": partial(encoded, words, 6, 20),
    "dictionary, 3 words a name, 500": partial(encoded, words, 6, 500),
}
