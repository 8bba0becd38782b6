"""The packaged app in searches: the hunt in its old and new form, and no harm to any event.

Run with: python3 -m unittest discover -s tests/package
"""

from __future__ import annotations

import math
import unittest
from collections import defaultdict
from dataclasses import replace

from harness import INDEX, OUTPUTS, PackageTest, entropy
from spl import average, deviation
from spl.splunkd.options import Options
from spl.splunkd.rows import Event

EXFILTRATION = f"index={INDEX} sourcetype=stream:dns message_type=QUERY query=*.hildegardsfarm.com"
OLD_HUNT = """
| eval query=mvdedup(query) | eval list="mozilla"
| `ut_parse_extended(query,list)` | `ut_shannon(ut_subdomain)`
| eval sublen=len(ut_subdomain)
| stats count avg(ut_shannon) as avg_entropy avg(sublen) as avg_sublen stdev(sublen) as stdev_sublen
    by ut_domain src dest
| sort - count"""
LOOKUP_HUNT = OLD_HUNT.replace(
    "`ut_parse_extended(query,list)` | `ut_shannon(ut_subdomain)`",
    "lookup ut_parse_extended_lookup url AS query, list | lookup ut_shannon_lookup word AS ut_subdomain",
)
NEW_HUNT = """
| dnsentropy query
| stats count avg(ut_shannon) as avg_entropy avg(ut_subdomain_length) as avg_sublen
    stdev(ut_subdomain_length) as stdev_sublen by ut_domain src dest
| sort - count"""
NUMBERS = ("avg_entropy", "avg_sublen", "stdev_sublen")

SERVERS = (
    Options(), Options(chunk_rows=97), Options(quoting="minimal"), Options(quoting="all", chunk_rows=1_000),
    Options(version="6.3"), Options(version="6.3", chunk_rows=500),
)  # fmt: skip


def stolen_by_server(events: list[Event]) -> dict[str, list[str]]:
    """The subdomains of hildegardsfarm.com that each resolver was asked for, found without the app."""
    found: dict[str, list[str]] = defaultdict(list)
    for event in events:
        for name in dict.fromkeys(event.get("query", [])):
            subdomain, dot, domain = name.partition(".")
            if dot and domain == "hildegardsfarm.com" and event["message_type"] == ["QUERY"]:
                found[event["dest"][0]].append(subdomain)
    return found


class Hunt(PackageTest):
    """The searches of the published hunt for exfiltration."""

    def table(self, rows: list[Event]) -> list[tuple[str, ...]]:
        """The rows, with numbers rounded to nine places."""
        names = ("ut_domain", "src", "dest", "count")
        return [(*(row[k][0] for k in names), *(f"{float(row[k][0]):.9f}" for k in NUMBERS)) for row in rows]

    def test_every_form_finds_the_exfiltration_on_any_number_of_peers(self) -> None:
        """Macros, lookups and command return the table that plain Python computes."""
        expected = []
        for server, names in sorted(stolen_by_server(self.sample).items(), key=lambda item: -len(item[1])):
            lengths = [float(len(name)) for name in names]
            numbers = (average([entropy(name) for name in names]), average(lengths), deviation(lengths))
            texts = (f"{number:.9f}" for number in numbers)
            expected.append(("hildegardsfarm.com", "10.0.2.109", server, str(len(names)), *texts))
        for peers in (0, 1, 3):
            for form, hunt in (("macros", OLD_HUNT), ("lookups", LOOKUP_HUNT), ("command", NEW_HUNT)):
                with self.subTest(form=form, peers=peers):
                    rows = self.search(EXFILTRATION + hunt, self.sample, peers)
                    self.assertEqual(self.table(rows), expected)

    def test_the_numbers_are_the_published_ones(self) -> None:
        """Counts, lengths, and entropies to two decimals."""
        rows = self.search(EXFILTRATION + NEW_HUNT, self.sample)
        rounded = [(row["dest"][0], row["count"][0], *(f"{float(row[k][0]):.2f}" for k in NUMBERS)) for row in rows]
        self.assertEqual(
            rounded,
            [("208.109.255.42", "444", "3.62", "16.00", "0.00"), ("216.69.185.42", "406", "3.63", "16.00", "0.00")],
        )

    def test_every_kind_of_server_returns_the_same_table(self) -> None:
        """Chunk sizes, quoting and the older protocol do not matter."""
        expected = self.table(self.search(EXFILTRATION + NEW_HUNT, self.sample))
        for options in SERVERS[1:]:
            with self.subTest(options=options):
                rows = self.search(EXFILTRATION + NEW_HUNT, self.sample, options=options)
                self.assertEqual(self.table(rows), expected)

    def test_the_exfiltration_is_on_top_of_all_queries(self) -> None:
        """A search that does not name the domain ranks its two rows first, far above the others."""
        rows = self.search(f"index={INDEX} sourcetype=stream:dns message_type=QUERY" + NEW_HUNT, self.sample, 3)
        top = [(row["ut_domain"][0], row["count"][0]) for row in rows[:3]]
        self.assertEqual(top[:2], [("hildegardsfarm.com", "444"), ("hildegardsfarm.com", "406")])
        self.assertLess(int(top[2][1]), 200)
        self.assertGreater(len(rows), 200)


