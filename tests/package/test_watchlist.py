"""The watchlist: findings, entries by hand, removal, export, and who writes at the same time."""

from __future__ import annotations

import re
import unittest

from harness import Event
from spl.errors import SearchError
from test_alerts import DAY, LEAK, OLD_ENTRIES, RESOLVERS, TODAY, WATCHLIST, AlertTest, encoded, query

DOMAIN = "slowfarm.example"


class Watchlist(AlertTest):
    """The lookup dnsentropy_watchlist."""

    def listed(self, now: float = TODAY) -> dict[str, Event]:
        """The active entries by indicator."""
        rows = self.server.search("| `dnsentropy_watchlist`", [], self.at(now))
        self.assertEqual(len({row["indicator"][0] for row in rows}), len(rows))
        return {row["indicator"][0]: row for row in rows}

    def run_macro(self, call: str, now: float = TODAY) -> None:
        """Call a macro."""
        self.server.search(f"| `{call}`", [], self.at(now))

    def leaks(self, dest: str = "10.0.1.100", time: float = TODAY) -> list[Event]:
        """A minute of encoded names."""
        return [query(time - 60 - n, encoded(n), dest=dest) for n in range(30)]

    def test_findings_go_to_the_watchlist(self) -> None:
        """The domain and its external resolvers; an entry keeps first_seen, and expires."""
        self.mute("*.guardotter.com")
        self.saved(WATCHLIST, self.live() + self.leaks() + self.leaks("8.8.8.8"))
        found = self.listed()
        self.assertEqual(sorted(found), [*RESOLVERS, LEAK[1], DOMAIN])
        self.assertEqual({found[address]["type"][0] for address in RESOLVERS}, {"ip"})
        self.assertEqual(found[RESOLVERS[0]]["note"], ["asked for hildegardsfarm.com by 10.0.2.109"])
        later = [event | {"_time": [str(float(event["_time"][0]) + 3_600)]} for event in self.live()]
        self.saved(WATCHLIST, later, now=TODAY + 3_600)
        again = self.listed()
        self.assertEqual(sorted(again), sorted(found))
        self.assertEqual(again[LEAK[1]]["first_seen"], found[LEAK[1]]["first_seen"])
        seen = [float(each[LEAK[1]]["last_seen"][0]) for each in (found, again)]
        self.assertAlmostEqual(seen[1] - seen[0], 3_600, places=3)
        self.assertEqual(self.listed(now=TODAY + 92 * DAY), {})

    def test_what_people_write_comes_first(self) -> None:
        """The note, the highest score, the first and the last time; another note replaces it, an empty one does not."""
        self.run_macro(f'dnsentropy_watch("{DOMAIN.upper()}.", "case 7")', now=TODAY - 9 * DAY)
        self.assertEqual(self.listed()[DOMAIN]["severity"], ["manual"])
        self.saved(WATCHLIST, self.leaks())
        entry = self.listed()[DOMAIN]
        self.assertEqual((entry["note"], entry["first_seen"]), (["case 7"], [str(TODAY - 9 * DAY)]))
        self.assertGreater(int(entry["score"][0]), 69)
        self.run_macro(f'dnsentropy_watch("{DOMAIN}", "")', now=TODAY + DAY)
        self.assertEqual(self.listed()[DOMAIN]["last_seen"], [str(TODAY + DAY)])
        self.assertEqual(self.listed()[DOMAIN]["note"], ["case 7"])
        self.run_macro(f'dnsentropy_watch("{DOMAIN}", "case 8, closed")')
        self.assertEqual(self.listed()[DOMAIN]["note"], ["case 8, closed"])
        self.run_macro('dnsentropy_watch("203.0.113.9", "server of case 8")')
        self.assertEqual(self.listed()["203.0.113.9"]["type"], ["ip"])

    def test_an_entry_is_removed_with_its_addresses_and_comes_back_with_a_new_sign(self) -> None:
        """Whether or not an update keeps the fields of the old record."""
        self.mute("*.guardotter.com")
        for keeps in (False, True):
            self.server.store.update_keeps_fields = keeps
            self.saved(WATCHLIST, self.live() + self.leaks())
            self.run_macro('dnsentropy_watch("hildegardsfarm.com", "case 9")')
            self.run_macro('dnsentropy_unwatch("hildegardsfarm.com")')
            self.assertEqual(list(self.listed()), [DOMAIN])
            removed = {row["type"][0] for row in self.rows("dnsentropy_watchlist") if row["indicator"] == ["removed"]}
            self.assertEqual(removed, {"removed"})
        self.saved(WATCHLIST, self.live())
        self.assertEqual(sorted(self.listed()), [*RESOLVERS, LEAK[1], DOMAIN])
        self.assertTrue(self.listed()[LEAK[1]]["note"][0].startswith("queried by "))
        self.run_macro('dnsentropy_watch("hildegardsfarm.com", "case 10")')
        self.assertEqual(self.listed()[LEAK[1]]["note"], ["case 10"])

    def test_domains_have_one_spelling(self) -> None:
        """Whatever spelling a person types, also for an entry that is stored in another one."""
        names = ["indicator", "type", "first_seen", "last_seen", "severity", "score", "note"]
        old = ["müller.example", "domain", str(TODAY - DAY), str(TODAY - DAY), "high", "90", "queried by 10.0.0.1"]
        self.server.store.add("dnsentropy_watchlist", [{name: [value] for name, value in zip(names, old)}], names)
        self.run_macro('dnsentropy_watch("Müller.example", "case 7")')
        self.run_macro('dnsentropy_watch("xn--mller-kva.example.", "case 8")')
        self.run_macro('dnsentropy_watch("www.FAULTY.example", "")')
        found = self.listed()
        self.assertEqual(sorted(found), ["www.faulty.example", "xn--mller-kva.example"])
        entry = found["xn--mller-kva.example"]
        self.assertEqual((entry["note"], entry["score"], entry["first_seen"]), (["case 8"], ["90"], [str(TODAY - DAY)]))
        self.run_macro('dnsentropy_unwatch("MÜLLER.example")')
        self.assertEqual(list(self.listed()), ["www.faulty.example"])

    def test_names_without_a_domain_are_not_watched(self) -> None:
        """No resolver can block them; the address that they were sent to stays."""
        events = [query(TODAY - 60 - n, encoded(n).partition(".")[0], dest="203.0.113.9") for n in range(40)]
        self.saved(WATCHLIST, events)
        self.assertNotIn("(none)", self.listed())

    def test_removing_a_domain_keeps_an_address_that_a_person_added(self) -> None:
        """Even if the note reads like one of a search."""
        self.run_macro('dnsentropy_watch("203.0.113.9", "asked for evil.example by mail")')
        self.run_macro('dnsentropy_watch("evil.example", "case 8")')
        self.run_macro('dnsentropy_unwatch("evil.example")')
        self.assertEqual(list(self.listed()), ["203.0.113.9"])

    def test_an_argument_that_could_leave_its_quotes_is_refused(self) -> None:
        """A name with an escape is refused."""
        before = self.rows("dnsentropy_watchlist")
        for hostile in ('a" | delete "', "a|b", "a b", "a\\", "`x`", "a[b", "a$b$", "a'b", "a\n", ""):
            for call in (f'dnsentropy_watch("{hostile}", "note")', f'dnsentropy_unwatch("{hostile}")'):
                with self.subTest(call=call), self.assertRaises((SearchError, AssertionError)):
                    self.run_macro(call)
        for hostile in ('n" | delete "', "n|m", "n\\", "$n$", "[n]"):
            with self.subTest(note=hostile), self.assertRaises((SearchError, AssertionError)):
                self.run_macro(f'dnsentropy_watch("a.example", "{hostile}")')
        self.assertEqual(self.rows("dnsentropy_watchlist"), before)
        self.run_macro('dnsentropy_watch("a\\032b.example", "an escape; it\'s fine (really), 100%")')
        self.assertEqual(list(self.listed()), ["a\\032b.example"])

    def test_the_export_is_safe_for_spreadsheets(self) -> None:
        """A cell that begins like a formula begins with an apostrophe, and a cell is one line."""
        for number, start in enumerate("=+-@"):
            self.run_macro(f'dnsentropy_watch("d{number}.example", "{start}cmd()")')
        self.saved(WATCHLIST, self.leaks())
        search = self.server.app.settings("savedsearches.conf")["DNS Entropy - Watchlist Export"]["search"]
        rows = self.server.search(search, [], self.at(TODAY))
        self.assertEqual([row["note"][0] for row in rows][:4], ["'=cmd()", "'+cmd()", "'-cmd()", "'@cmd()"])
        self.assertEqual([row["indicator"][0] for row in rows][4], DOMAIN)
        for cell in ("=1", "\t=1", "\r1", "-1", "@x"):
            (row,) = self.server.chain("eval safe=`dnsentropy_cell(cell)`", [{"cell": [cell]}])
            self.assertEqual(row["safe"], ["'" + re.sub(r"[\x00-\x1f]+", " ", cell)])
        (row,) = self.server.chain("eval safe=`dnsentropy_cell(cell)`", [{"cell": ["a=1"]}])
        self.assertEqual(row["safe"], ["a=1"])

    def test_two_writers_at_once_lose_nothing(self) -> None:
        """Entries of others and a note on the same entry survive, also if they come between reading and writing."""
        self.saved(WATCHLIST, self.leaks())
        self.server.store.meanwhile = lambda: (
            self.run_macro(f'dnsentropy_watch("{DOMAIN}", "case 7")'),
            self.run_macro('dnsentropy_watch("b.example", "x")'),
        )
        self.saved(WATCHLIST, self.leaks(time=TODAY + 3_600), now=TODAY + 3_600)
        self.assertEqual(self.listed()[DOMAIN]["note"], ["case 7"])
        self.assertIn("b.example", self.listed())
        self.server.store.meanwhile = lambda: self.saved(WATCHLIST, self.live())
        self.run_macro('dnsentropy_watch("c.example", "y")')
        self.assertLessEqual({DOMAIN, "b.example", "c.example", LEAK[1]}, set(self.listed()))
        self.server.store.meanwhile = lambda: self.run_macro('dnsentropy_watch("e.example", "z")')
        self.run_macro('dnsentropy_unwatch("b.example")')
        self.assertEqual({"b.example", "e.example"} & set(self.listed()), {"e.example"})

    def test_entries_of_version_0_1_0_stay_and_expire(self) -> None:
        """They have keys of their own; a note that an analyst wrote in one stays."""
        self.server.store.add("dnsentropy_watchlist", [
            {"indicator": [name], "type": ["domain"], "first_seen": [str(TODAY - age * DAY - 9)],
             "last_seen": [str(TODAY - age * DAY)], "severity": ["high"], "score": ["99"], "note": [note]}
            for name, age, note in (
                (DOMAIN, 3, "case 3"), ("b.example", 4, "queried by 10.0.0.1"), ("c.example", 95, ""),
            )
        ], ["indicator", "type", "first_seen", "last_seen", "severity", "score", "note"])  # fmt: skip
        self.saved(WATCHLIST, self.leaks())
        entry = self.listed()[DOMAIN]
        self.assertEqual((entry["note"], entry["first_seen"]), (["case 3"], [str(TODAY - 3 * DAY - 9)]))
        self.assertEqual(sorted(self.listed()), ["b.example", DOMAIN])
        self.run_macro('dnsentropy_unwatch("b.example")')
        self.assertEqual(list(self.listed()), [DOMAIN])

    def test_removing_old_entries_keeps_the_others(self) -> None:
        """Whether or not the collection keeps the keys; an entry by hand stays in the collection."""
        for keeps in (True, False):
            self.server.store.replace_keeps_keys = keeps
            self.saved(WATCHLIST, self.leaks())
            self.run_macro('dnsentropy_watch("gone.example", "")')
            self.run_macro('dnsentropy_unwatch("gone.example")')
            self.run_macro('dnsentropy_watch("hand.example", "by hand")')
            self.run_macro(f'dnsentropy_watch("{DOMAIN}", "case 7")')
            self.saved(WATCHLIST, self.leaks(time=TODAY - 80 * DAY), now=TODAY - 80 * DAY)
            before = self.listed()
            self.saved(OLD_ENTRIES, [])
            self.assertEqual(self.listed(), before)
            self.assertNotIn(["removed"], [row["indicator"] for row in self.rows("dnsentropy_watchlist")])
            self.saved(WATCHLIST, self.leaks(time=TODAY + DAY), now=TODAY + DAY)
            self.assertEqual(self.listed(TODAY + DAY)[DOMAIN]["note"], ["case 7"])
        self.saved(OLD_ENTRIES, [], now=TODAY + 300 * DAY)
        self.assertEqual(list(self.listed(TODAY + 300 * DAY)), ["hand.example", DOMAIN])


if __name__ == "__main__":
    unittest.main()
