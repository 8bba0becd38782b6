"""The checklist for the first real server: on a stand-in, each search shows what the document says."""

from __future__ import annotations

import re
import unittest

import test_alerts as alerts
from harness import ROOT
from spl import Clock
from spl.splunkd.options import Options
from spl.splunkd.program import CommandError
from spl.splunkd.rows import Event

TEXT = (ROOT / "docs" / "first-server.md").read_text(encoding="utf-8")
TEST = "first-server.example"


def searches(number: int) -> list[str]:
    """The searches of a check, in the order of the text."""
    section = TEXT.split(f"\n## {number}. ")[1].split("\n## ")[0]
    blocks = re.findall(r"(?m)(?:^    .*\n)+", section)
    return ["\n".join(line[4:] for line in block.splitlines()) for block in blocks]


class Checklist(alerts.AlertTest):
    """Pastes the searches."""

    def paste(self, text: str, options: Options = Options()) -> list[Event]:
        """The results, on a server with three peers."""
        server = self.splunk(3, options, self.server.app) if options != Options() else self.server
        events = [event | {"index": ["botsv2"]} for event in self.live()]
        return server.search(text, events, Clock(alerts.TODAY))

    def test_there_are_ten_checks(self) -> None:
        """Numbered, each with at least one search, what it must show, and what to do if it does not."""
        self.assertEqual([int(n) for n in re.findall(r"(?m)^## (\d+)\. ", TEXT)], list(range(1, 11)))
        for number in range(1, 11):
            self.assertTrue(searches(number), number)
        self.assertEqual(TEXT.count("**If not:**") + TEXT.count("**Report**"), 10)

    def test_the_program_runs(self) -> None:
        """Check 1."""
        (row,) = self.paste(*searches(1))
        self.assertIn(f"`count` {row['count'][0]}.", TEXT)

    def test_commas_and_blanks_show_how_words_are_separated(self) -> None:
        """Check 3, under both readings."""
        good, bad = searches(3)
        for commas, said in (("kept", "prefix=x,y_"), ("stripped", "'y_'")):
            with self.subTest(commas=commas):
                (row,) = self.paste(good, Options(commas=commas))
                self.assertEqual((row["ut_domain"], row["ut_tld"]), (["example.co.uk"], ["co.uk"]))
                with self.assertRaises(CommandError) as caught:
                    self.paste(bad, Options(commas=commas))
                self.assertIn(said, str(caught.exception))

    def test_the_ranking_is_that_of_the_text(self) -> None:
        """Check 4."""
        rows = self.paste(*searches(4))
        self.assertEqual({row["ut_domain"][0] for row in rows}, {"hildegardsfarm.com"})
        self.assertEqual([(row["count"], row["score"]) for row in rows], [(["444"], ["100"]), (["406"], ["100"])])

    def test_events_have_their_fields(self) -> None:
        """Check 5."""
        (row,) = self.paste(*searches(5))
        self.assertGreater(int(row["count"][0]), 4_000)

    def test_peers_and_search_head_count_the_same(self) -> None:
        """Check 6, in both orders of the partial results."""
        for options in (Options(arrival="in turn", chunk_rows=500), Options(arrival="interleaved")):
            first, second = self.paste(*searches(6), options)
            self.assertNotEqual(first.pop("way"), second.pop("way"))
            self.assertEqual(first, second)
            self.assertGreater(int(first["events"][0]), 4_000)

    def test_a_mute_is_listed_and_lifted(self) -> None:
        """Check 7."""
        mute, listing, unmute = searches(7)
        self.paste(mute)
        (row,) = self.paste(listing)
        self.assertEqual((row["domain"], row["src"], row["reason"]), ([TEST], ["192.0.2.1"], ["a test"]))
        self.paste(unmute)
        self.assertEqual(self.paste(listing), [])

    def test_an_entry_added_twice_is_one(self) -> None:
        """Check 8."""
        watch, listing, unwatch = searches(8)
        self.paste(watch)
        self.paste(watch)
        (row,) = self.paste(listing)
        self.assertEqual(row["indicator"], [TEST])
        self.paste(unwatch)
        self.assertEqual(self.paste(listing), [])

    def test_the_alert_on_the_sample_has_the_results_of_the_text(self) -> None:
        """Check 9, before and after the mute of the view Getting started."""
        before = self.saved("Exfiltration in the Sample - Rule", [])
        self.assertIn(f"*success* with {len(before)} results (one, if you muted `{alerts.SERVICE}`", TEXT)
        self.paste(f'| `dnsentropy_mute("*.{alerts.SERVICE}", "antivirus")`')
        self.assertEqual(len(self.saved("Exfiltration in the Sample - Rule", [])), 1)


if __name__ == "__main__":
    unittest.main()