class EveryEvent(PackageTest):
    """The command only adds fields to events."""

    def assert_only_added(self, before: list[Event], after: list[Event]) -> None:
        """All events are returned, once and in order, with unchanged fields."""
        self.assertEqual(len(after), len(before))
        for number, (old, new) in enumerate(zip(before, after)):
            kept = {name: values for name, values in new.items() if name not in OUTPUTS}
            for name in old | kept:
                if kept.get(name) != old.get(name):
                    was, now = (str(event.get(name))[:200] for event in (old, kept))
                    self.fail(f"event {number}: {name} was {was} and is {now}")

    def test_no_event_loses_a_field_or_changes(self) -> None:
        """The whole sample, on every kind of server."""
        for options in SERVERS:
            with self.subTest(options=options):
                after = self.search(f"index={INDEX} | dnsentropy query", self.sample, options=options)
                self.assert_only_added(self.sample, after)
                self.assertGreater(sum("ut_domain" in event for event in after), 4_000)

    def test_peers_lose_nothing_either(self) -> None:
        """Three peers together return all events."""
        after = self.search(f"index={INDEX} | dnsentropy query", self.sample, 3)
        self.assert_only_added(self.sample, sorted(after, key=lambda event: int(event["_cd"][0].partition(":")[2])))

    def test_the_names_of_the_exfiltration_are_split_as_plain_python_does(self) -> None:
        """Every output of every name of the leak, its entropy to nine places."""
        after = self.search(f"{EXFILTRATION} | dnsentropy query", self.sample)
        self.assertEqual(len(after), 850)
        for event in after:
            subdomain = event["query"][0].partition(".")[0]
            self.assertAlmostEqual(float(event["ut_shannon"][0]), entropy(subdomain), delta=1e-9)
            expected = ("hildegardsfarm.com", subdomain, "hildegardsfarm", "com", "1", str(len(subdomain)), "icann")
            others = [name for name in OUTPUTS if name != "ut_shannon"]
            self.assertEqual(tuple(event.get(name) for name in others), tuple([value] for value in expected))

    def test_an_event_without_a_name_stays_unchanged(self) -> None:
        """The sample has eight events without query."""
        after = self.search(f"index={INDEX} | dnsentropy query", [e for e in self.sample if "query" not in e])
        self.assertEqual(len(after), 8)
        for event in after:
            self.assertFalse(set(OUTPUTS) & set(event))

    def test_several_distinct_names_have_aligned_values(self) -> None:
        """A repeated name counts once; a name without a subdomain has empty values."""
        for query in (["a.b.example.com", "example.org"], ["a.b.example.com", "example.org"] * 2):
            (event,) = self.search("index=x | dnsentropy query", [{"index": ["x"], "query": query}])
            self.assertEqual(event["query"], query)
            self.assertEqual(event["ut_domain"], ["example.com", "example.org"])
            self.assertEqual(event["ut_subdomain"], ["a.b", ""])
            self.assertEqual(event["ut_subdomain_count"], ["2", "0"])
            self.assertEqual(event["ut_subdomain_length"], ["3", ""])
            self.assertEqual(event["ut_tld"], ["com", "org"])
            self.assertEqual(event["ut_shannon"][1:], [""])
            self.assertAlmostEqual(float(event["ut_shannon"][0]), entropy("a.b"), delta=1e-9)

    def test_awkward_text_comes_back_as_it_was(self) -> None:
        """Commas, quotes, line ends, dollar signs, other scripts and invalid bytes, in a name and in another field."""
        texts = [
            'a,"b".example.com', "two\nlines.example.com", "$a$;$b$.example.com", "", "$", '"', "caf\udce9.example.com",
            "食狮.公司.cn", "x" * 40_000 + ".example.com", "a=b.example.com", " spaced . example.com ", "\ufeff.com",
        ]  # fmt: skip
        events = [{"index": ["x"], "query": [text], "beside": [text, "$;"]} for text in texts if text]
        events += [{"index": ["x"], "query": texts}, {"index": ["x"], "query": ["", "example.com"]}]
        for options in (Options(), Options(quoting="minimal"), Options(chunk_rows=1)):
            with self.subTest(options=options):
                self.assert_only_added(events, self.search("index=x | dnsentropy query", events, options=options))

    def test_a_search_may_find_no_events(self) -> None:
        """A search without events ends without an error."""
        for options in SERVERS:
            self.assertEqual(self.search("index=nowhere | dnsentropy query", self.sample, options=options), [])

    def test_columns_may_come_and_go(self) -> None:
        """A chunk without the field comes between two with it."""
        fields = (("query", "a.example.com"), ("src", "1"), ("query", "b.example.com"))
        events = [{"index": ["x"], name: [value]} for name, value in fields]
        after = self.search("index=x | dnsentropy query", events, options=Options(chunk_rows=1))
        self.assert_only_added(events, after)
        self.assertEqual([event.get("ut_subdomain") for event in after], [["a"], None, ["b"]])

    def test_a_large_search_is_quick(self) -> None:
        """200,000 events in chunks of 50,000 take less than the timeout for each chunk."""
        events = [event | {"_cd": [str(n)]} for n in range(46) for event in self.sample]
        options = replace(Options(), timeout=10)
        self.assert_only_added(events, self.search(f"index={INDEX} | dnsentropy query", events, options=options))


