"""Streams that each have one kind of name or row, beside a stream of ordinary names.

Whole sources write all their names in one form. So each kind has the same names in the same order, and only the form
differs: a kind repeats as much as the ordinary names do. They are drawn from a pool of 20,000, each as likely as the others,
so most are not in the answer cache.

The last stream is mixed: 60 % of its names are from the pool, 30 % were made by machines and come once, 5 % are reverse
look-ups, 4 % long tunnels, 1 % odd forms and events with several values.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import cycle

from .names import BASE32, HEX, Resolver
from .streams import Stream, chunks, conversation

POOL = 20_000
ORDINARY = "ordinary names"
MIXED = "mixed"
FLOOR = "mixed: csv crate: echo"
HEADER = 'query,"_chunked_idx","__mv_query","__mv__chunked_idx"'
ACCENTS = str.maketrans("aeiou", "äéïöü")


@dataclass(frozen=True)
class Kind:
    """How a kind writes a row: from the name, the name of another event, and the row's number."""

    name: str
    aim: float | None
    """How many times the CPU time of ordinary names it is to take at most."""
    row: Callable[[str, str, int], str]
    end: str = "\n"


def value(form: Callable[[str], str]) -> Callable[[str, str, int], str]:
    """Rows with the name in another form."""
    return lambda name, _, number: f"{form(name)},{number},,"


def two_names(name: str, other: str, number: int) -> str:
    return f'"{name}\n{other}",{number},"${name}$;${other}$",'


def several(name: str, other: str, number: int) -> str:
    third = f"{number % 97}.{other}"
    return f'"{name}\n{other}\n{third}",{number},"${name}$;${other}$;${third}$",'


def windows(name: str) -> str:
    return "".join(f"({len(label)}){label}" for label in name.split(".")) + "(0)"


def labels(name: str, change: Callable[[str], str]) -> str:
    """The name with all labels but the last changed."""
    *others, last = name.split(".")
    return ".".join([*map(change, others), last])


def accented(name: str) -> str:
    return labels(name, lambda label: label.translate(ACCENTS))


def punycode(name: str) -> str:
    return labels(name, lambda label: "xn--" + label.translate(ACCENTS).encode("punycode").decode())


def escaped(name: str, form: str) -> str:
    """The bytes beyond ASCII as escapes."""
    return "".join(chr(byte) if byte < 0x80 else form.format(byte) for byte in accented(name).encode())


def address(name: str) -> str:
    chance = random.Random(name)
    return ".".join(str(chance.randrange(256)) for _ in range(4))


def address_v6(name: str) -> str:
    chance = random.Random(name)
    return "2001:db8:" + ":".join(f"{chance.randrange(1, 65_536):x}" for _ in range(6))


def in_middle(name: str, byte: str) -> str:
    return name[: len(name) // 2] + byte + name[len(name) // 2 :]


KINDS = [
    Kind("root dot", 1.5, value(lambda name: name + ".")),
    Kind("leading dot", 1.5, value(lambda name: "." + name)),
    Kind("leading dot and root dot", 1.5, value(lambda name: f".{name}.")),
    Kind("Windows' lengths", 1.5, value(windows)),
    Kind("one label", 1.5, value(lambda name: name.replace(".", "-"))),
    Kind("IPv4 address", 1.5, value(address)),
    Kind("IPv6 address", 1.5, value(address_v6)),
    Kind("two different names", 4, two_names),
    Kind("letters beyond ASCII", 5, value(accented)),
    Kind("punycode", 1.5, value(punycode)),
    Kind("escapes: \\DDD", 5, value(lambda name: escaped(name, "\\{:03}"))),
    Kind("escapes: \\xHH", 5, value(lambda name: escaped(name, "\\x{:02x}"))),
    Kind("rows that end in CR and LF", 5, value(str), "\r\n"),
    Kind("a CR in another cell", 5, lambda name, _, number: f"{name},{number}\r,,"),
    Kind("a CR after the name", 5, value(lambda name: name + "\r")),
    Kind("a quote in another cell", 5, lambda name, _, number: f'{name},4"{number},,'),
    Kind("a quote in the name", 5, value(lambda name: in_middle(name, '"'))),
    Kind("a missing cell", 5, lambda name, _, number: f"{name},{number},"),
    Kind("a cell too many", 5, lambda name, _, number: f"{name},{number},,,x"),
]


class Names:
    """The names of all streams."""

    def __init__(self, count: int) -> None:
        self._chance = random.Random(20250818)
        hosts = Resolver().hosts()
        # Domains themselves, of one label and a suffix, are no subdomains to measure.
        self._pool = self._chance.sample([host for host in hosts if host.count(".") > 1], POOL)
        self._count = count
        self._drawn = self._chance.choices(self._pool, k=count)

    def ordinary(self) -> Stream:
        return stream((value(str)(name, "", number) for number, name in enumerate(self._drawn)), "\n")

    def of(self, kind: Kind) -> Stream:
        others = [*self._drawn[1:], self._drawn[0]]
        return stream((kind.row(n, o, i) for i, (n, o) in enumerate(zip(self._drawn, others, strict=True))), kind.end)

    def mixed(self) -> Stream:
        shares = [(self._machine, 0.3), (self._reverse, 0.05), (self._tunnel, 0.04), (self._odd, 0.01)]
        rows = [row for make, share in shares for row in make(int(share * self._count))]
        rows += [value(str)(name, "", number) for number, name in enumerate(self._drawn[: self._count - len(rows)])]
        self._chance.shuffle(rows)
        return stream(rows, "\n")

    def _machine(self, count: int) -> Iterable[str]:
        endings = [".cloudfront.net", ".s3.amazonaws.com", ".g.videodelivery.net", ".telemetry.softvendor.com"]
        names = (self._text(HEX, 8, 32) + self._chance.choice(endings) for _ in range(count))
        return (value(str)(name, "", number) for number, name in enumerate(names))

    def _reverse(self, count: int) -> Iterable[str]:
        byte = self._chance.randrange
        return (f"{byte(256)}.{byte(256)}.{byte(256)}.10.in-addr.arpa,{number},," for number in range(count))

    def _tunnel(self, count: int) -> Iterable[str]:
        for number in range(count):
            yield ".".join(self._text(BASE32, 50, 63) for _ in range(3)) + f".t.tunnel{number % 7}.net,{number},,"

    def _odd(self, count: int) -> Iterable[str]:
        kinds = cycle([*KINDS, Kind("several values", None, several)])
        names = self._chance.choices(self._pool, k=2 * count)
        return (next(kinds).row(names[i], names[count + i], i) for i in range(count))

    def _text(self, alphabet: str, shortest: int, longest: int) -> str:
        return "".join(self._chance.choices(alphabet, k=self._chance.randint(shortest, longest)))


def stream(rows: Iterable[str], end: str) -> Stream:
    lines = ([row + end for row in chunk] for chunk in chunks(list(rows)))
    return conversation(["query"], HEADER + end, lines)
