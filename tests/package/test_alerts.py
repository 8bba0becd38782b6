"""The alerts, and the searches that write their lookups, run through the real program."""

from __future__ import annotations

import tarfile
import unittest
from datetime import UTC, datetime
from hashlib import md5
from urllib.parse import parse_qs, urlsplit

from harness import PackageTest, encoded_label, newest_package
from spl import Clock, Splunk
from spl.splunkd.app import unpack
from spl.splunkd.rows import Event

EXFILTRATION = "Exfiltration by Source and Domain - Rule"
FIRST_SEEN = "First Seen Domain with High Score - Rule"
LOW_AND_SLOW = "Low and Slow over Seven Days - Rule"
OUTLIER = "Host Outlier in Length or Volume - Rule"
WRITERS = ("Daily Summary", "Baseline of Domains", "Baseline of Hosts", "Watchlist")
DAILY, DOMAINS, HOSTS, WATCHLIST = (f"{name} - Lookup Gen" for name in WRITERS)
OLD_DAYS, OLD_DOMAINS, OLD_HOSTS, OLD_ENTRIES = (f"Retention of {name} - Lookup Gen" for name in WRITERS)
DAY = 86_400
# A midnight, in UTC.
TODAY = 20_000 * DAY
RESOLVERS = ["208.109.255.42", "216.69.185.42"]
LEAK = ("10.0.2.109", "hildegardsfarm.com")
# The sample's false positive: an antivirus program, on nearly all clients.
SERVICE = "guardotter.com"


def query(time: float, name: str, src: str = "10.0.3.3", dest: str = "10.0.1.100") -> Event:
    """An event of Splunk Stream."""
    fields = {"_time": f"{time:.3f}", "query": name, "src": src, "dest": dest, "query_type": "A"}
    return {k: [v] for k, v in fields.items()} | {
        "index": ["dns"], "sourcetype": ["stream:dns"], "message_type": ["QUERY"]
    }  # fmt: skip


def encoded(number: int, domain: str = "slowfarm.example") -> str:
    """A name that contains ten bytes in base32."""
    return f"{encoded_label(number)}.{domain}"


class AlertTest(PackageTest):
    """A test with a server of its own: the app's files may change, and collections are empty."""

    server: Splunk

    def setUp(self) -> None:
        self.server = self.splunk(app=unpack(newest_package(), self.folder() / "apps"))

    def saved(self, name: str, events: list[Event], now: float = TODAY, text: str = "") -> list[Event]:
        """Run a saved search at a time, over the events of its time range."""
        return self.server.search(text or self.text(name), events, self.at(now))

    def text(self, name: str) -> str:
        """The text of a saved search."""
        return self.server.app.settings("savedsearches.conf")[f"DNS Entropy - {name}"]["search"]

    def at(self, now: float) -> Clock:
        """A time at which a search runs."""
        return Clock(now)

    def rows(self, lookup: str) -> list[Event]:
        """The rows of a lookup."""
        return self.server.search(f"| inputlookup {lookup}", [])

    def live(self) -> list[Event]:
        """The sample's events as an index returns them, moved to the day before TODAY."""
        moved = []
        for event in self.sample:
            time = datetime.fromisoformat(event["_time"][0]).timestamp()
            moved.append(event | {"_time": [f"{time % DAY + TODAY - DAY:.3f}"]})
        return moved

    def assert_leak(self, rows: list[Event], muted: bool = False) -> None:
        """The leak of the sample comes first, with the client, the domain and both resolvers."""
        self.assertEqual((rows[0]["src"][0], rows[0]["ut_domain"][0]), LEAK)
        self.assertEqual((rows[0]["dest"], rows[0]["count"], rows[0]["sources"]), (RESOLVERS, ["850"], ["1"]))
        self.assertEqual({row["ut_domain"][0] for row in rows[1:]}, set() if muted else {SERVICE})
        self.assertTrue(all(int(row["sources"][0]) > 20 for row in rows[1:]))

    def mute(self, domain: str) -> None:
        """Put a domain on the user's allowlist."""
        self.server.search(f'| `dnsentropy_mute("{domain}", "known, not an attack")`', [])


