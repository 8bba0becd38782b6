"""The view Getting started: its searches find what it says, and its links exist."""

from __future__ import annotations

import html
import re
import unittest
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from harness import PackageTest, newest_package
from spl import Clock, Splunk
from spl.splunkd.app import unpack
from spl.splunkd.rows import Event

NOW = 1_900_000_000.0
SPLUNKS_OWN = {"search", "alerts", "reports"}


class GettingStarted(PackageTest):
    """A new analyst on a new server."""

    server: Splunk
    view: ElementTree.Element

    def setUp(self) -> None:
        self.server = self.splunk(app=unpack(newest_package(), self.folder() / "apps"))
        self.view = self.xml("views/dnsentropy_getting_started.xml")

    def xml(self, name: str) -> ElementTree.Element:
        """A file of data/ui."""
        path = self.server.app.root / "default" / "data" / "ui" / name
        return ElementTree.fromstring(path.read_text(encoding="utf-8"))

    def table(self, name: str, events: Sequence[Event] = ()) -> list[Event]:
        """The rows of a table of the view."""
        (table,) = (table for table in self.view.iter("table") if table.get("id") == name)
        query = table.findtext("search/query") or ""
        self.assertEqual((table.findtext("search/earliest"), table.findtext("search/latest")), ("-24h", "now"))
        return self.server.search(query, events, Clock(NOW, NOW - 86_400, NOW))

    def text(self) -> str:
        """The text of the view, as HTML."""
        return " ".join(" ".join(ElementTree.tostring(part, "unicode").split()) for part in self.view.iter("html"))

    def links(self) -> list[str]:
        """The links of the view."""
        drilldowns = [link.text or "" for link in self.view.iter("link")]
        return [html.unescape(link.get("href", "")) for link in self.view.iter("a")] + drilldowns

    def test_the_leak_is_where_the_page_says(self) -> None:
        """The first two rows, the names and the two resolvers are as the text says."""
        rows = self.table("ranking")
        first = [(row["ut_domain"][0], row["src"][0], row["severity"][0]) for row in rows[:2]]
        self.assertEqual(first, [("hildegardsfarm.com", "10.0.2.109", "critical")] * 2)
        self.assertEqual({row["ut_domain"][0] for row in rows[2:]}, {"guardotter.com"})
        self.assertTrue(all(int(row["score"][0]) >= 70 for row in rows[:2]))
        names = self.table("names")
        self.assertEqual({(row["ut_subdomain_length"][0], row["ut_encoding"][0]) for row in names}, {("16", "base64")})
        resolvers = self.table("resolvers")
        self.assertEqual([row["dest"][0] for row in resolvers], ["208.109.255.42", "216.69.185.42"])
        self.assertEqual([row["count"] for row in resolvers], [["444"], ["406"]])
        self.assertEqual([row["names"] for row in resolvers], [["444"], ["406"]])
        self.assertEqual({row["src"][0] for row in resolvers}, {"10.0.2.109"})
        for said in ("one client", "850 names", "two external servers", "25 clients"):
            self.assertIn(said, self.text())
        clients = self.server.search("| `dnsentropy_sample` | stats dc(src) AS clients", [], Clock(NOW))
        self.assertEqual(clients[0]["clients"], ["25"])

    def test_a_click_on_a_row_leads_to_that_row(self) -> None:
        """The drill-down names fields of the row."""
        (link,) = (link.text or "" for link in self.view.iter("link"))
        tokens = re.findall(r"\$row\.(\w+)\|u\$", link)
        self.assertEqual(tokens, ["ut_domain", "src"])
        self.assertTrue(set(tokens) <= set(self.table("ranking")[0]))

    def test_the_false_positive_can_be_muted(self) -> None:
        """With the search that is shown, which is also the one of the link."""
        (shown,) = (pre.text or "" for pre in self.view.iter("pre"))
        linked, listing = (parse_qs(urlsplit(link).query)["q"][0] for link in self.links() if link.startswith("search?"))
        self.assertEqual((linked, listing), (shown, "| `dnsentropy_mutes`"))
        self.assertTrue(any(row["ut_domain"] == ["guardotter.com"] for row in self.table("alert")))
        self.server.search(shown, [], Clock(NOW))
        self.assertEqual([row["ut_domain"] for row in self.table("alert")], [["hildegardsfarm.com"]])
        self.assertNotIn("guardotter.com", {row["ut_domain"][0] for row in self.table("ranking")})
        muted = {row["domain"][0]: row["list"][0] for row in self.server.search(listing, [], Clock(NOW))}
        self.assertEqual(muted["*.guardotter.com"], "local")
        self.assertIn("app", muted.values())
        self.server.search('| `dnsentropy_unmute("*.guardotter.com")`', [], Clock(NOW))
        self.assertIn("guardotter.com", {row["ut_domain"][0] for row in self.table("ranking")})

    def test_links_choose_a_source_of_events(self) -> None:
        """By a name that the views know; no link contains a search of its own but those of Splunk's page."""
        for link in self.links():
            query = parse_qs(urlsplit(link).query)
            if "form.source" in query:
                self.assertIn(query["form.source"], (["live"], ["sample"]), link)
            self.assertTrue("`" not in str(query) or link.startswith("search?q="), link)

    def test_the_alert_exists_and_finds_what_the_page_shows(self) -> None:
        """It finds the same client, domain and resolvers."""
        name = "DNS Entropy - Exfiltration in the Sample - Rule"
        self.assertIn(f"<b>{name}</b>", self.text())
        stanza = self.server.app.settings("savedsearches.conf")[name]
        self.assertEqual((stanza["disabled"], stanza["cron_schedule"]), ("1", "*/5 * * * *"))
        found = self.server.search(stanza["search"], [], Clock(NOW, NOW - 86_400, NOW))
        shown = self.table("alert")
        columns = ("src", "ut_domain", "dest", "severity", "score", "count")
        self.assertEqual([[r[c] for c in columns] for r in found], [[r[c] for c in columns] for r in shown])
        self.assertEqual(shown[0]["dest"], ["208.109.255.42", "216.69.185.42"])

    def test_it_begins_with_data_check_and_names_the_macro_of_each_source(self) -> None:
        """Of those that hold DNS events; the page of the check comes before the first step."""
        titles = [title.text or "" for title in self.view.iter("title")]
        self.assertTrue(titles[0].startswith("Before you begin"), titles[0])
        self.assertEqual(self.links()[0], "dnsentropy_data_check")
        kinds = ("stream:dns", "zeek:dns:json", "isc:bind:query", "MSAD:NT6:DNS", "pan:dns", "access_combined")
        events = [
            {"_time": [str(NOW - 60)], "index": ["dns"], "sourcetype": [kind]}
            for count, kind in enumerate(kinds, 1) for _ in range(count)
        ]  # fmt: skip
        found = [(row["sourcetype"][0], row["count"][0], row["macro"][0]) for row in self.table("sources", events)]
        readers = ("any", "windows", "bind", "zeek", "stream")
        expected = zip(kinds[4::-1], "54321", [f"dnsentropy_events_{name}" for name in readers])
        self.assertEqual(found, list(expected))

    def test_links_and_names_exist(self) -> None:
        """Views, saved searches, macros and lookups exist."""
        views = {path.stem for path in (self.server.app.root / "default" / "data" / "ui" / "views").glob("*.xml")}
        for link in self.links():
            path = urlsplit(link).path.removeprefix("/app/dnsentropy/")
            self.assertTrue(path.startswith("../../manager/") or path in views | SPLUNKS_OWN, link)
        saved = self.server.app.settings("savedsearches.conf")
        for name in re.findall(r"<b>(DNS Entropy - .*?)</b>", self.text()):
            self.assertIn(html.unescape(name), saved)
        known = {name.partition("(")[0] for name in self.server.app.settings("macros.conf")}
        known.add("dnsentropy_allowlist_local.csv")
        for name in re.findall(r"<code>(dnsentropy_[\w.]+)</code>", self.text()):
            self.assertIn(name, known)

    def test_the_navigation_lists_every_view(self) -> None:
        """It has one default view, and each view is the app's or Splunk's."""
        entries = list(self.xml("nav/default.xml").iter("view"))
        names = [entry.get("name", "") for entry in entries]
        default = [entry.get("name") for entry in entries if entry.get("default") == "true"]
        self.assertEqual(default, ["dnsentropy_overview"])
        views = {path.stem for path in (self.server.app.root / "default" / "data" / "ui" / "views").glob("*.xml")}
        self.assertEqual(set(names) - SPLUNKS_OWN, views)


if __name__ == "__main__":
    unittest.main()
