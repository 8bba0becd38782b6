"""The macros that return the events of each source."""

from __future__ import annotations

import csv
import re
import unittest
from base64 import b32encode
from dataclasses import replace
from hashlib import sha256
from itertools import chain

import test_alerts as alerts
from harness import ROOT, PackageTest
from source_forms import FORMS, PROCESS, USER, Exchange, Form
from spl.splunkd.rows import Event

NOON = 1_750_680_000.0
CLIENT, NEIGHBOUR, RESOLVER = "10.9.8.7", "10.9.8.6", "10.0.0.53"
TUNNEL = "tunnel-zone.com"
ROLES = ("query", "src", "dest", "record_type", "reply_code", "answer", "process", "user", "message_type")
# What a macro calls a role before it knows the direction.
BEFORE = {"raw_src": "src", "raw_dest": "dest"}


def tunnel(count: int = 60) -> list[Exchange]:
    """Queries that carry data, some minutes from noon on, in mixed case."""
    return [
        Exchange(
            NOON + 7 * n, f"{data(2 * n)}.{data(2 * n + 1)}.{TUNNEL}", CLIENT, RESOLVER, "TXT", "NOERROR", "dGhhbmtz"
        )
        for n in range(count)
    ]


def data(number: int) -> str:
    """A label of 24 characters in base32, different for each number."""
    return b32encode(sha256(str(number).encode()).digest())[:24].decode().title()


def ordinary(count: int = 60) -> list[Exchange]:
    """Queries of a neighbour for a few names, again and again."""
    return [
        Exchange(NOON + 7 * n + 3, f"www{n % 5}.harmless-site.com", NEIGHBOUR, RESOLVER, "A", "NOERROR", "192.0.2.7")
        for n in range(count)
    ]


def events_of(form: Form, exchanges: list[Exchange]) -> list[Event]:
    """The events of a source, by time."""
    return sorted(chain(*map(form.events, exchanges)), key=lambda event: float(event["_time"][0]))


def plain(name: str) -> str:
    """A name without what logs add, in lower case."""
    return re.sub(r"\(\d+\)", ".", name).strip(".").lower()


