"""The contenders of each part, and their inputs."""

import configparser
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import kinds, streams
from .builds import BENCHES, FOLDER, SUFFIX_LIST, Builds
from .feeder import Feeder, Sample, Step
from .names import Query, Resolver
from .streams import Stream
from .wide import wide

MIB = 1024 * 1024


@dataclass
class Contender:
    """One way to do the work: one process after another, each with its input."""

    name: str
    steps: list[Step]
    slow: bool = False
    """Whether it is run less often than the others."""
    replies: bool = True
    """Whether it answers each request with a reply, so that it can be run in lockstep."""
    streamed: list[Sample] = field(default_factory=list)
    lockstep: list[Sample] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.steps[0].stream.rows


@dataclass
class Part:
    """Contenders that do comparable work; all are compared with the one called `base`."""

    name: str
    title: str
    base: str
    contenders: list[Contender]


class Field:
    """Makes the parts, with as many events as are asked for."""

    def __init__(self, builds: Builds, feeder: Feeder, events: int, beside: list[str]) -> None:
        self.builds = builds
        self.queries = Resolver().queries(events)
        self.programs = {"": str(builds.program)} | {f" (beside {n})": path for n, path in enumerate(beside, 1)}
        """Our program and those to measure beside it, by the suffix of their names."""
        self.list = str(SUFFIX_LIST)
        self._feeder = feeder

    def parts(self) -> dict[str, Callable[[], Part]]:
        return {
            "narrow": self.narrow, "twice": self.twice, "wide": self.wide, "kinds": self.kinds, "map": self.map,
            "reduce": self.reduce,
        }  # fmt: skip

    def narrow(self) -> Part:
        """What a search runs: our command, the macros and lookups, the rivals, the floors."""
        queries, stream = self.queries, streams.narrow(self.queries)
        title = f"narrow stream: the name, the row's number, their __mv_ columns{largest(stream)}"
        contenders = [
            *self._pipes(stream),
            Contender("memchr: count newlines", [Step([self.floor("count")], stream)], replies=False),
            Contender("csv crate: read", [Step([self.floor("csv_read")], stream)]),
            Contender("csv crate: echo", [Step([self.floor("csv_echo")], stream)]),
            Contender("plain: csv + publicsuffix", [self.plain(stream)], slow=True),
            Contender("splunk-sdk + tldextract", [self.rival(stream)], slow=True),
            *self._ours("dnsentropy", lambda program: [Step([program, "dnsentropy"], stream)]),
            *self._ours("macros: parse_extended + shannon", lambda program: macros(program, queries), slow=True),
            *self._ours("lookups: parse_extended + shannon", lambda program: lookups(program, queries), slow=True, replies=False),
        ]
        if folder := os.environ.get("UTBOX"):
            steps = url_toolbox(Path(folder), self.queries[:20_000])
            contenders.append(Contender("URL Toolbox", steps, slow=True, replies=False))
        return Part("narrow", title, "dnsentropy", contenders)

    def twice(self) -> Part:
        """The narrow stream of a source that gives multivalues."""
        stream = streams.twice(self.queries)
        contenders = [
            Contender("csv crate: echo", [Step([self.floor("csv_echo")], stream)]),
            *self._ours("dnsentropy", lambda program: [Step([program, "dnsentropy"], stream)]),
        ]
        return Part("twice", f"narrow stream of Splunk Stream: each name twice{largest(stream)}", "dnsentropy", contenders)

    def wide(self) -> Part:
        """What a command without `required_fields` would get."""
        stream = wide(self.queries[: max(1, len(self.queries) // 10)])
        title = f"wide stream: 30 fields and their __mv_ columns, {stream.size // stream.rows:,} bytes a row{largest(stream)}"
        contenders = [
            *self._pipes(stream),
            Contender("memchr: count newlines", [Step([self.floor("count")], stream)], replies=False),
            Contender("csv crate: echo", [Step([self.floor("csv_echo")], stream)]),
            Contender("plain: csv + publicsuffix", [self.plain(stream)], slow=True),
            Contender("splunk-sdk + tldextract", [self.rival(stream)], slow=True),
            *self._ours("dnsentropy", lambda program: [Step([program, "dnsentropy"], stream)]),
        ]
        return Part("wide", title, "dnsentropy", contenders)

    def kinds(self) -> Part:
        """Sources that write all their names or rows in one form, and a mix."""
        names = kinds.Names(max(1, len(self.queries) // 4))
        inputs = {kinds.ORDINARY: names.ordinary()} | {kind.name: names.of(kind) for kind in kinds.KINDS}
        inputs[kinds.MIXED] = names.mixed()
        contenders = [
            contender
            for name, stream in inputs.items()
            for contender in self._ours(name, lambda program, stream=stream: [Step([program, "dnsentropy"], stream)])
        ]
        contenders.append(Contender(kinds.FLOOR, [Step([self.floor("csv_echo")], inputs[kinds.MIXED])]))
        title = "dnsentropy, narrow streams of one kind each: CPU time beside ordinary names, most of them new to the cache"
        return Part("kinds", title, kinds.ORDINARY, contenders)

    def map(self) -> Part:
        stream = streams.map_phase(self.queries)
        contenders = [
            Contender("csv crate: echo", [Step([self.floor("csv_echo")], stream)]),
            *self._ours("dnsexfil map", lambda program: [Step([program, "dnsexfil"], stream)]),
        ]
        return Part("map", f"dnsexfil query by src, map phase: events in{largest(stream)}", "dnsexfil map", contenders)

    def reduce(self) -> Part:
        partials, groups = self.partials(len(self.queries), len(self.queries))
        stream = streams.reduce_phase(partials, groups)
        title = f"dnsexfil query by src, reduce phase: {groups:,} groups in {len(partials):,} partial rows{largest(stream)}"
        contenders = [
            Contender("csv crate: echo", [Step([self.floor("csv_echo")], stream)]),
            *self._ours("dnsexfil reduce", lambda program: [Step([program, "dnsexfil"], stream)]),
        ]
        return Part("reduce", title, "dnsexfil reduce", contenders)

    def partials(self, count: int, events: int) -> tuple[list[str], int]:
        """Partial rows of at least `count` groups, and the number of groups, from search peers with `events` events each."""
        partials: list[str] = []
        peer = groups = 0
        while groups < count:
            peer += 1
            queries = Resolver(peer).queries(events)
            partials += self.map_out(queries)
            groups += streams.groups(queries)
        return partials, groups

    def map_out(self, queries: list[Query]) -> list[str]:
        """The partial rows that the map phase makes of events."""
        replies = bytearray()
        self._feeder.streamed(Step([str(self.builds.program), "dnsexfil"], streams.map_phase(queries)), replies)
        return [row["dnsexfil_partial"] for row in streams.rows(replies)]

    def rival(self, stream: Stream) -> Step:
        """The command in Python."""
        environment = {"SUFFIX_LIST": self.list, "CACHE": str(FOLDER / "tldextract")}
        return Step([str(self.builds.python), str(BENCHES / "sdk_command.py")], stream, environment)

    def plain(self, stream: Stream) -> Step:
        """The same work, put together plainly from crates."""
        return Step([self.floor("plain"), self.list], stream)

    def floor(self, name: str) -> str:
        return str(self.builds.floors / name)

    def _ours(self, name: str, steps: Callable[[str], list[Step]], slow: bool = False, replies: bool = True) -> list[Contender]:
        return [Contender(name + where, steps(path), slow, replies) for where, path in self.programs.items()]

    def _pipes(self, stream: Stream) -> list[Contender]:
        """The cost of pipes and feeder: as many bytes in and out as ours, and no work."""
        pilot = self._feeder.streamed(Step([str(self.builds.program), "dnsentropy"], stream))
        null = [self.floor("null"), str(pilot.out / stream.size)]
        return [
            Contender("null: pipes of 64 KiB", [Step(null, stream)]),
            Contender("null: pipes of 1 MiB", [Step([*null, str(MIB)], stream)]),
        ]


def largest(stream: Stream) -> str:
    return f"; largest chunk {max(map(len, stream.requests)) / MIB:.1f} MiB"


def macros(program: str, queries: list[Query]) -> list[Step]:
    """`ut_parse_extended(query,list)` and `ut_shannon(ut_subdomain)`: two commands of a search."""
    command = [program, "urltoolbox"]
    return [Step(command, streams.listed(queries)), Step(command, streams.subdomains(queries))]


def lookups(program: str, queries: list[Query]) -> list[Step]:
    """The same as external lookups."""
    extended = Step([program, "lookup", "ut_parse_extended"], streams.extended_lookup(queries))
    return [extended, Step([program, "lookup", "ut_shannon"], streams.shannon_lookup(queries))]


def url_toolbox(folder: Path, queries: list[Query]) -> list[Step]:
    """URL Toolbox's own scripts, as its transforms.conf calls them."""
    conf = configparser.ConfigParser(interpolation=None, strict=False)
    conf.read(folder / "default/transforms.conf")
    inputs = {
        "ut_parse_extended_lookup": [f"{q.name},mozilla" for q in queries],
        "ut_shannon_lookup": [q.subdomain for q in queries],
    }
    steps = []
    for lookup, given in inputs.items():
        script, *arguments = shlex.split(conf[lookup]["external_cmd"])
        fields = [name.strip() for name in conf[lookup]["fields_list"].split(",")]
        empty = "," * (len(fields) - 1 - given[0].count(","))
        stream = streams.lookup(",".join(fields) + "\n", [f"{cells}{empty}\n" for cells in given])
        steps.append(Step([sys.executable, str(folder / "bin" / script), *arguments], stream))
    return steps