class Exfiltration(AlertTest):
    """The alert of the ranking, the allowlist and the watchlist."""

    def test_it_finds_the_leak_in_events_and_in_the_sample(self) -> None:
        """The only other finding is an antivirus program."""
        self.assert_leak(self.saved(EXFILTRATION, self.live()))
        self.assert_leak(self.saved("Exfiltration in the Sample - Rule", [], now=1_900_000_000))
        self.server = self.splunk(3, app=self.server.app)
        self.assert_leak(self.saved(EXFILTRATION, self.live()))

    def test_the_sample_ends_now_and_keeps_to_the_time_range(self) -> None:
        """Like live events."""
        now = 1_900_000_000.0
        whole = self.server.search("| `dnsentropy_sample`", [], Clock(now, now - DAY, now))
        times = [float(row["_time"][0]) for row in whole]
        self.assertEqual(max(times), now)
        part = self.server.search("| `dnsentropy_sample`", [], Clock(now, now - 3_600, now - 600))
        self.assertEqual(len(part), sum(now - 3_600 <= time <= now - 600 for time in times))
        self.assertTrue(0 < len(part) < len(whole))

    def test_every_source_of_events_finds_it(self) -> None:
        """Zeek, Infoblox and CIM name their fields differently; Sysmon does not know the resolver."""
        asked = [event for event in self.live() if event["message_type"] == ["QUERY"] and "query" in event]
        for event in asked:
            event["query"] = event["query"][:1]
        renamed = {
            "zeek": (
                {"src": "id.orig_h", "dest": "id.resp_h", "query_type": "qtype_name"}, {"sourcetype": "bro:dns:json"}
            ),
            "infoblox": ({"query_type": "record_type"}, {"sourcetype": "infoblox:dns", "message_type": "Query"}),
            "sysmon": (
                {"query": "QueryName", "src": "Computer", "dest": "-", "query_type": "-"},
                {"source": "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational", "EventCode": "22"},
            ),
            "cim": ({"query_type": "record_type"}, {"message_type": "Query"}),
        }
        search = self.text(EXFILTRATION)
        for source, (names, fixed) in renamed.items():
            with self.subTest(source=source):
                added = {name: [value] for name, value in fixed.items()}
                events = [{names.get(k, k): v for k, v in event.items()} | added for event in asked]
                text = search.replace("`dnsentropy_events`", f"`dnsentropy_events_{source}`")
                row = self.saved(EXFILTRATION, events, text=text)[0]
                self.assertEqual((row["src"][0], row["ut_domain"][0]), LEAK)
                self.assertEqual(row["dest"], ["unknown"] if source == "sysmon" else RESOLVERS)

    def test_muting_a_domain_outlives_an_upgrade(self) -> None:
        """It is written to a file that the package does not contain."""
        lookups = self.server.app.root / "lookups"
        self.assertFalse(lookups.exists())
        self.mute("*.guardotter.com")
        self.assert_leak(self.saved(EXFILTRATION, self.live()), muted=True)
        self.assertEqual({path.name for path in lookups.iterdir()}, {"dnsentropy_allowlist_local.csv"})
        self.mute(LEAK[1])
        self.assertEqual(self.saved(EXFILTRATION, self.live()), [])
        with tarfile.open(newest_package(), "r:gz") as package:
            package.extractall(self.server.app.root.parent, filter="tar")
        self.assertEqual(self.saved(EXFILTRATION, self.live()), [])
        self.assertEqual(len(self.rows("dnsentropy_allowlist_local.csv")), 2)

    def test_an_emptied_list_of_muted_domains_mutes_nothing(self) -> None:
        """splunkd leaves a file without a header."""
        file = self.server.app.root / "lookups" / "dnsentropy_allowlist_local.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n", encoding="utf-8")
        self.assert_leak(self.saved(EXFILTRATION, self.live()))

    def test_links_of_findings_hold_checked_parts_only(self) -> None:
        """A path to Investigate with three parameters, whatever a client chose as its name or the domain's."""
        quoted = (("10.0.2.109", "evil.example", "10.0.2.109", "evil.example"),
                  ("fe80::1", "a\\032b.example", "fe80::1", "a\\032b.example"),
                  ("1&form.source=x", "x\"|delete .example", "*", "*"), ("a b", "a&b=c#d", "*", "*"),
                  ("$env:user$", "<script>.example", "*", "*"), ("%22", "a%22.example", "*", "*"),
                  ("host_1", "münchen.example", "host_1", "münchen.example"))  # fmt: skip
        for src, domain, shown_src, shown_domain in quoted:
            rows = [{"src": [src], "ut_domain": [domain]}]
            (row,) = self.server.chain("eval link=`dnsentropy_link(src, ut_domain)`", rows)
            link = urlsplit(row["link"][0])
            self.assertEqual(link[:3], ("", "", "/app/dnsentropy/dnsentropy_investigate"))
            wanted = {"form.source": ["live"], "form.domain": [shown_domain], "form.src": [shown_src]}
            self.assertEqual(parse_qs(link.query, keep_blank_values=True, strict_parsing=True), wanted)
        (row,) = self.server.chain("eval link=`dnsentropy_link(src, ut_domain)`", [{"ut_domain": ["a.example"]}])
        self.assertTrue(row["link"][0].endswith("form.domain=a.example&form.src=*"))
        self.assertEqual(self.saved(EXFILTRATION, self.live())[0]["link"][0].split("?")[1],
                         "form.source=live&form.domain=hildegardsfarm.com&form.src=10.0.2.109")  # fmt: skip

    def test_the_reasons_of_a_finding_are_those_of_its_worst_resolver(self) -> None:
        """In their order, and as many samples as the table has."""
        ranking = self.server.search("| `dnsentropy_sample` | dnsexfil query by src dest", [], Clock(1_900_000_000))
        worst = next(row for row in ranking if row["ut_domain"] == [LEAK[1]])
        found = self.saved("Exfiltration in the Sample - Rule", [], now=1_900_000_000)[0]
        for name in ("reasons", "samples", "severity", "score", "encoding"):
            self.assertEqual(found[name], worst[name], name)
        self.assertTrue(len(found["reasons"]) > 1 and len(found["samples"]) == 3)
        self.assertIn("form.source=sample", found["link"][0])


