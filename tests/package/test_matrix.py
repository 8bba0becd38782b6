"""Every search of the app returns the same in each reading of what Splunk does: see spl/splunkd/options.py."""

from __future__ import annotations

import json
import re
import shutil
import unittest
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, permutations, product
from typing import NamedTuple
from xml.etree import ElementTree

from harness import ROOT, PackageTest
from spl import COMMANDS, Clock, Splunk
from spl.check import corpus
from spl.errors import SearchError
from spl.language.pipeline import parse
from spl.splunkd.app import App
from spl.splunkd.options import Options
from spl.splunkd.program import CommandError
from spl.splunkd.rows import Event
from test_alerts import (
    DAILY, DAY, DOMAINS, EXFILTRATION, FIRST_SEEN, HOSTS, LEAK, LOW_AND_SLOW, OUTLIER, TODAY, WATCHLIST, encoded, query,
)  # fmt: skip

KEPT, STRIPPED, NOT_RAW = Options(), Options(commas="stripped"), Options(raw_args=False)
WORDS = {"kept": KEPT, "stripped": STRIPPED, "not raw": NOT_RAW}


class Reading(NamedTuple):
    """One reading: how words are split, the number of peers, the map phase, and further doubts."""

    words: str
    peers: int
    map_phase: str
    more: dict[str, object]

    @property
    def options(self) -> Options:
        """The options of a server that behaves so."""
        words = WORDS[self.words]
        return Options(commas=words.commas, raw_args=words.raw_args, map_phase=self.map_phase, **self.more)


# A client that makes long names after six days with short ones.
QUIET = "10.0.3.8"
TWICE = {"getinfos": 2, "preview": True, "will_restart": True}
# Each pair of words, peers and map phases is in a row.
READINGS = (
    Reading("kept", 0, "once", {"previews": True, "header": "spaced", "last_at_once": True}),
    Reading("kept", 1, "skipped", {"chunk_rows": 97, "maxresultrows": "0", "piece": 997}),
    Reading("kept", 3, "some", {"spread": "by fields", "arrival": "interleaved", **TWICE}),
    Reading("kept", 21, "twice", {"spread": "one empty", "previews": True, "empty_chunk": "header"}),
    Reading("stripped", 0, "skipped", {"version": "6.3", "chunk_rows": 211}),
    Reading("stripped", 1, "some", {"previews": True, "header": "spaced", "last_at_once": True}),
    Reading("stripped", 3, "twice", {"spread": "one empty", "arrival": "interleaved", "empty_chunk": "header"}),
    Reading("stripped", 21, "once", {"spread": "by fields", "arrival": "interleaved", **TWICE}),
    Reading("not raw", 0, "some", {"maxresultrows": "missing", "quoting": "all", **TWICE}),
    Reading("not raw", 1, "twice", {"version": "6.3", "last_at_once": True}),
    Reading("not raw", 3, "once", {"spread": "by fields", "previews": True, "header": "spaced"}),
    Reading("not raw", 21, "skipped", {"arrival": "interleaved", "chunk_rows": 211, "quoting": "minimal"}),
    Reading("kept", 0, "twice", {"chunk_rows": 97, "last_at_once": True, "previews": True}),
    Reading("kept", 1, "once", {"piece": 997, **TWICE}),
    Reading("kept", 3, "skipped", {"spread": "by fields", "previews": True, "maxresultrows": "0"}),
    Reading("kept", 21, "some", {"spread": "one empty", "arrival": "interleaved", "chunk_rows": 211}),
)