class Sources(PackageTest):
    """Each source, with and without its add-on."""

    def test_a_tunnel_comes_first_with_its_client(self) -> None:
        """Each query counts once, although most sources write its answer too."""
        for form in FORMS:
            with self.subTest(source=form.source, form=form.name):
                events = events_of(form, tunnel() + ordinary())
                rows = self.search(f"| `{form.macro}` | dnsexfil query by src", events)
                self.assertEqual((rows[0]["ut_domain"], rows[0]["src"]), ([TUNNEL], [form.client(CLIENT)]))
                self.assertGreaterEqual(int(rows[0]["score"][0]), 70)
                self.assertEqual((rows[0]["count"], rows[0]["distinct_subdomains"]), (["60"], ["60"]))
                found = {(row["ut_domain"][0], row["src"][0]): row["count"] for row in rows}
                self.assertEqual(found.pop(("harmless-site.com", form.client(NEIGHBOUR))), ["60"])
                self.assertEqual(len(found), 1, found)

    def test_the_macro_returns_what_the_source_knows(self) -> None:
        """In the fields that all macros have, and nothing else; what it does not know is absent, or "unknown"."""
        for form in FORMS:
            with self.subTest(source=form.source, form=form.name):
                rows = self.search(f"| `{form.macro}` | fields - _raw", events_of(form, tunnel(3)))
                self.assertEqual(len(rows), 3)
                for row, exchange in zip(sorted(rows, key=lambda row: float(row["_time"][0])), tunnel(3)):
                    self.assertEqual(float(row["_time"][0]), exchange.time)
                    self.assertEqual([plain(name) for name in row["query"]], [exchange.name.lower()])
                    self.assertEqual(row["src"], [form.client(CLIENT)])
                    self.assertEqual(row["dest"] == [RESOLVER], "dest" in form.knows, row["dest"])
                    if "number" in form.knows:
                        self.assertEqual(row["record_type"], ["16"])
                    elif "record_type" in form.knows:
                        self.assertEqual(row["record_type"], ["TXT"])
                    if "reply_code" in form.knows:
                        self.assertEqual(row["reply_code"], ["NOERROR"])
                    if "answer" in form.knows:
                        self.assertIn("dGhhbmtz", row["answer"][0])
                    program = {"sysmon": PROCESS, "crowdstrike": "update.exe"}
                    wanted = program.get(form.source) or program.get(form.name.lower())
                    self.assertEqual(row.get("process"), [wanted] if wanted else None)
                    self.assertEqual(row.get("user"), [USER] if "user" in form.knows else None)
                    self.assertLessEqual(row.keys(), {"_time", "count", *ROLES} - {"message_type"})

    def test_names_stay_as_the_source_wrote_them(self) -> None:
        """The commands read Windows' lengths, root dots and escapes; \\( of named does not end a line's name."""
        forms = {(form.source, form.name): form for form in FORMS}
        exchange = Exchange(NOON, "a(b)c.tunnel-zone.com", CLIENT, RESOLVER, "A", "NOERROR", "192.0.2.7")
        expected = {
            ("windows", "lines"): "(5)a(b)c(11)tunnel-zone(3)com(0)",
            ("windows", "add-on"): ".a(b)c.tunnel-zone.com.",
            ("bind", "lines"): "a\\(b\\)c.tunnel-zone.com",
            ("route53", "JSON"): "a(b)c.tunnel-zone.com.",
            ("umbrella", "CSV"): "a(b)c.tunnel-zone.com.",
        }
        for key, name in expected.items():
            rows = self.search(f"| `{forms[key].macro}`", forms[key].events(exchange))
            self.assertEqual([row["query"] for row in rows], [[name]], key)

    def test_a_source_that_logs_answers_alone_needs_one_macro(self) -> None:
        """With dnsentropy_no_answers set to *, answers count; in Suricata's, the client is the destination."""
        names = ("events", "version 1", "version 2", "version 3", "add-on")
        for form in FORMS:
            if form.source not in ("stream", "suricata", "infoblox") or form.name not in names:
                continue
            answers = [form.events(exchange)[1] for exchange in tunnel(3)]
            self.assertEqual(self.search(f"| `{form.macro}`", answers), [])
            text = self.app.expand(f"`{form.macro}`").replace(self.app.expand("`dnsentropy_no_answers`"), "*")
            self.assertEqual([row["src"] for row in self.search(f"| {text}", answers)], [[CLIENT]] * 3, form)

    def test_the_data_model_has_a_row_for_equal_queries_of_an_hour(self) -> None:
        """With their number and the time of the first one; an hour later there is another row."""
        form = next(form for form in FORMS if form.source == "cim")
        exchanges = [
            Exchange(NOON + second, f"a.{TUNNEL}", CLIENT, RESOLVER, "A", "NOERROR", "192.0.2.7")
            for second in (5, 65, 3_500, 3_700)
        ]
        rows = self.search(f"| `{form.macro}`", events_of(form, exchanges))
        self.assertEqual(
            [(float(row["_time"][0]), row["count"]) for row in rows], [(NOON + 5, ["3"]), (NOON + 3_700, ["1"])]
        )

    def test_two_servers_that_ask_each_other_are_two_clients(self) -> None:
        """Of the data model's rows: neither is lost."""
        form = next(form for form in FORMS if form.name == "queries alone")
        there = [Exchange(NOON + n, f"a{n}.{TUNNEL}", CLIENT, RESOLVER, "A", "NOERROR", "x") for n in range(3)]
        back = [Exchange(NOON + n, f"a{n}.{TUNNEL}", RESOLVER, CLIENT, "A", "NOERROR", "x") for n in range(3)]
        rows = self.search(f"| `{form.macro}`", events_of(form, there + back))
        self.assertEqual([(sorted(row["src"]), row["count"]) for row in rows], [([RESOLVER, CLIENT], ["1"])] * 3)

    def test_an_ambiguous_name_counts_beside_a_dns_field_only(self) -> None:
        """The macro for anything tagged dns: domain is a query if the event has a reply code, else anything."""
        base: Event = {"_time": [str(NOON)], "index": ["x"], "sourcetype": ["vendor"], "tag": ["dns"], "src": [CLIENT]}
        search = "| `dnsentropy_events_any`"
        self.assertEqual(self.search(search, [base | {"domain": ["corp.example"]}]), [])
        (row,) = self.search(search, [base | {"domain": ["corp.example"], "rcode": ["NXDOMAIN"], "type": ["TXT"]}])
        self.assertEqual((row["query"], row["record_type"]), (["corp.example"], ["TXT"]))
        self.assertEqual(self.search(search, [base | {"query": ["a.example"], "tag": ["web"]}]), [])