class OneName(PackageTest):
    """Single names."""

    def test_names_of_each_kind_are_split(self) -> None:
        """A name of each kind."""
        cases = {
            "WwW.example.COM": ("example.com", "WwW", "com", "1", "icann"),
            "www.example.com.": ("example.com", "www", "com", "1", "icann"),
            "a.b.maltandhops.co.uk": ("maltandhops.co.uk", "a.b", "co.uk", "2", "icann"),
            "example.com": ("example.com", None, "com", "0", "icann"),
            "www.frothly.local": ("frothly.local", "www", "local", "1", "unlisted"),
            "x.d1.cloudfront.net": ("d1.cloudfront.net", "x", "cloudfront.net", "1", "private"),
            "_sip._tcp.example.com": ("example.com", "_sip._tcp", "com", "2", "icann"),
            "a/b+c=.example.com": ("example.com", "a/b+c=", "com", "1", "icann"),
        }
        for name, expected in cases.items():
            with self.subTest(name=name):
                parts = self.split(name)
                names = ("ut_domain", "ut_subdomain", "ut_tld", "ut_subdomain_count", "ut_suffix_type")
                self.assertEqual(tuple(parts.get(name) for name in names), expected)
                self.assertEqual({"ut_shannon", "ut_subdomain_length"} <= set(parts), expected[1] is not None)

    def test_an_address_has_no_suffix(self) -> None:
        """Its suffix type is ip, and it has no domain."""
        for name in ("216.22.0.192", "2001:db8::1"):
            parts = self.split(name)
            self.assertEqual(parts["ut_suffix_type"], "ip")
            self.assertFalse({"ut_domain", "ut_domain_without_tld", "ut_tld", "ut_subdomain"} & set(parts))

    def test_entropy_counts_characters(self) -> None:
        """Characters, not bytes."""
        parts = self.split("食狮.example.com")
        self.assertEqual(parts["ut_subdomain_length"], "2")
        self.assertTrue(math.isclose(float(parts["ut_shannon"]), 1, abs_tol=1e-9))


if __name__ == "__main__":
    unittest.main()