# Searches as people type them; those of a group return the same table.
TYPED = (
    (
        'dnsentropy query fields="domain,subdomain"', "dnsentropy query fields=domain,subdomain",
        'dnsentropy query fields="domain, subdomain"', 'dnsentropy query fields="domain subdomain"',
        "dnsentropy query fields = domain, subdomain", "dnsentropy query fields=domain, subdomain",
        'dnsentropy query fields = "domain,subdomain"', "dnsentropy query fields= domain , subdomain",
        "dnsentropy fields=domain,subdomain query", "dnsentropy fields=domain,subdomain field=query",
    ),
    (
        "dnsexfil query by src dest min_score=70", "dnsexfil query by src, dest min_score = 70",
        "dnsexfil query by src,dest min_score=70", "dnsexfil query by src , dest min_score =70",
        'dnsexfil "query" by "src" "dest" min_score="70"', "dnsexfil 'query' by 'src', 'dest' min_score= 70",
        "dnsexfil min_score = 70 field = query by src, dest", 'dnsexfil query BY src dest min_score = "70"',
    ),
    (
        "dnsentropy query list=icann", "dnsentropy query list= icann", "dnsentropy query list =icann",
        'dnsentropy query list = "icann"', "dnsentropy list = icann query", "dnsentropy 'query' list=icann",
    ),
    ("dnsexfil query by src", "dnsexfil 'query' by 'src'", "dnsexfil query, by src", 'dnsexfil field = "query" by src'),
    ("dnsexfil query by src limit=1000000", "dnsexfil query by src limit=0", "dnsexfil query by src limit = 0"),
)  # fmt: skip
# Calls that are wrong: an empty table would hide that.
MISTAKES = (
    "dnsexfil query by src as x", "dnsexfil query by src AS client dest", "dnsexfil query by src by dest",
    "dnsexfil query by src span=1h", "dnsexfil query by src span = 1h", "dnsexfil query by src min_score=high",
    "dnsexfil query by src min_score = high", "dnsexfil query by src, dest limit = many", "dnsexfil query by",
    "dnsexfil query by src min_score =", "dnsexfil query by src list= mozila", "dnsexfil query answer by src",
    "dnsentropy query fields=domain,colour", "dnsentropy query fields = domain, colour",
    'dnsentropy query fields="domain colour"', "dnsentropy query list= mozila", "dnsentropy query mode = fast",
    "dnsentropy query, answer", "dnsentropy query fields =",
)  # fmt: skip
# Partial results of older and newer versions, and a text that is not one.
OTHER_PARTIALS = ("2:AAAA", "3:AAAA", "3f:1;1;0", '{"version":1}', "999:AAAA", "none")
# Commands that keep the order of the rows before them.
KEEP_ORDER = {"table", "head", "dedup", "eventstats", "streamstats", "append", "addinfo"}
SAMPLE = re.compile(r"\|\s*(dnsbuiltin sample|inputlookup dnsentropy_sample)\b")
REST = re.compile(r"\|\s*rest\s")


class Result(NamedTuple):
    """The rows of a search, the warnings that the user saw with it, and the error that the user saw instead."""

    rows: list[str]
    warnings: set[str]
    error: str = ""


def comparable(text: str, rows: Sequence[Event], app: App) -> list[str]:
    """The rows without what SPL does not promise: the order, unless dnsexfil gives one, and the last digits of sums."""
    lines = [json.dumps({name: [number(v) for v in values] for name, values in sorted(row.items())}) for row in rows]
    names = [command.name for command in parse(text, app)]
    after = names[len(names) - names[::-1].index("dnsexfil") :] if "dnsexfil" in names else ["stats"]
    is_ordered = all(name in KEEP_ORDER or always_streams(name) for name in after)
    return lines if is_ordered else sorted(lines)


def always_streams(name: str) -> bool:
    """Whether a command of Splunk's handles each row by itself."""
    return name in COMMANDS and all(COMMANDS[name].streaming(command) for command in parse(f"| {name}"))


def number(value: str) -> str:
    """A number with as many digits as do not depend on the order of a sum."""
    return f"{float(value):.9g}" if re.fullmatch(r"-?\d+\.\d+(e-?\d+)?", value) else value


class MatrixTest(PackageTest):
    """Events for the searches."""

    def past(self) -> list[Event]:
        """A thin sample of the sample, spread over six days before TODAY."""
        leak, others = [], []
        for event in self.sample:
            is_leak = any(LEAK[1] in name for name in event.get("query", []))
            (leak if is_leak else others).append(event)
        thin = leak[::4] + others[::12]
        times = (TODAY - DAY * (1 + at % 6) + 37_000 + 20 * at for at in range(len(thin)))
        quiet = (query(TODAY - DAY * (1 + day) + 9_000, "www.quiet.example", QUIET) for day in range(6))
        return [
            *(event | {"_time": [f"{time:.3f}"]} for event, time in zip(thin, times)),
            *(event | {"index": ["botsv2"]} for event in quiet),
            *self.odd(TODAY - 40_000),
        ]

    def recent(self) -> list[Event]:
        """An hour of TODAY: the leak, a new domain, and a host whose names are longer than before."""
        leak = [event for event in self.sample if any(LEAK[1] in name for name in event.get("query", []))][::8]
        moved = [event | {"_time": [f"{TODAY + 20 * at:.3f}"]} for at, event in enumerate(leak)]
        fresh = [query(TODAY + 30 * n, encoded(n), QUIET) for n in range(30)]
        return [event | {"index": ["botsv2"]} for event in moved + fresh] + self.odd(TODAY + 100)

    def odd(self, time: float) -> list[Event]:
        """Events with other fields: arrays, older names, several values, no client, no type."""
        plain = query(time, "www.oddity.example") | {"index": ["botsv2"]}
        without = {name: values for name, values in plain.items() if name not in ("src", "query_type", "query")}
        return [
            without | {"query{}": ["a.oddity.example", "b.oddity.example"], "src_ip": ["10.0.3.9"]},
            without | {"query": ["c.oddity.example", "c.oddity.example"], "src": ["10.0.3.9", "10.0.3.10"]},
            without | {"query": ["d.oddity.example"]},
            without | {"query": ['odd"name, with $ignes.oddity.example'], "src": ["10.0.3.9"], "dest": ["a, b"]},
            {name: plain[name] for name in ("index", "_time", "sourcetype")},
        ]