class SavedSearches(alerts.AlertTest):
    """The app's searches over other sources than Splunk Stream."""

    def over(self, name: str, source: str, exchanges: list[Exchange], form: str = "") -> list[Event]:
        """The results of a saved search over a source, in its first form or a named one."""
        found = next(each for each in FORMS if each.source == source and each.name == (form or each.name))
        text = self.text(name).replace("`dnsentropy_events`", f"`{found.macro}`")
        return self.saved(name, events_of(found, exchanges), text=text)

    def test_alerts_show_the_process_and_the_user(self) -> None:
        """Where the source knows them; ranked by process, the program comes first."""
        for name in (alerts.EXFILTRATION, alerts.FIRST_SEEN):
            row = self.over(name, "sysmon", tunnel() + ordinary())[0]
            self.assertEqual((row["process"], row["user"]), ([PROCESS], [USER]), name)
            row = self.over(name, "crowdstrike", tunnel() + ordinary())[0]
            self.assertEqual((row["process"], "user" in row), (["update.exe"], False), name)
            self.assertNotIn("process", self.over(name, "zeek", tunnel() + ordinary())[0], name)
        form = next(form for form in FORMS if form.source == "sysmon")
        rows = self.server.search(f"| `{form.macro}` | dnsexfil query by src process", events_of(form, tunnel()))
        self.assertEqual((rows[0]["ut_domain"], rows[0]["process"], rows[0]["count"]), ([TUNNEL], [PROCESS], ["60"]))

    def test_counted_rows_make_the_same_baseline(self) -> None:
        """Of hosts, by the rows of the data model as by events."""
        exchanges = [
            replace(exchange, time=alerts.TODAY - alerts.DAY + 3_600 * hour + at)
            for hour in range(6) for at, exchange in enumerate(ordinary(40) + tunnel(20))
        ]  # fmt: skip
        self.over(alerts.HOSTS, "stream", exchanges)
        by_event = self.rows("dnsentropy_baseline_hosts")
        self.server = self.splunk(app=self.server.app.replicate(self.folder() / "apps"))
        self.over(alerts.HOSTS, "cim", exchanges)
        by_row = self.rows("dnsentropy_baseline_hosts")
        self.assertEqual({row["src"][0] for row in by_event}, {NEIGHBOUR, CLIENT})
        for one, other in zip(by_event, by_row, strict=True):
            self.assertEqual([one[k] for k in ("src", "days", "hours")], [other[k] for k in ("src", "days", "hours")])
            for name in ("avg_queries", "stdev_queries", "avg_length", "stdev_length"):
                self.assertAlmostEqual(float(one[name][0]), float(other[name][0]), places=6, msg=name)

    def test_counted_rows_are_the_same_outlier(self) -> None:
        """The alert on hosts counts the queries, not the rows."""
        usual = [
            replace(exchange, time=alerts.TODAY - day * alerts.DAY + 3_600 * hour + 60 * at)
            for day in range(1, 7) for hour in range(8) for at, exchange in enumerate(ordinary(25 + day))
        ]  # fmt: skip
        self.over(alerts.HOSTS, "cim", usual)
        loud = [replace(exchange, time=alerts.TODAY + at) for at, exchange in enumerate(ordinary(900))]
        (row,) = self.over(alerts.OUTLIER, "cim", loud)
        self.assertEqual((row["src"], row["queries"], row["domain_queries"]), ([NEIGHBOUR], ["900"], ["900"]))