class Baselines(AlertTest):
    """Searches that write lookups, and alerts that read them."""

    def test_a_new_domain_is_reported_once(self) -> None:
        """Only until the daily summary and the baseline contain it."""
        rows = self.saved(FIRST_SEEN, self.live())
        found = {row["ut_domain"][0]: row for row in rows}
        self.assertEqual(sorted(found), [SERVICE, LEAK[1]])
        self.assertEqual({len(row["src"]) for row in rows}, {1})
        self.assertEqual((found[LEAK[1]]["src"], found[LEAK[1]]["dest"]), ([LEAK[0]], RESOLVERS))
        clients = [row["src"][0] for row in rows if row["ut_domain"] == [SERVICE]]
        self.assertEqual((found[LEAK[1]]["sources"], found[SERVICE]["sources"]), (["1"], [str(len(clients))]))
        self.assertEqual((len(set(clients)), len(clients) > 20), (len(clients), True))
        self.saved(DAILY, self.live())
        self.saved(DOMAINS, [])
        known = {row["ut_domain"][0]: row for row in self.rows("dnsentropy_baseline_domains")}
        self.assertIn(LEAK[1], known)
        self.assertNotIn("hoppyhour.com", known)
        self.assertEqual(self.saved(FIRST_SEEN, self.live()), [])
        fresh = [query(TODAY + n, encoded(n)) for n in range(20)]
        self.assertEqual([row["ut_domain"] for row in self.saved(FIRST_SEEN, fresh)], [["slowfarm.example"]])
        later = self.live() + fresh
        for event in later:
            event["_time"] = [str(float(event["_time"][0]) + 200 * DAY)]
        # What is too old is not known any more, with or without the search that removes it.
        self.assertIn(LEAK[1], {row["ut_domain"][0] for row in self.saved(FIRST_SEEN, later, now=TODAY + 200 * DAY)})
        self.saved(DAILY, fresh, now=TODAY + 200 * DAY)
        self.saved(DOMAINS, [], now=TODAY + 200 * DAY)
        self.saved(OLD_DOMAINS, [], now=TODAY + 200 * DAY)
        self.assertEqual([row["ut_domain"] for row in self.rows("dnsentropy_baseline_domains")], [["slowfarm.example"]])

    def test_a_day_that_is_summarised_again_counts_once(self) -> None:
        """Running the search again by hand does no harm."""
        self.saved(DAILY, self.live())
        once = self.rows("dnsentropy_daily")
        self.assertGreater(len(once), 0)
        self.saved(DAILY, self.live())
        self.assertEqual(self.rows("dnsentropy_daily"), once)
        self.saved(DAILY, [query(TODAY + 39 * DAY + n, encoded(n)) for n in range(20)], now=TODAY + 40 * DAY)
        self.saved(OLD_DAYS, [], now=TODAY + 40 * DAY)
        self.assertEqual([row["ut_domain"] for row in self.rows("dnsentropy_daily")], [["slowfarm.example"]])

    def slow(self, days: int) -> list[Event]:
        """Two encoded names a day."""
        return [
            query(TODAY - day * DAY + 3_600 * (9 + n), encoded(2 * day + n))
            for day in range(1, days + 1) for n in (0, 1)
        ]  # fmt: skip

    def test_a_few_names_a_day_add_up(self) -> None:
        """One day's names raise no alert, a week's do; two days are too few."""
        for days, found in ((2, []), (6, [["slowfarm.example"]])):
            events = self.slow(days)
            self.assertEqual(self.saved(EXFILTRATION, events[:2]), [])
            for day in range(days, 0, -1):
                start = TODAY - day * DAY
                of_day = [event for event in events if start <= float(event["_time"][0]) < start + DAY]
                self.saved(DAILY, of_day, now=start + DAY + 4_000)
            rows = self.saved(LOW_AND_SLOW, [], now=TODAY + 16_000)
            self.assertEqual([row["ut_domain"] for row in rows], found)
        self.assertEqual((rows[0]["days"], rows[0]["src"], rows[0]["queries"]), (["6"], ["10.0.3.3"], ["12"]))
        self.assertEqual(rows[0]["distinct_subdomains"], ["12"])
        began = datetime.fromtimestamp(TODAY - 6 * DAY + 9 * 3_600, UTC)
        self.assertEqual(rows[0]["first_seen"], [f"{began:%Y-%m-%d %H:%M:%S}"])
        self.assertLess(int(rows[0]["max_day_score"][0]), 70)
        self.assertEqual(self.saved(LOW_AND_SLOW, [], now=TODAY + 8 * DAY), [])

    def ordinary(self, days: int) -> list[Event]:
        """Three hosts that query about thirty names an hour, eight hours a day."""
        hosts = ("www", "mail", "img", "static", "login", "api")
        return [
            query(
                TODAY - day * DAY + 3_600 * (8 + hour) + 60 * n, f"{hosts[n % 6]}.site{n % 5}.example", f"10.0.3.{src}"
            )
            for day in range(1, days + 1) for hour in range(8) for src in (1, 2, 3)
            for n in range(25 + (hour + day) % 9)
        ]  # fmt: skip

    def test_a_host_is_compared_with_its_own_past(self) -> None:
        """By number and length of queries; a usual hour is not an outlier, nor is a host without a past."""
        self.saved(HOSTS, self.ordinary(6))
        past = {row["src"][0]: row for row in self.rows("dnsentropy_baseline_hosts")}
        self.assertEqual(sorted(past), ["10.0.3.1", "10.0.3.2", "10.0.3.3"])
        row = past["10.0.3.1"]
        self.assertEqual((row["days"], row["hours"]), (["6"], ["48"]))
        self.assertTrue(25 <= float(row["avg_queries"][0]) < 34 and 0 < float(row["stdev_queries"][0]) < 5)
        self.assertTrue(3 <= float(row["avg_length"][0]) <= 6)
        hour = [query(TODAY + 60 * n, f"www.site{n}.example", "10.0.3.1") for n in range(30)]
        loud = [query(TODAY + n, f"www.site{n % 9}.example", "10.0.3.2") for n in range(900)]
        long = [query(TODAY + 60 * n, encoded(n, "longfarm.example"), "10.0.3.3") for n in range(30)]
        new = [query(TODAY + n, encoded(n), "10.0.3.4") for n in range(900)]
        found = {row["src"][0]: row for row in self.saved(OUTLIER, hour + loud + long + new)}
        self.assertEqual(sorted(found), ["10.0.3.2", "10.0.3.3"])
        self.assertGreater(float(found["10.0.3.2"]["queries_deviations"][0]), 4)
        self.assertEqual(found["10.0.3.2"]["queries"], ["900"])
        self.assertGreater(float(found["10.0.3.3"]["length_deviations"][0]), 4)
        self.assertEqual(found["10.0.3.3"]["ut_domain"], ["longfarm.example"])

    def test_the_past_of_hosts_grows_day_by_day(self) -> None:
        """The result is that of one run over all days; no day counts twice, and old hosts are forgotten."""
        events = self.ordinary(6)
        self.saved(HOSTS, events)
        whole = self.rows("dnsentropy_baseline_hosts")
        self.server = self.splunk(app=self.server.app.replicate(self.folder() / "apps"))
        for day in range(6, 0, -1):
            start = TODAY - day * DAY
            for _ in range(2):
                of_day = [event for event in events if start <= float(event["_time"][0]) < start + DAY]
                self.saved(HOSTS, of_day, now=start + DAY)
        for one, other in zip(whole, self.rows("dnsentropy_baseline_hosts"), strict=True):
            self.assertEqual(one["_key"], [md5(one["src"][0].encode()).hexdigest()])
            self.assertEqual([one[k] for k in ("src", "days", "hours")], [other[k] for k in ("src", "days", "hours")])
            for name in ("avg_queries", "stdev_queries", "avg_length", "stdev_length"):
                self.assertAlmostEqual(float(one[name][0]), float(other[name][0]), places=6)
        later = [query(TODAY + 99 * DAY + n, "www.example.com", "10.0.3.9") for n in range(9)]
        self.saved(HOSTS, later, now=TODAY + 100 * DAY)
        self.saved(OLD_HOSTS, [], now=TODAY + 100 * DAY)
        self.assertEqual([row["src"] for row in self.rows("dnsentropy_baseline_hosts")], [["10.0.3.9"]])


if __name__ == "__main__":
    unittest.main()