class Step(NamedTuple):
    """A search, its events, and the numbers of peers in whose readings it runs."""

    where: str
    text: str
    events: list[Event]
    peers: tuple[int, ...] = (0, 1, 3, 21)


class EverySearch(MatrixTest):
    """Saved searches, views and documents, in each reading."""

    def steps(self, app: App) -> Iterator[Step]:
        """The searches in the order of a server's life: alerts before and after the baselines."""
        saved = {name: stanza["search"] for name, stanza in app.settings("savedsearches.conf").items()}
        writers = [name for name in saved if name.endswith("- Lookup Gen")]
        writers.sort(key=lambda name: "Retention" in name)
        rules = [name for name in saved if name.endswith("- Rule")]
        past, recent = self.past(), self.recent()
        yield from (Step(f"{name}, at first", saved[name], recent) for name in rules)
        yield from (Step(name, saved[name], past) for name in writers)
        yield from (Step(name, text, recent) for name, text in saved.items() if name not in writers)
        yield from (Step(search.where, search.text, recent) for search in views(app))
        # They have each way to split words, and each map phase, with three peers.
        yield from (Step(f"{found.where}, {at}", found.text, past, (3,)) for at, found in enumerate(documents(app)))

    def results(self, peers: int, options: Options, everything: bool = False) -> dict[str, Result]:
        """The results of the searches of a reading, or all, on a server of their own, by where the searches are."""
        root = self.folder() / "apps" / self.app.name
        shutil.copytree(self.app.root, root)
        server = self.splunk(peers, options, App(root))
        results = {}
        for step in self.steps(server.app):
            text = server.app.expand(step.text)
            # The sample has many rows, and they are on the search head. `rest` lists peers and jobs.
            chosen = (0,) if SAMPLE.match(text) else step.peers
            if not REST.search(text) and (everything or peers in chosen):
                self.assertNotIn(step.where, results)
                results[step.where] = self.result(server, step.text, step.events)
        return results

    def result(self, server: Splunk, text: str, events: list[Event]) -> Result:
        """The result of one search, with the error if there was one."""
        server.notices.clear()
        try:
            rows = comparable(text, server.search(text, events, Clock(TODAY + 3_600)), server.app)
        except (CommandError, SearchError, AssertionError) as error:
            return Result([], set(), str(error))
        return Result(rows, {said.text for said in server.notices if said.level not in ("DEBUG", "INFO")})

    def test_every_search_returns_the_same_in_each_reading(self) -> None:
        """The same rows, no error, and no warning that the plain reading lacks."""
        plain = self.results(0, Options(), everything=True)
        self.assert_meaningful(plain)
        for reading in READINGS:
            for where, found in self.results(reading.peers, reading.options).items():
                with self.subTest(reading=reading, where=where):
                    expected = plain[where]
                    self.assertEqual(found.error, "")
                    missing, new = ([*(Counter(a) - Counter(b))] for a, b in permutations((expected.rows, found.rows)))
                    self.assertEqual((missing[:2], new[:2]), ([], []))
                    self.assertTrue(found.rows == expected.rows, "the rows are in another order")
                    self.assertEqual(found.warnings - expected.warnings, set())

    def assert_meaningful(self, plain: dict[str, Result]) -> None:
        """Equal results would prove little if they were errors or empty."""
        self.assertEqual({where: result.error for where, result in plain.items() if result.error}, {})
        for name in (EXFILTRATION, FIRST_SEEN, LOW_AND_SLOW, OUTLIER, DAILY, DOMAINS, HOSTS, WATCHLIST):
            self.assertTrue(plain[f"DNS Entropy - {name}"].rows, name)
        # Some searches of the documents are for other events.
        empty = [where for where, result in plain.items() if not result.rows]
        self.assertLess(len(empty), len(plain) / 5, empty)

    def test_each_pair_of_doubts_is_in_a_row(self) -> None:
        """Of words, peers and map phases."""
        values = ([*WORDS], [0, 1, 3, 21], ["once", "skipped", "some", "twice"])
        for one, other in combinations(range(3), 2):
            pairs = {(reading[one], reading[other]) for reading in READINGS}
            self.assertEqual(pairs, set(product(values[one], values[other])))


