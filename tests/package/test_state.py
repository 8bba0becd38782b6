"""The lookups that searches write: two writers at once, reads that fail, records of version 0.1.0, and upgrades."""

from __future__ import annotations

import shutil
import unittest
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

from harness import newest_package
from spl.errors import SearchError
from spl.splunkd.app import App, unpack
from spl.splunkd.rows import Event
from test_alerts import (
    DAILY, DAY, DOMAINS, EXFILTRATION, FIRST_SEEN, HOSTS, LEAK, LOW_AND_SLOW, OLD_DAYS, OLD_DOMAINS, OLD_ENTRIES,
    OLD_HOSTS, OUTLIER, SERVICE, TODAY, WATCHLIST, AlertTest, encoded, query,
)  # fmt: skip

COLLECTIONS = ("dnsentropy_daily", "dnsentropy_baseline_domains", "dnsentropy_baseline_hosts", "dnsentropy_watchlist")


class Collections(AlertTest):
    """Searches that write collections."""

    def keys(self, lookup: str) -> set[str]:
        """The keys of the records."""
        return {row["_key"][0] for row in self.rows(lookup)}

    def columns(self, lookup: str) -> list[str]:
        """The fields of a lookup."""
        stanza = self.server.app.settings("transforms.conf")[lookup]
        return [name.strip() for name in stanza["fields_list"].split(",")]

    def add(self, lookup: str, *records: dict[str, object]) -> None:
        """Write records with keys of the KV store's own, as version 0.1.0 did."""
        rows = [{name: [str(value)] for name, value in record.items()} for record in records]
        self.server.store.add(lookup, rows, self.columns(lookup))

    def hosts(self, src: str, days: int = 6, before: float = TODAY) -> list[Event]:
        """A client with thirty queries an hour."""
        return [
            query(before - day * DAY + 3_600 * hour + 60 * n, f"www.site{n}.example", src)
            for day in range(1, days + 1) for hour in range(9, 15) for n in range(30)
        ]  # fmt: skip

    def test_records_have_the_key_of_what_they_are_about(self) -> None:
        """The md5 of day, client and domain; of the domain; of the client; of indicator and type."""
        for search in (DAILY, DOMAINS, HOSTS, WATCHLIST):
            self.saved(search, self.live())
        natural = (
            lambda row: "2024-10-03|" + row["src"] + "|" + row["ut_domain"], lambda row: row["ut_domain"],
            lambda row: row["src"], lambda row: row["indicator"] + "|" + row["type"],
        )  # fmt: skip
        for lookup, key in zip(COLLECTIONS, natural, strict=True):
            rows = [{name: values[0] for name, values in row.items()} for row in self.rows(lookup)]
            self.assertTrue(rows, lookup)
            for row in rows:
                self.assertEqual(row["_key"], md5(key(row).encode()).hexdigest())

    def test_two_writers_at_once_lose_nothing(self) -> None:
        """The second one writes after the first has read and before it writes."""
        one, other = self.live(), [query(TODAY - 60 - n, encoded(n), "10.0.9.9") for n in range(30)]
        self.saved(DAILY, one + other)
        for lookup, search, have in (
            ("dnsentropy_daily", DAILY, "10.0.9.9"), ("dnsentropy_baseline_hosts", HOSTS, "10.0.9.9"),
        ):  # fmt: skip
            self.server.store.meanwhile = lambda search=search: self.saved(search, other)
            self.saved(search, one)
            self.assertLessEqual({have, LEAK[0]}, {row["src"][0] for row in self.rows(lookup)})
        record = {"ut_domain": "b.example", "first_seen": 1, "last_seen": TODAY, "max_score": 50}
        self.server.store.meanwhile = lambda: self.add("dnsentropy_baseline_domains", record)
        self.saved(DOMAINS, [])
        domains = {row["ut_domain"][0] for row in self.rows("dnsentropy_baseline_domains")}
        self.assertLessEqual({"b.example", LEAK[1]}, domains)

    def test_a_read_that_fails_stops_the_search_and_keeps_the_collection(self) -> None:
        """Instead of seeming empty: of writers, of alerts, of searches that remove old records."""
        for search in (DAILY, DOMAINS, HOSTS, WATCHLIST):
            self.saved(search, self.live())
        before = {lookup: self.rows(lookup) for lookup in COLLECTIONS}
        self.server.store.unreadable.update(COLLECTIONS)
        retention = (OLD_DAYS, OLD_DOMAINS, OLD_HOSTS, OLD_ENTRIES)
        for search in (DOMAINS, HOSTS, WATCHLIST, *retention, LOW_AND_SLOW, FIRST_SEEN, OUTLIER, "Watchlist Export"):
            with self.subTest(search=search), self.assertRaisesRegex(SearchError, "cannot be read"):
                self.saved(search, self.live())
        for call in ('dnsentropy_watch("a.example", "x")', f'dnsentropy_unwatch("{LEAK[1]}")', "dnsentropy_watchlist"):
            with self.subTest(call=call), self.assertRaisesRegex(SearchError, "cannot be read"):
                self.server.search(f"| `{call}`", [])
        self.server.store.unreadable.clear()
        self.assertEqual({lookup: self.rows(lookup) for lookup in COLLECTIONS}, before)

    def test_searches_without_results_change_nothing(self) -> None:
        """No events, or nothing that is young enough."""
        for search in (DAILY, DOMAINS, HOSTS, WATCHLIST):
            self.saved(search, self.live())
        before = {lookup: self.rows(lookup) for lookup in COLLECTIONS}
        for search in (DAILY, HOSTS, WATCHLIST):
            self.saved(search, [])
        for search in (OLD_DAYS, OLD_DOMAINS, OLD_HOSTS, OLD_ENTRIES):
            self.saved(search, [], now=TODAY + 400 * DAY)
        self.assertEqual({lookup: self.rows(lookup) for lookup in COLLECTIONS}, before)

    def test_days_of_version_0_1_0_count_once(self) -> None:
        """Also if the day is summarised again, with a record of the same day, client and domain."""
        names = " ".join(encoded(n) for n in range(2))
        for day in range(1, 7):
            self.add("dnsentropy_daily", {
                "day": TODAY - day * DAY, "src": "10.0.3.3", "ut_domain": "slowfarm.example", "count": 2, "score": 40,
                "distinct_subdomains": 2, "payload_bytes": 20, "first_seen": TODAY - day * DAY + 9, "names": names,
                "last_seen": TODAY - day * DAY + 99,
            })  # fmt: skip
        again = [query(TODAY - DAY + 3_600 * n, encoded(n)) for n in range(2)]
        self.saved(DAILY, again)
        self.assertEqual(len(self.rows("dnsentropy_daily")), 7)
        (row,) = self.server.search(self.text(LOW_AND_SLOW).replace("`dnsentropy_min_score`", "0"), [], self.at(TODAY))
        self.assertEqual((row["days"], row["queries"]), (["6"], ["12"]))
        self.saved(OLD_DAYS, [])
        self.assertEqual(len(self.rows("dnsentropy_daily")), 6)

    def test_domains_of_version_0_1_0_stay_known(self) -> None:
        """Beside a record with a key; a domain whose records are all too old is new."""
        old = {"first_seen": TODAY - 300 * DAY, "max_score": 80}
        self.add("dnsentropy_baseline_domains", {"ut_domain": SERVICE, "last_seen": TODAY - 80 * DAY, **old},
                 {"ut_domain": LEAK[1], "last_seen": TODAY - 91 * DAY, **old})  # fmt: skip
        self.assertEqual({row["ut_domain"][0] for row in self.saved(FIRST_SEEN, self.live())}, {LEAK[1]})
        self.saved(DAILY, self.live())
        self.saved(DOMAINS, [])
        later = [event | {"_time": [str(float(event["_time"][0]) + 20 * DAY)]} for event in self.live()]
        self.assertEqual(self.saved(FIRST_SEEN, later, now=TODAY + 20 * DAY), [])
        rows = [row for row in self.rows("dnsentropy_baseline_domains") if row["ut_domain"] == [SERVICE]]
        self.assertEqual([row["first_seen"] for row in rows], [[str(TODAY - 300 * DAY)]] * 2)
        self.saved(OLD_DOMAINS, [])
        self.assertEqual(len(self.rows("dnsentropy_baseline_domains")), 2)

    def test_hosts_of_version_0_1_0_keep_their_past(self) -> None:
        """A client has one past, whether its record is old or has a key, or the collection has both."""
        loud = [query(TODAY + n, f"www.site{n % 9}.example", "10.0.3.2") for n in range(900)]
        self.add("dnsentropy_baseline_hosts", {
            "src": "10.0.3.2", "days": 20, "hours": 200, "last_day": TODAY - 3 * DAY, "avg_queries": 30,
            "stdev_queries": 3, "avg_length": 4, "stdev_length": 1,
        })  # fmt: skip
        (row,) = self.saved(OUTLIER, loud)
        self.assertEqual((row["days"], row["avg_queries"]), (["20"], ["30"]))
        self.saved(HOSTS, self.hosts("10.0.3.2", days=1))
        self.assertEqual(len(self.rows("dnsentropy_baseline_hosts")), 2)
        (row,) = self.saved(OUTLIER, loud)
        self.assertEqual((row["days"], row["avg_queries"]), (["21"], ["30"]))
        for keeps in (False, True):
            self.server.store.replace_keeps_keys = keeps
            self.saved(OLD_HOSTS, [])
            (row,) = self.saved(OUTLIER, loud)
            self.assertEqual((row["days"], len(self.rows("dnsentropy_baseline_hosts"))), (["21"], 1))
        self.saved(HOSTS, self.hosts("10.0.3.2", days=1))
        self.assertEqual(self.rows("dnsentropy_baseline_hosts")[0]["days"], ["21"])
        self.assertEqual(self.saved(OUTLIER, loud, now=TODAY + 100 * DAY), [])

    def test_an_update_may_keep_the_fields_of_the_old_record(self) -> None:
        """Each record is written whole."""
        found = []
        for keeps in (False, True):
            self.server.store.update_keeps_fields = keeps
            for search in (DAILY, DOMAINS, HOSTS, WATCHLIST) * 2:
                self.saved(search, self.live())
            found.append({lookup: self.rows(lookup) for lookup in COLLECTIONS})
        self.assertEqual(found[0], found[1])


