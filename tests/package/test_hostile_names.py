"""The sender of a query chooses the domain. Hostile names and clients change no search, link, mail, macro or table."""

from __future__ import annotations

import csv
import io
import json
import re
import unittest
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.etree import ElementTree

from harness import PackageTest, encoded_label, newest_package
from hostile import (
    CLIENT, FORMULA, HARMLESS, NO_DOMAIN, TEXTS, TOKEN, is_presentation, lines_of, shape_of_address, shape_of_search,
    shape_of_text, substitute,
)  # fmt: skip
from spl import Clock, Splunk
from spl.splunkd.app import unpack
from spl.splunkd.rows import Event

NOW = 1_900_000_000.0
DAY = 86_400.0
# A rule's settings with texts that are shown as they are: they may name the client.
TEXT_SETTINGS = ("rule_title", "rule_description", "_risk_message", "drilldown_name")
EXFILTRATION = "DNS Entropy - Exfiltration by Source and Domain - Rule"
LOW_AND_SLOW = "DNS Entropy - Low and Slow over Seven Days - Rule"
DAILY = "DNS Entropy - Daily Summary - Lookup Gen"


def events_of(label: str, client: str, dest: str) -> list[Event]:
    """Queries that carry data to a domain, as Splunk Stream logs them."""
    fields = {"src": client, "dest": dest, "query_type": "TXT", "message_type": "QUERY"}
    fixed = {name: [value] for name, value in (fields | {"sourcetype": "stream:dns", "index": "dns"}).items()}
    times_and_names = [(f"{NOW - 3_000 + 60 * n:.3f}", f"{encoded_label(n, 32)}.{label}.example") for n in range(25)]
    return [fixed | {"_time": [time], "query": [name]} for time, name in times_and_names]


def single(row: Event) -> dict[str, str]:
    """A result as alert actions and clicks see it."""
    return {name: "\n".join(values) for name, values in row.items()}