def views(app: App) -> Iterator[corpus.Search]:
    """The searches of the views that others continue, with the first value of each token."""
    first = {search.where: search for search in reversed([*corpus.dashboards(app)])}
    for where, search in sorted(first.items()):
        if is_base(app, *where.split(", ", 1)):
            yield search


@cache
def is_base(app: App, view: str, name: str) -> bool:
    """Whether a data source does not continue another one. Those of Simple XML do not."""
    path = app.root / "default" / "data" / "ui" / "views" / view
    definition = ElementTree.fromstring(path.read_text(encoding="utf-8")).findtext("definition")
    return definition is None or json.loads(definition)["dataSources"][name]["type"] == "ds.search"


def documents(app: App) -> Iterator[corpus.Search]:
    """The whole searches of the documents that call the app's commands or macros and write nothing."""
    for search in corpus.documents(ROOT):
        if not search.text.startswith("..."):
            names = {command.name for command in parse(search.text, app)}
            if "outputlookup" not in names and any(app.has_command(name) for name in names):
                yield search


class Words(MatrixTest):
    """Arguments as people type them."""

    def servers(self) -> list[tuple[str, int, Splunk]]:
        """A server for each way to split words, with peers and without."""
        return [(words, peers, self.splunk(peers, WORDS[words])) for words, peers in product(WORDS, (0, 3))]

    def test_blanks_and_commas_change_nothing(self) -> None:
        """However splunkd splits words, on one machine and on peers."""
        events, servers = self.recent(), self.servers()
        for texts in TYPED:
            expected = self.search(f"index=* query=* | {texts[0]}", events)
            self.assertGreater(len(expected), 0, texts[0])
            for text, (words, peers, server) in product(texts, servers):
                with self.subTest(text=text, words=words, peers=peers):
                    found = server.search(f"index=* query=* | {text}", events)
                    self.assertEqual(sorted(map(str, found)), sorted(map(str, expected)))

    def test_a_mistake_is_an_error(self) -> None:
        """Never a table, empty or not. Splunk names the command before the text, so the text does not."""
        events = self.recent()
        for text, (words, peers, server) in product(MISTAKES, self.servers()):
            with self.subTest(text=text, words=words, peers=peers):
                with self.assertRaises(CommandError) as caught:
                    server.search(f"index=* query=* | {text}", events)
                self.assertFalse(caught.exception.text.startswith(text.split()[0]), caught.exception.text)


class Ends(MatrixTest):
    """How processes end."""

    def test_a_process_ends_by_itself_after_its_last_reply(self) -> None:
        """splunkd may wait for that before it closes the input."""
        for closes in (False, True):
            server = self.splunk(options=Options(closes_input=closes))
            for command in ("dnsentropy query", "dnsexfil query by src", "urltoolbox ut_shannon word=query"):
                with self.subTest(command=command, closes=closes):
                    self.assertGreater(len(server.search(f"index=* query=* | {command}", self.recent())), 0)
            self.assertGreater(len(server.search("| `dnsentropy_sample`", [], Clock(TODAY))), 0)


class Upgrades(MatrixTest):
    """Search peers that run another version than the search head."""

    def test_other_partial_results_are_left_out_with_a_warning(self) -> None:
        """Those of the other peers count."""
        events = self.past()
        text = "| `dnsentropy_events` | dnsexfil query by src dest"
        others = [event for number, event in enumerate(events) if number % 3 != 1]
        expected = self.search(text, others)
        for partial in OTHER_PARTIALS:
            with self.subTest(partial=partial):

                def replaced(peer: int, rows: list[Event], partial: str = partial) -> list[Event]:
                    return [{name: [partial] for name in row} for row in rows] if peer == 1 else rows

                server = self.splunk(3, Options(peer_rows=replaced))
                self.assert_same_events(server.search(text, events), expected)
                warnings = [said for said in server.shown if said.startswith("WARN: ")]
                self.assertEqual(len(warnings), 1, warnings)


if __name__ == "__main__":
    unittest.main()