class Table(PackageTest):
    """The macros against the table of sources."""

    def setUp(self) -> None:
        with (ROOT / "data" / "sources.csv").open(encoding="utf-8") as file:
            self.table = {row["id"]: row for row in csv.DictReader(file)}
        self.macros = {row["id"]: self.app.expand(f"`{row['macro']}`") for row in self.table.values() if row["macro"]}

    def test_each_macro_is_in_the_table_and_reads_its_sourcetypes(self) -> None:
        """One macro for a source, and one for all."""
        known = {name for name in self.app.settings("macros.conf") if name.startswith("dnsentropy_events_")}
        named = {row["macro"] for row in self.table.values() if row["macro"]}
        self.assertEqual(known, named | {"dnsentropy_events_any"})
        every = set(chain(*(row["sourcetypes"].split() for row in self.table.values())))
        for name, text in (*self.macros.items(), ("any", self.app.expand("`dnsentropy_events_any`"))):
            wanted = every if name == "any" else set(self.table[name]["sourcetypes"].split())
            found = re.search(r"sourcetype(?: IN \(([^)]*)\)|=(\S+))", text)
            read = set(re.findall(r"[^\s,\"]+", found[1] or found[2])) if found else set()
            self.assertEqual(read, wanted, name)

    def test_each_macro_reads_the_fields_of_the_table_in_their_order(self) -> None:
        """Beside the fields that it makes itself from a raw line."""
        for source, text in self.macros.items():
            if source == "cim":
                continue
            for role in ROLES:
                wanted = [name.removesuffix("?") for name in self.table[source][role].split()]
                self.assertEqual(self.read(text, role), wanted, f"{source}: {role}")

    def test_the_macro_for_anything_reads_all_fields_of_the_table(self) -> None:
        """Those that only DNS logs have, in the order of the table."""
        text = self.app.expand("`dnsentropy_events_any`")
        for role in ROLES:
            cells = chain(*(row[role].split() for row in self.table.values()))
            wanted = list(dict.fromkeys(name for name in cells if not name.endswith("?")))
            self.assertEqual(self.read(text, role)[: len(wanted)], wanted, role)

    def test_the_data_model_has_the_fields_of_the_table(self) -> None:
        """In the macro and in the table."""
        text = self.macros["cim"]
        for role in ROLES:
            for name in self.table["cim"][role].split():
                self.assertIn(f"DNS.{name}", text)

    def test_the_document_has_the_macros_and_sourcetypes_of_the_table(self) -> None:
        """Those of docs/sources.md."""
        text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
        cells = [
            line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `dnsentropy_events_")
        ]
        shown = {row[0].strip("`"): row[2] for row in cells}
        wanted = {row["macro"]: row["sourcetypes"].split() for row in self.table.values() if row["macro"]}
        self.assertEqual(shown.keys(), wanted.keys() | {"dnsentropy_events_any"})
        for name, sourcetypes in wanted.items():
            self.assertEqual(re.findall(r"`([^`]+)`", shown[name]), sourcetypes, name)

    def read(self, text: str, role: str) -> list[str]:
        """The fields that the first assignment of a role reads, without those that the macro makes."""
        names = [role, *(name for name, of in BEFORE.items() if of == role)]
        assignment = re.compile(rf"(?:eval|,)\s+(?:{'|'.join(names)})=")
        for found in assignment.finditer(text):
            depth, end = 0, found.end()
            while end < len(text) and not (depth == 0 and text[end] in ",|"):
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
            words = re.findall(r"'[^']+'|\"[^\"]*\"|[A-Za-z_][\w{}.]*(?!\w*\()", text[found.end() : end])
            fields = [word.strip("'") for word in words if word[0] != '"']
            own = {"AND", "OR", "NOT"}
            return [name for name in fields if not name.startswith("raw_") and name not in own]
        return []


if __name__ == "__main__":
    unittest.main()