class HostileNames(PackageTest):
    """Every place where results or addresses go, filled with hostile and with harmless texts."""

    events: list[Event]
    server: Splunk
    findings: list[dict[str, str]]
    harmless: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        hostile = [
            event
            for at, label in enumerate(TEXTS)
            for event in events_of(label, TEXTS[(at + 7) % len(TEXTS)], TEXTS[(at + 13) % len(TEXTS)])
        ]
        cls.events = [*events_of(HARMLESS, CLIENT, "203.0.113.7"), *hostile]
        cls.server = Splunk(cls.app, cls.home / "run", 0)
        search = "| `dnsentropy_events` | dnsexfil query by src dest limit=1000"
        cls.findings = [single(row) for row in cls.server.search(search, cls.events, Clock(NOW))]
        cls.harmless = next(row for row in cls.findings if row["ut_domain"] == f"{HARMLESS}.example")
        daily = cls.app.settings("savedsearches.conf")[DAILY]["search"]
        for days in (3.0, 2.0, 1.0):
            moved = [e | {"_time": [f"{float(e['_time'][0]) - days * DAY:.3f}"]} for e in cls.events]
            cls.server.search(daily, moved, Clock(NOW - (days - 1) * DAY, NOW - days * DAY, NOW - (days - 1) * DAY))

    def own_server(self) -> Splunk:
        """A server whose lookups a test may change."""
        return self.splunk(app=unpack(newest_package(), self.folder() / "apps"))

    def test_the_findings_cover_the_names(self) -> None:
        """Nearly each name raises a finding, so that the tests below see it."""
        self.assertGreater(len({row["ut_domain"] for row in self.findings}), len(TEXTS) * 0.6)
        self.assertGreater(len({row["src"] for row in self.findings}), len(TEXTS) * 0.8)

    def test_domains_hold_letters_digits_and_escapes_only(self) -> None:
        """In both commands, and their parts too."""
        rows = self.server.search("| `dnsentropy_events` | dnsentropy query", self.events, Clock(NOW))
        for row in map(single, rows):
            for name in ("ut_domain", "ut_domain_without_tld", "ut_tld"):
                self.assertTrue(is_presentation(row.get(name, "")), row.get(name))
        for row in self.findings:
            self.assertTrue(row["ut_domain"] == NO_DOMAIN or is_presentation(row["ut_domain"]), row["ut_domain"])

    # Dashboards.

    def views(self) -> Iterator[tuple[str, ElementTree.Element]]:
        """All views."""
        for path in sorted((self.app.root / "default" / "data" / "ui" / "views").glob("*.xml")):
            yield path.stem, ElementTree.fromstring(path.read_text(encoding="utf-8"))

    def studio(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The definitions of Dashboard Studio's views."""
        for name, view in self.views():
            if definition := view.findtext("definition"):
                yield name, json.loads(definition)

    def test_addresses_put_no_spl_into_searches(self) -> None:
        """Whatever an address sets, each token stays one text in quotes, or a part of a macro's name."""
        for view, definition in self.studio():
            queries = [source["options"]["query"] for source in definition["dataSources"].values()]
            tokens = {name for query in queries for name, _ in TOKEN.findall(query)}
            for query in queries:
                expected = shape_of_search(substitute(query, dict.fromkeys(tokens, "x")))
                for text in TEXTS:
                    found = shape_of_search(substitute(query, dict.fromkeys(tokens, text)))
                    name = re.compile(r"(?<=`dnsentropy_source_)[A-Za-z0-9_.!~*'()%-]*(?=`)")
                    self.assertEqual(name.sub("x", found.skeleton), name.sub("x", expected.skeleton), view)
                    self.assertEqual(found.quotes, expected.quotes)

    def test_clicks_lead_to_the_row_and_set_nothing_else(self) -> None:
        """Each parameter has the value of the row's cell."""
        links = [
            (view, handler["options"]["url"])
            for view, definition in self.studio() for shown in definition["visualizations"].values()
            for handler in shown.get("eventHandlers", [])
        ]  # fmt: skip
        links += [(name, link.text or "") for name, view in self.views() for link in view.iter("link")]
        self.assertGreater(len(links), 6)
        for view, link in links:
            tokens = [name for name, _ in TOKEN.findall(link)]
            expected = shape_of_address(substitute(link, dict.fromkeys(tokens, "x")))
            for text in [*TEXTS, *(row["ut_domain"] for row in self.findings)]:
                address = substitute(link, dict.fromkeys(tokens, text))
                self.assertEqual(shape_of_address(address), expected, view)
                for name, value in parse_qsl(urlsplit(address).query, errors="surrogateescape"):
                    self.assertIn(value, {text, "*", "live", "sample"}, name)

    def test_a_row_leads_to_its_queries(self) -> None:
        """Investigate finds exactly the domain, and what is below it. A wildcard finds more."""
        before, after = self.filters_of_investigate()
        for domain in {row["ut_domain"] for row in self.findings}:
            found = self.kept(substitute(after, {"domain": domain}), "ut_domain")
            self.assertEqual({name for name in found if not name.endswith(f".{domain}")}, {domain})
        self.assertIn(f"{HARMLESS}.example", self.kept(substitute(after, {"domain": "harm*"}), "ut_domain"))
        for client in {row["src"] for row in self.findings}:
            if client.isprintable():
                self.assertIn(client, self.kept(substitute(before, {"src": client}), "src"))

    def test_a_drill_down_leads_to_the_events_of_its_row(self) -> None:
        """The names of the finding's domain, in whatever spelling the events have it."""
        parts = "| `dnsentropy_events` | dnsentropy query fields=\"domain,domain_ascii,fqdn,suffix_type\""
        # One name of each hostile text.
        rows = self.server.search(parts, self.events[::25], Clock(NOW))
        # An unreadable value has no outputs.
        rows = [row for row in rows if "ut_domain_ascii" in row]
        known = {row["ut_domain_ascii"][0] for row in rows} & {row["ut_domain"] for row in self.findings}
        self.assertGreater(len(known), len(TEXTS) / 2)
        for domain in known:
            search = substitute("eval wanted=$domain|s$ | `dnsentropy_of_domain(wanted)`", {"domain": domain})
            found = list(map(single, self.server.chain(search, rows, Clock(NOW))))
            self.assertIn(domain, {row["ut_domain_ascii"] for row in found})
            for row in found:
                self.assertTrue(domain == NO_DOMAIN or f".{row['ut_fqdn'].lower()}".endswith(f".{domain}"), row["query"])

    def filters_of_investigate(self) -> tuple[str, str]:
        """What the page's search does to clients before the command, and to domains after it."""
        (query,) = (
            definition["dataSources"]["ds_ranking"]["options"]["query"]
            for view, definition in self.studio() if view == "dnsentropy_investigate"
        )  # fmt: skip
        before, after = re.split(r"\| dnsexfil [^|]*", query)
        return "|" + before.split("|", 3)[3], after

    def kept(self, search: str, field: str) -> set[str]:
        """The values of a field that a chain of commands leaves of all findings."""
        rows = [{name: [value] for name, value in row.items()} for row in self.findings]
        return {row[field][0] for row in self.server.chain(search.strip(), rows, Clock(NOW))}

    # Alerts.

    def results(self, server: Splunk, name: str) -> list[dict[str, str]]:
        """The results of a saved search over the events."""
        search = self.app.settings("savedsearches.conf")[name]["search"]
        return [single(row) for row in server.search(search, self.events, Clock(NOW, NOW - DAY, NOW))]

    def alert_rows(self) -> Iterator[tuple[str, dict[str, str], dict[str, str], list[dict[str, str]]]]:
        """Each alert with actions: its settings, the harmless result, and all results."""
        for name, stanza in self.app.settings("savedsearches.conf").items():
            if any("$" in value for key, value in stanza.items() if key.startswith("action.")):
                # An alert that compares with a client's past finds none of these. Its texts get another one's rows.
                rows = self.results(self.server, name) or self.results(self.server, EXFILTRATION)
                yield name, stanza, next(row for row in rows if row["ut_domain"] == f"{HARMLESS}.example"), rows

    def test_no_alert_names_a_domain_that_was_not_queried(self) -> None:
        """A name with blanks is one name, also in the summary that an alert reads."""
        domains = {row["ut_domain"] for row in self.findings}
        names = [name for name, *_ in self.alert_rows()]
        self.assertGreaterEqual(set(names), {EXFILTRATION, LOW_AND_SLOW})
        for name in names:
            rows = self.results(self.server, name)
            self.assertEqual({row["ut_domain"] for row in rows} - domains, set(), name)
        self.assertGreater(len(self.results(self.server, LOW_AND_SLOW)), len(TEXTS) / 2)

    def test_a_blank_in_a_subdomain_names_no_other_domain(self) -> None:
        """The days of such names add up to their own domain, not to one that their first part ends with."""
        server, settings = self.own_server(), self.app.settings("savedsearches.conf")
        events = events_of("bystander.com x.tunnel", CLIENT, "203.0.113.7")
        for days in (3.0, 2.0, 1.0):
            moved = [e | {"_time": [f"{float(e['_time'][0]) - days * DAY:.3f}"]} for e in events]
            end = NOW - (days - 1) * DAY
            server.search(settings[DAILY]["search"], moved, Clock(end, end - DAY, end))
        rows = map(single, server.search(settings[LOW_AND_SLOW]["search"], [], Clock(NOW, NOW - DAY, NOW)))
        self.assertEqual([row["ut_domain"] for row in rows], ["tunnel.example"])

    def test_mails_hold_no_text_that_a_client_chose(self) -> None:
        """Subjects and messages have the lines and signs of a harmless name's mail."""
        for name, stanza, harmless, rows in self.alert_rows():
            for key, template in stanza.items():
                if not key.startswith("action.email."):
                    continue
                expected = shape_of_text(substitute(template, _result(harmless)))
                for row in rows:
                    mail = substitute(template, _result(row))
                    self.assertEqual(shape_of_text(mail), expected, f"{name}, {key}: {mail!r}")

    def test_links_lead_to_investigate(self) -> None:
        """With the domain and the client of the row, or a wildcard in place of an odd client."""
        for name, _, harmless, rows in self.alert_rows():
            if "link" not in harmless:
                self.fail(f"{name} has no column link")
            expected = shape_of_address(harmless["link"])
            self.assertEqual(expected[2:4], ("/app/dnsentropy/dnsentropy_investigate", ""))
            for row in rows:
                self.assertEqual(shape_of_address(row["link"]), expected, name)
                given = parse_qs(urlsplit(row["link"]).query)
                self.assertEqual(given["form.source"], ["live"])
                self.assertEqual(given["form.domain"], [row["ut_domain"]])
                self.assertIn(given["form.src"], ([row["src"]], ["*"]))

    def test_drill_downs_of_findings_have_one_shape(self) -> None:
        """Client and domain stay texts in quotes."""
        for name, stanza, harmless, rows in self.alert_rows():
            for template in _drilldowns(stanza):
                expected = shape_of_search(substitute(template, harmless))
                for row in rows:
                    self.assertEqual(shape_of_search(substitute(template, row)), expected, name)

    def test_texts_of_findings_name_only_client_domain_and_our_words(self) -> None:
        """Enterprise Security shows them as text. But for the client, each has the shape of a harmless finding's."""
        for name, stanza, harmless, rows in self.alert_rows():
            templates = [v for k, v in stanza.items() if k.rpartition(".")[2] in TEXT_SETTINGS]
            more = json.loads(stanza.get("action.notable.param.drilldown_searches", "[]"))
            templates += [each["name"] for each in more]
            for template in templates:
                expected = shape_of_text(substitute(template, harmless | {"src": "x"}))
                for row in rows:
                    shown = substitute(template, row | {"src": "x"})
                    self.assertEqual(shape_of_text(shown), expected, f"{name}: {shown!r}")

    # Macros that an analyst calls with a domain from a table.

    def test_macros_take_any_domain_from_a_table(self) -> None:
        """A call with a domain expands to the search of a harmless name, and does to this domain what it says."""
        known = self.app.settings("macros.conf")
        calls = [
            (call, name) for call, name in (
                ('`dnsentropy_mute("{}", "known")`', "dnsentropy_mute(2)"),
                ('`dnsentropy_mute("{}", "known", "10.0.0.0/8")`', "dnsentropy_mute(3)"),
                ('`dnsentropy_mute("{}", "known", "*", "+30d")`', "dnsentropy_mute(4)"),
                ('`dnsentropy_unmute("{}")`', "dnsentropy_unmute(1)"),
                ('`dnsentropy_watch("{}", "case 7")`', "dnsentropy_watch(2)"),
                ('`dnsentropy_unwatch("{}")`', "dnsentropy_unwatch(1)"),
            ) if name in known
        ]  # fmt: skip
        self.assertGreaterEqual(len(calls), 2)
        for call, name in calls:
            expected = shape_of_search(self.app.expand("| " + call.format(f"{HARMLESS}.example")))
            # Names without a domain are not watched: they are those of no owner.
            watched = [row for row in self.findings if "watch" not in name or row["ut_domain"] != NO_DOMAIN]
            for row in watched:
                expanded = self.app.expand("| " + call.format(row["ut_domain"]))
                self.assertEqual(shape_of_search(expanded), expected, f"{name}: {row['ut_domain']}")

    def test_a_domain_can_be_muted_as_a_table_shows_it(self) -> None:
        """All of them: then no alert is left."""
        server = self.own_server()
        for domain in {row["ut_domain"] for row in self.findings}:
            server.search(f'| `dnsentropy_mute("{domain}", "known")`', [], Clock(NOW))
        left = [row["ut_domain"] for row in self.results(server, EXFILTRATION)]
        self.assertEqual(left, [])

    # The watchlist.

    def test_the_watchlist_and_its_export_have_one_row_for_each_entry(self) -> None:
        """No cell of the export is a formula for a spreadsheet, none ends its line, and each domain can be removed."""
        server = self.own_server()
        self.results(server, "DNS Entropy - Watchlist - Lookup Gen")
        rows = self.results(server, "DNS Entropy - Watchlist Export")
        domains = {row["ut_domain"] for row in self.findings if int(row["score"]) >= 70} - {NO_DOMAIN}
        self.assertGreaterEqual({row["indicator"].lstrip("'") for row in rows}, domains)
        for row in rows:
            for name, cell in row.items():
                self.assertFalse(cell.startswith(FORMULA), f"{name}: {cell!r}")
        columns = list(rows[0])
        written = io.StringIO(newline="")
        table = csv.writer(written)
        table.writerow(columns)
        table.writerows([row.get(name, "") for name in columns] for row in rows)
        self.assertEqual(lines_of(written.getvalue()), len(rows) + 1)
        for domain in domains:
            server.search(f'| `dnsentropy_unwatch("{domain}")`', [], Clock(NOW))
        left = {row["indicator"] for row in self.results(server, "DNS Entropy - Watchlist Export")}
        self.assertEqual(left & domains, set())


class Shapes(unittest.TestCase):
    """The tests above notice a missing filter."""

    def test_a_text_without_its_filter_changes_the_shape(self) -> None:
        """In searches, addresses and texts, for some of the names."""
        templates = (
            (shape_of_search, 'search src="$x$"'), (shape_of_search, "search src=$x$"),
            (shape_of_address, "/app?form.src=$x$&form.domain=a"), (shape_of_text, "a finding for $x$"),
        )  # fmt: skip
        for shape, template in templates:
            expected, noticed = shape(substitute(template, {"x": HARMLESS})), 0
            for text in TEXTS:
                try:
                    noticed += shape(substitute(template, {"x": text})) != expected
                except (AssertionError, ValueError):
                    noticed += 1
            self.assertGreater(noticed, 5, template)

    def test_tokens_are_replaced_once(self) -> None:
        """A token in a value stays, as in Splunk; a token without a value too."""
        self.assertEqual(substitute("$a$ $b|u$ $c$ $a|s$", {"a": "$b$", "b": "x y"}), '$b$ x%20y $c$ "$b$"')


def _result(row: dict[str, str]) -> dict[str, str]:
    """The tokens of a mail."""
    return {f"result.{name}": value for name, value in row.items()}


def _drilldowns(stanza: dict[str, str]) -> list[str]:
    """The searches to which a finding leads."""
    one = stanza.get("action.notable.param.drilldown_search", "")
    more = [each["search"] for each in json.loads(stanza.get("action.notable.param.drilldown_searches", "[]"))]
    return [text for text in [one, *more] if text]


if __name__ == "__main__":
    unittest.main()
