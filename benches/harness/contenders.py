"""Who is measured on what."""

import configparser
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import streams
from .builds import BENCHES, FOLDER, SUFFIX_LIST, Builds
from .feeder import Feeder, Sample, Step
from .names import Query, Resolver
from .streams import Stream
from .wide import wide

WIDE_PIPE = 1024 * 1024
OURS = "dnsentropy"


@dataclass
class Contender:
    """A way to do the work: one process after another, each with its input."""

    name: str
    steps: list[Step]
    slow: bool = False
    """Whether it is run less often than the others."""
    streamed: list[Sample] = field(default_factory=list)
    lockstep: list[Sample] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.steps[0].stream.rows

    @property
    def chunked(self) -> bool:
        """Whether it converses by the protocol, so that it can be run in lockstep."""
        return all(step.stream.chunked for step in self.steps) and "memchr" not in self.name


@dataclass
class Part:
    """Contenders that do comparable work; all are compared with `base`."""

    name: str
    title: str
    contenders: list[Contender]
    base: str


class Field:
    """Makes the parts, with as many events as are asked for."""

    def __init__(self, builds: Builds, feeder: Feeder, events: int, beside: list[str]) -> None:
        self.builds = builds
        self.queries = Resolver().queries(events)
        self._feeder = feeder
        self._programs = {"": str(builds.program)} | {f" ({path})": path for path in beside}

    def parts(self) -> dict[str, Callable[[], Part]]:
        return {"narrow": self.narrow, "wide": self.wide, "map": self.map, "reduce": self.reduce}

    def narrow(self) -> Part:
        stream = streams.narrow(self.queries)
        title = "narrow stream: the name, the row's number, their __mv_ columns"
        contenders = [
            *self._pipes(stream),
            contender("memchr: count newlines", [self._floor("count")], stream),
            contender("csv crate: read", [self._floor("csv_read")], stream),
            contender("csv crate: echo", [self._floor("csv_echo")], stream),
            contender("plain: csv + publicsuffix", [self._floor("plain"), str(SUFFIX_LIST)], stream),
            self.rival(stream),
            *self._ours("dnsentropy", "dnsentropy", stream),
            *self.compatible(self.queries),
        ]
        if folder := os.environ.get("UTBOX"):
            contenders.append(url_toolbox(Path(folder), self.queries[:20_000]))
        return Part("narrow", title, contenders, OURS)

    def wide(self) -> Part:
        stream = wide(self.queries[: max(1, len(self.queries) // 20)])
        title = f"wide stream: 30 fields and their __mv_ columns, {stream.size // stream.rows:,} bytes a row"
        contenders = [
            *self._pipes(stream),
            contender("memchr: count newlines", [self._floor("count")], stream),
            contender("csv crate: echo", [self._floor("csv_echo")], stream),
            contender("plain: csv + publicsuffix", [self._floor("plain"), str(SUFFIX_LIST)], stream),
            self.rival(stream),
            *self._ours("dnsentropy", "dnsentropy", stream),
        ]
        return Part("wide", title, contenders, OURS)

    def map(self) -> Part:
        stream = streams.map_phase(self.queries)
        contenders = [
            contender("csv crate: echo", [self._floor("csv_echo")], stream),
            *self._ours("dnsexfil map", "dnsexfil", stream),
        ]
        return Part("map", "dnsexfil query by src, map phase: events in", contenders, "dnsexfil map")

    def reduce(self) -> Part:
        stream = streams.reduce_phase(self.partials(len(self.queries)))
        contenders = [
            contender("csv crate: echo", [self._floor("csv_echo")], stream),
            *self._ours("dnsexfil reduce", "dnsexfil", stream),
        ]
        title = f"dnsexfil query by src, reduce phase: partial rows in, {stream.size // stream.rows:,} bytes each"
        return Part("reduce", title, contenders, "dnsexfil reduce")

    def partials(self, count: int) -> list[str]:
        """So many partial rows, from the map phase on search peers that each saw as many events as the other parts have."""
        partials: list[str] = []
        peer = 0
        while len(partials) < count:
            queries = Resolver(1_000 + peer).queries(len(self.queries))
            replies = bytearray()
            self._feeder.streamed(step([str(self.builds.program), "dnsexfil"], streams.map_phase(queries)), replies)
            for body in streams.bodies(bytes(replies)):
                partials.extend(row["dnsexfil_partial"] for row in streams.table(body))
            peer += 1
        return partials[:count]

    def rival(self, stream: Stream) -> Contender:
        command = [str(self.builds.python), str(BENCHES / "sdk_command.py")]
        environment = {"SUFFIX_LIST": str(SUFFIX_LIST), "CACHE": str(FOLDER / "tldextract")}
        return Contender("splunk-sdk + tldextract", [Step(command, stream, environment)], slow=True)

    def compatible(self, queries: list[Query]) -> list[Contender]:
        """The macros and lookups that take URL Toolbox's place."""
        program = str(self.builds.program)
        macros = [
            step([program, "urltoolbox"], streams.listed(queries)),
            step([program, "urltoolbox"], streams.subdomains(queries)),
        ]
        lookups = [
            step([program, "lookup", "ut_parse_extended"], streams.extended_lookup(queries)),
            step([program, "lookup", "ut_shannon"], streams.shannon_lookup(queries)),
        ]
        return [
            Contender("macros: parse_extended + shannon", macros),
            Contender("lookups: parse_extended + shannon", lookups),
        ]

    def _ours(self, name: str, argument: str, stream: Stream) -> list[Contender]:
        return [contender(name + where, [path, argument], stream) for where, path in self._programs.items()]

    def _floor(self, name: str) -> str:
        return str(self.builds.floors / name)

    def _pipes(self, stream: Stream) -> list[Contender]:
        """What the pipes and the feeder take: as many bytes in and out as ours, and no work."""
        pilot = self._feeder.streamed(step([str(self.builds.program), "dnsentropy"], stream))
        null = [self._floor("null"), str(pilot.out / stream.size)]
        return [
            contender("null: pipes of 64 KiB", null, stream),
            contender("null: pipes of 1 MiB", [*null, str(WIDE_PIPE)], stream),
        ]


def contender(name: str, command: list[str], stream: Stream) -> Contender:
    return Contender(name, [step(command, stream)])


def step(command: list[str], stream: Stream) -> Step:
    return Step(command, stream, {})


def url_toolbox(folder: Path, queries: list[Query]) -> Contender:
    """URL Toolbox's own scripts, as its transforms.conf calls them."""
    conf = configparser.ConfigParser(interpolation=None, strict=False)
    conf.read(folder / "default/transforms.conf")
    rows = {
        "ut_parse_extended_lookup": [f"{q.name},mozilla" for q in queries],
        "ut_shannon_lookup": [q.subdomain for q in queries],
    }
    steps = []
    for lookup, given in rows.items():
        script, *arguments = shlex.split(conf[lookup]["external_cmd"])
        fields = [name.strip() for name in conf[lookup]["fields_list"].split(",")]
        empty = "," * (len(fields) - 1 - given[0].count(","))
        stream = streams.lookup(",".join(fields) + "\n", [f"{cells}{empty}\n" for cells in given])
        steps.append(step([sys.executable, str(folder / "bin" / script), *arguments], stream))
    return Contender("URL Toolbox", steps, slow=True)
