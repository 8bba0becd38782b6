"""The packaged command `dnsexfil`: the same table however splunkd runs its map phase."""

from __future__ import annotations

import unittest

from harness import PackageTest
from spl.splunkd.options import Options
from spl.splunkd.program import CommandError
from spl.splunkd.rows import Event

QUERIES = "index=botsv2 sourcetype=stream:dns message_type=QUERY"
RANKING = f"{QUERIES} | dnsexfil query by src dest"


def key(row: Event) -> tuple[str, ...]:
    """The group of a row."""
    return row["ut_domain"][0], row["src"][0], row["dest"][0]


class Ranking(PackageTest):
    """The ranking of the sample."""

    def test_the_exfiltration_comes_first_and_is_critical(self) -> None:
        """Both resolvers of the published case, with the published numbers."""
        first, second, third = self.search(f"{RANKING} limit=3", self.sample)
        self.assertEqual(key(first), ("hildegardsfarm.com", "10.0.2.109", "208.109.255.42"))
        self.assertEqual(key(second), ("hildegardsfarm.com", "10.0.2.109", "216.69.185.42"))
        for row, count in ((first, "444"), (second, "406")):
            self.assertEqual((row["count"], row["distinct_subdomains"]), ([count], [count]))
            self.assertEqual(row["severity"], ["critical"])
            self.assertEqual((row["avg_sublen"], row["stdev_sublen"], row["encoding"]), (["16"], ["0"], ["base64"]))
            self.assertIn(f"{count} distinct subdomains, 16 characters each", row["reasons"][0])
            self.assertEqual(len(row["samples"]), 3)
        self.assertNotEqual(third["severity"], ["critical"])

    def test_the_averages_equal_those_of_the_classic_hunt(self) -> None:
        """Over events with one name: `stats` would give each domain of an event the entropies of all its names."""
        events = [event for event in self.sample if len(set(event.get("query", []))) < 2]
        hunt = (
            f"{QUERIES} | dnsentropy query | stats count avg(ut_shannon) as avg_entropy "
            "avg(ut_subdomain_length) as avg_sublen stdev(ut_subdomain_length) as stdev_sublen by ut_domain src dest"
        )
        ranked = {key(row): row for row in self.search(RANKING, events)}
        rows = self.search(hunt, events)
        others = [row for name, row in ranked.items() if name not in {key(row) for row in rows}]
        # The classic hunt has no row for names without a registrable domain, and none for a private suffix.
        for row in others:
            self.assertTrue(row["ut_domain"] == ["(none)"] or " under the private suffix " in row["reasons"][0], row)
        self.assertEqual(len(ranked), len(rows) + len(others))
        for row in rows:
            same = ranked[key(row)]
            self.assertEqual(same["count"], row["count"])
            for name in ("avg_entropy", "avg_sublen", "stdev_sublen"):
                self.assertEqual(name in same, name in row)
                if name in row:
                    self.assertAlmostEqual(float(same[name][0]), float(row[name][0]), places=9)

    def test_the_table_does_not_depend_on_peers_chunks_or_the_preop(self) -> None:
        """The preop is an optimisation that splunkd may leave out."""
        expected = self.search(RANKING, self.sample)
        self.assertGreater(len(expected), 1000)
        for peers, rows, phase in ((0, 700, "once"), (1, 50_000, "once"), (3, 500, "once"), (3, 50_000, "skipped")):
            with self.subTest(peers=peers, rows=rows, map_phase=phase):
                options = Options(chunk_rows=rows, map_phase=phase)
                self.assert_same_events(self.search(RANKING, self.sample, peers, options), expected)

    def test_the_allowlist_mutes_a_domain(self) -> None:
        """Its rows remain, and allowlist=false ignores the list."""
        lookup = self.app.lookup("dnsentropy_allowlist")
        lookup.parent.mkdir(exist_ok=True)
        self.addCleanup(lookup.unlink)
        lookup.write_text("domain,reason\n*.hildegardsfarm.com,a farm\n")
        rows = [row for row in self.search(RANKING, self.sample) if key(row)[0] == "hildegardsfarm.com"]
        self.assertTrue(all(row["severity"] == ["informational"] for row in rows))
        self.assertEqual([row["count"] for row in rows[:2]], [["444"], ["406"]])
        self.assertTrue(all(row["reasons"][0].startswith("allowlisted: a farm") for row in rows))
        self.assertEqual(rows[0]["allowlisted"], ["a farm"])
        first = self.search(f"{RANKING} allowlist=false limit=1", self.sample)[0]
        self.assertEqual(first["severity"], ["critical"])

    def test_wrong_arguments_are_refused(self) -> None:
        """One error names all of them."""
        with self.assertRaisesRegex(CommandError, "limit=x.*unknown option lst="):
            self.search(f"{QUERIES} | dnsexfil query limit=x lst=icann", self.sample)


if __name__ == "__main__":
    unittest.main()
