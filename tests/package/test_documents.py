"""The searches of the documents, run over the sample as live events."""

from __future__ import annotations

import unittest

import test_alerts as alerts
from harness import ROOT
from spl import Clock
from spl.check import corpus
from spl.splunkd.rows import Event


class Documents(alerts.AlertTest):
    """Runs every search in the order of the text, as a reader who pastes them."""

    def paste(self, text: str) -> list[Event]:
        """The results of a search over the sample's day."""
        events = [event | {"index": ["botsv2"]} for event in self.live()]
        return self.server.search(text, events, Clock(alerts.TODAY))

    def test_every_search_runs(self) -> None:
        """Through the real program; parts that begin with dots are not searches of their own."""
        whole = [search for search in corpus.documents(ROOT) if not search.text.startswith("...")]
        self.assertGreater(len(whole), 25)
        for search in whole:
            with self.subTest(where=search.where, search=search.text):
                self.paste(search.text)

    def hunt(self, part: str) -> list[Event]:
        """The results of the search of docs/hunting.md that contains this text."""
        (text,) = (s.text for s in corpus.documents(ROOT) if s.where.startswith("hunting.md") and part in s.text)
        return self.paste(text)

    def test_the_hunts_find_the_leak(self) -> None:
        """Those of docs/hunting.md: without the score, by resolvers, by names, and the time before the leak."""
        (lonely,) = self.hunt("sources==1")
        self.assertEqual((lonely["src"][0], lonely["ut_domain"][0]), alerts.LEAK)
        resolvers = self.hunt("where `dnsentropy_may_be_watched")
        self.assertEqual([row["dest"][0] for row in resolvers], alerts.RESOLVERS)
        self.assertEqual({row["src"][0] for row in resolvers}, {alerts.LEAK[0]})
        self.assertEqual(len(self.hunt("dnsentropy query fields=all")), 850)
        before = self.hunt("leaks=if")
        self.assertEqual(before[-1]["query"], [alerts.LEAK[1]])
        self.assertTrue(all("." + alerts.LEAK[1] not in row["query"][0] for row in before))


if __name__ == "__main__":
    unittest.main()