class Upgrade(AlertTest):
    """From version 0.1.0, whose lookups/ had the allowlist, the suffixes and the sample."""

    USERS = {
        "lookups/dnsentropy_allowlist_local.csv": "domain,reason\nmuted.example,ours\n",
        "lookups/dnsentropy_custom_suffixes.csv": "suffix\ncorp.example\nours.example\n",
        "local/macros.conf": "[dnsentropy_min_score]\ndefinition = 99\n",
    }
    SHIPPED = {
        "lookups/dnsentropy_allowlist.csv": "domain,reason\nold.example,version 0.1.0\n",
        "lookups/dnsentropy_sample.csv": "_time,src,dest,query,record_type\n1503619190,10.0.0.1,10.0.0.2,a.example,A\n",
        "default/macros.conf": "[dnsentropy_min_score]\ndefinition = 70\n[dnsentropy_gone]\ndefinition = head 1\n",
    }

    def setUp(self) -> None:
        super().setUp()
        self.new = self.folder() / "new"
        unpack(newest_package(), self.new)
        self.new /= "dnsentropy"

    def member(self) -> Path:
        """A server with version 0.1.0 and what its users wrote; the state of collections is outside the app."""
        apps = self.folder() / "apps"
        root = unpack(newest_package(), apps).root
        shutil.rmtree(root / "lookups", ignore_errors=True)
        for name, text in (self.SHIPPED | self.USERS).items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return root

    def untar(self, member: Path) -> None:
        """Files of the package replace files of the same name; others stay."""
        shutil.copytree(self.new, member, dirs_exist_ok=True)

    def push(self, mode: str, lookups: str, flag: bool = False, changed: bool = True) -> Callable[[Path], None]:
        """A deployer's push, by deployer_push_mode and deployer_lookups_push_mode (app.conf.spec of 9.x and 10.x).

        The deployer has the package and no local/. Whatever the mode, a member keeps its own local/. Lookups that only
        the member has stay; of those that both have, the member's or the deployer's wins.
        """
        keeps = {"preserve_lookups": flag, "always_preserve": True, "always_overwrite": False,
                 "overwrite_on_change": not changed}[lookups]  # fmt: skip

        def apply(member: Path) -> None:
            if mode == "local_only":
                return
            saved = self.folder()
            for name in ("local", "lookups"):
                shutil.copytree(member / name, saved / name)
            shutil.rmtree(member)
            shutil.copytree(self.new, member)
            shutil.copytree(saved / "local", member / "local")
            (member / "lookups").mkdir(exist_ok=True)
            for path in (saved / "lookups").iterdir():
                if keeps or not (member / "lookups" / path.name).exists():
                    shutil.copy(path, member / "lookups" / path.name)

        return apply

    def ways(self) -> dict[str, Callable[[Path], None]]:
        """Every way to bring the new version to a server that has the old one."""
        found: dict[str, Callable[[Path], None]] = {"untar": self.untar}
        for mode in ("full", "merge_to_default", "default_only", "local_only"):
            for lookups in ("preserve_lookups", "always_preserve", "always_overwrite", "overwrite_on_change"):
                for choice in (False, True):
                    found[f"{mode}, {lookups}, {choice}"] = self.push(mode, lookups, choice, choice)
        return found

    def test_what_users_wrote_survives_every_way_to_upgrade(self) -> None:
        """Muted domains, suffixes, macros: the package has none of these files."""
        for name in self.USERS:
            self.assertFalse((self.new / name).exists(), name)
        for way, upgrade in self.ways().items():
            with self.subTest(way=way):
                member = self.member()
                upgrade(member)
                for name, text in self.USERS.items():
                    self.assertEqual((member / name).read_text(encoding="utf-8"), text, name)
                app = App(member)
                self.assertEqual(app.expand("`dnsentropy_min_score`"), "99")
                self.assertEqual("dnsentropy_gone" in app.settings("macros.conf"), "local_only" in way)

    def test_what_the_app_maintains_is_new_after_every_way_to_upgrade(self) -> None:
        """The allowlist and the sample do not depend on lookups/: a deployer never pushes what it preserves."""
        self.assertFalse((self.new / "lookups").exists())
        results = []
        for way in ("untar", "full, always_preserve, True", "merge_to_default, always_preserve, True"):
            member = self.member()
            self.ways()[way](member)
            self.assertTrue((member / "lookups" / "dnsentropy_allowlist.csv").exists(), way)
            self.server = self.splunk(app=App(member))
            muted = self.server.search("index=x | dnsexfil query", [
                {"index": ["x"], "query": [encoded(n, domain)]}
                for domain in ("old.example", "muted.example", "mcafee.com") for n in range(9)
            ])  # fmt: skip
            found = {row["ut_domain"][0]: "allowlisted" in row for row in muted}
            self.assertEqual(found, {"old.example": False, "muted.example": True, "mcafee.com": True}, way)
            results.append(self.server.search("| `dnsentropy_sample` | stats count", [], self.at(TODAY)))
        self.assertEqual(results[0], results[1])
        self.assertGreater(int(results[0][0]["count"][0]), 1_000)

    def test_collections_are_outside_the_app(self) -> None:
        """An upgrade leaves the watchlist, the baselines and the daily summary, and their searches read them."""
        for search in (DAILY, DOMAINS, HOSTS, WATCHLIST):
            self.saved(search, self.live())
        before = {lookup: self.rows(lookup) for lookup in COLLECTIONS}
        self.untar(self.server.app.root)
        self.assertEqual({lookup: self.rows(lookup) for lookup in COLLECTIONS}, before)
        self.assertEqual(self.saved(FIRST_SEEN, self.live()), [])
        self.assert_leak(self.saved(EXFILTRATION, self.live()))


if __name__ == "__main__":
    unittest.main()
