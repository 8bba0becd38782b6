"""Data check: what it counts for each source, and the problems that it reports."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import unittest

from harness import ROOT, Event, PackageTest
from spl import Clock, Splunk

NOW = 1_900_000_800.0
HOUR = 3_600.0
NAMES = ("www.example.com", "Mail.example.org", "a.b.example.net", "cdn.example.co.uk")


def event(number: int, delay: float = 5, sourcetype: str = "bro:dns:json", **fields: str) -> Event:
    """A query that Zeek logs with all fields; a field with an empty text is left out."""
    given = {
        "_time": f"{NOW - 60 - 10 * number:.3f}", "index": "dns", "sourcetype": sourcetype, "query": NAMES[number % 4],
        "id.orig_h": f"10.0.0.{number % 40}", "id.resp_h": "10.0.1.53", "qtype_name": "A", "rcode_name": "NOERROR",
        "answers": "192.0.2.7", "process": "curl",
    } | fields  # fmt: skip
    given["_indextime"] = f"{float(given['_time']) + delay:.0f}"
    return {name: [value] for name, value in given.items() if value}


def label(number: int, characters: int) -> str:
    """Data in base32; it differs for each number."""
    return base64.b32encode(hashlib.sha512(str(number).encode()).digest()).decode().lower()[:characters]


class DataCheck(PackageTest):
    """The macros of the dashboard."""

    server: Splunk

    def setUp(self) -> None:
        self.server = self.splunk(peers=2)
        self.clock = Clock(NOW, NOW - 4 * HOUR, NOW)

    def counts(self, events: list[Event]) -> list[dict[str, str]]:
        """The rows of the counts."""
        rows = self.server.search("| `dnsentropy_check_counts`", events, self.clock)
        return [{name: values[0] for name, values in row.items()} for row in rows]

    def problems(self, events: list[Event]) -> dict[str, dict[str, str]]:
        """The problems, by their text."""
        rows = self.server.search("| `dnsentropy_check_counts` | `dnsentropy_check_problems`", events, self.clock)
        found = [{name: values[0] for name, values in row.items()} for row in rows]
        for row in found:
            self.assertEqual(set(row), {"Source", "Effect", "Problem", "Cost", "Write"})
        return {row["Problem"]: row for row in found}

    def problem(self, events: list[Event], pattern: str) -> dict[str, str]:
        """The one problem whose text matches."""
        found = self.problems(events)
        matching = [row for text, row in found.items() if re.search(pattern, text)]
        self.assertEqual(len(matching), 1, f"{pattern} in {list(found)}")
        return matching[0]

    def read_zeek(self) -> None:
        """Let dnsentropy_events read Zeek, as an administrator does."""
        local = self.server.app.root / "local"
        local.mkdir(exist_ok=True)
        self.addCleanup((local / "macros.conf").unlink)
        (local / "macros.conf").write_text("[dnsentropy_events]\ndefinition = `dnsentropy_events_zeek`\n", "utf-8")

    def test_events_with_all_fields_have_no_problem(self) -> None:
        """The row of the source says so."""
        self.read_zeek()
        found = self.problems([event(n) for n in range(100)])
        self.assertEqual([(row["Source"], row["Effect"]) for row in found.values()], [("dns: bro:dns:json", "ok")])

    def test_each_source_and_hour_has_its_shares(self) -> None:
        """Shares of fields are of the events that have a name."""
        events = [event(n) for n in range(1_000)]
        events += [event(n, sourcetype="infoblox:dns", query="") for n in range(10)]
        events += [event(n, sourcetype="infoblox:dns", qtype_name="", query=NAMES[0].upper()) for n in range(30)]
        rows = self.counts(events)
        (zeek, infoblox) = sorted((row for row in rows if row["kind"] == "all"), key=lambda row: row["sourcetype"])
        shares = {name: zeek[name] for name in ("events", "query", "src", "dest", "record_type", "process", "upper")}
        self.assertEqual(shares, dict.fromkeys(shares, "1000") | {"upper": "250"})
        self.assertEqual({name: infoblox[name] for name in shares}, {
            "events": "40", "query": "30", "src": "30", "dest": "30", "record_type": "0", "process": "30",
            "upper": "30",
        })  # fmt: skip
        hours = [row for row in rows if row["kind"] == "hour" and row["sourcetype"] == "bro:dns:json"]
        self.assertEqual((len(hours), sum(int(row["events"]) for row in hours)), (3, 1_000))
        self.assertEqual([float(zeek[name]) for name in ("median", "most")], [5, 5])
        (clients,) = (r for r in rows if r["kind"] == "client" and r["sourcetype"] == "bro:dns:json")
        self.assertEqual((clients["clients"], clients["resolvers"], clients["top"]), ("40", "1", "25"))

    def test_a_macro_that_reads_another_source_is_reported(self) -> None:
        """With the macro to write; nothing at all is reported too."""
        row = self.problem([event(n) for n in range(50)], "reads none of these events")
        self.assertEqual(row["Effect"], "blind")
        self.assertIn("dnsentropy_events_zeek", row["Write"])
        self.assertIn("index=dns", row["Write"])
        self.assertEqual(list(self.problems([])), ["No event of a known DNS source in this time."])

    def test_missing_fields_are_reported_with_the_line_that_fixes_them(self) -> None:
        """Each with its effect, and the macro of the source."""
        self.read_zeek()
        for left_out, name, effect in (
            ("query", "DNS name", "weaker"), ("id.orig_h", "src", "weaker"), ("id.resp_h", "dest", "note"),
            ("qtype_name", "record_type", "weaker"), ("rcode_name", "reply_code", "note"),
            ("answers", "answer", "note"), ("process", "process", "note"),
        ):  # fmt: skip
            with self.subTest(field=left_out):
                events = [event(n, **({left_out: ""} if n % 4 else {})) for n in range(80)]
                row = self.problem(events, rf"^75 % of the events have no .*\b{name}")
                self.assertEqual((row["Effect"], row["Source"]), (effect, "dns: bro:dns:json"))
                self.assertIn("dnsentropy_events_zeek", row["Write"])
                self.assertRegex(row["Write"], r"eval \w+=coalesce\(\w+, 'FIELD'")
        row = self.problem([event(n, 5, "stream:dns", query="") for n in range(80)], "^100 % .* no field with")
        self.assertEqual(row["Effect"], "blind")

    def test_values_that_are_no_names_are_reported(self) -> None:
        """URLs and addresses in the field; names without a registrable domain are another problem."""
        self.read_zeek()
        urls = [event(n, query=f"http://www.example.com/{n}") for n in range(10)]
        addresses = [event(n, query=f"10.9.8.{n}") for n in range(10)]
        events = [event(n) for n in range(80)] + urls + addresses
        row = self.problem(events, "^20 % of the values of query are not DNS names")
        self.assertEqual(row["Effect"], "blind")
        hosts = [event(n, query=f"HOST{n}") for n in range(80)]
        self.problem([event(n) for n in range(80)] + hosts, "^50 % of the names have no registrable domain")

    def test_names_that_were_cut_are_reported(self) -> None:
        """At any length, if many different names end there, or at a usual one; long internal names are not."""
        self.read_zeek()
        long = [".".join(label(20 * n + at, 60) for at in range(4)) + ".tunnel.example.com" for n in range(60)]
        for length in (63, 150, 197, 241):
            with self.subTest(length=length):
                events = [event(n, query=name[:length]) for n, name in enumerate(long)]
                row = self.problem([event(n) for n in range(50)] + events, "are probably cut")
                # Some ends are a country's suffix by chance.
                self.assertRegex(row["Problem"], f"at {length} characters: (4[0-9]|5[0-9]|60) different names")
        for whole in (long, [f"{label(n, 30 + n % 9)}.corp" for n in range(60)],
                      [f"{label(n, 40)}.tunnel" for n in range(60)]):  # fmt: skip
            found = self.problems([event(n, query=name) for n, name in enumerate(whole)])
            self.assertFalse([text for text in found if "cut" in text], whole[0])

    def test_lower_case_is_reported_carefully(self) -> None:
        """From a thousand names on, none of which has a capital."""
        self.read_zeek()
        for count, capitals, reported in ((1_100, 0, True), (1_100, 3, False), (500, 0, False)):
            events = [event(n, query="Www.example.com" if n < capitals else "www.example.com") for n in range(count)]
            found = [row for text, row in self.problems(events).items() if "upper-case" in text]
            self.assertEqual(len(found), reported, (count, capitals))
            for row in found:
                self.assertIn("probably", row["Problem"])

    def test_late_and_early_events_are_reported(self) -> None:
        """The hourly alerts miss those that come ten minutes late."""
        self.read_zeek()
        events = [event(n, 1_800 if n % 10 == 0 else 5) for n in range(200)]
        late = self.problem(events, "arrive more than 10 minutes late")
        self.assertEqual((late["Problem"][:4], late["Effect"]), ("10 %", "blind"))
        self.assertIn("-130m@m", late["Write"])
        early = self.problem([event(n, -3_600) for n in range(200)], "time in the future")
        self.assertIn("TZ", early["Write"])
        old = self.problem([event(n, _time=f"{NOW - 3 * HOUR - n:.0f}") for n in range(50)], "^The newest event is ")
        self.assertEqual(old["Effect"], "weaker")

    def test_a_source_in_front_of_a_resolver_is_reported(self) -> None:
        """Few clients, one with nearly all events, or clients that others ask."""
        self.read_zeek()
        few = [event(n, **{"id.orig_h": f"10.0.0.{n % 2}"}) for n in range(1_000)]
        self.assertIn("only 2 clients", self.problem(few, "^src may be a resolver")["Problem"])
        one = [event(n, **({"id.orig_h": "10.0.5.5"} if n % 10 else {})) for n in range(1_000)]
        self.assertIn("10.0.5.5 sends 9", self.problem(one, "^src may be a resolver")["Problem"])
        both = [event(n, **({"id.orig_h": "10.0.1.53", "id.resp_h": "8.8.8.8"} if n % 2 else {})) for n in range(1_000)]
        self.assertIn("50 % of the events come", self.problem(both, "^src may be a resolver")["Problem"])

    def test_the_known_sources_are_those_of_the_table(self) -> None:
        """The macro of each sourcetype is the one of the table; a sourcetype of DNS events alone is in the table."""
        with (ROOT / "data" / "sources.csv").open(encoding="utf-8") as file:
            table = list(csv.DictReader(file))
        readers = {each: row["macro"] for row in table for each in row["sourcetypes"].split() if row["macro"]}
        others = {each for row in table for each in row["sourcetypes"].split()} - set(readers)
        rows: list[Event] = [{"sourcetype": [each]} for each in sorted({*readers, *others, "own"})]
        for row in self.server.chain("eval macro=`dnsentropy_check_macro(sourcetype)`", rows):
            kind = row["sourcetype"][0]
            self.assertEqual(row["macro"], [readers.get(kind, "dnsentropy_events_any")], kind)
        listed = self.server.app.settings("macros.conf")["dnsentropy_known_sources"]["definition"]
        known = re.split(r"[,\s]+", listed.partition("IN (")[2].partition(")")[0].replace("\\\n", " ").strip())
        self.assertEqual({each.strip('"') for each in known} - {*readers, *others}, set())


class WhyEmpty(PackageTest):
    """The macro that explains why a dashboard has no events."""

    QUERY = (
        "| `dnsentropy_events` | stats count AS events count(query) AS named "
        "| eval of_client=named, found=named, sample=0 | `dnsentropy_why_empty`"
    )

    def why(self, events: list[Event], earliest: float = NOW - HOUR, query: str = QUERY) -> list[str]:
        """What a page with this time range says."""
        server = self.splunk()
        server.keeps_to_range = True
        rows = server.search(query, events, Clock(NOW, earliest, NOW))
        return [row["Why"][0] for row in rows]

    def test_events_need_no_explanation(self) -> None:
        """Then the panel is hidden."""
        self.assertEqual(self.why([event(1, sourcetype="stream:dns")]), [])

    def test_no_event_anywhere(self) -> None:
        """No known source within the last days."""
        self.assertIn("no known DNS source within 30 days", self.why([])[0])

    def test_events_of_a_source_that_the_macro_does_not_read(self) -> None:
        """The source is named."""
        (said,) = self.why([event(n) for n in range(5)])
        nothing = "The macro dnsentropy_events returns no event in this time"
        self.assertEqual(said, f"{nothing}, although there are 5 of bro:dns:json.")

    def test_events_whose_name_is_in_another_field(self) -> None:
        """The macro of the source drops them; one of the administrator's may return them without a query."""
        (said,) = self.why([event(n, sourcetype="stream:dns", query="") for n in range(5)])
        self.assertIn("although there are 5 of stream:dns", said)
        own = self.QUERY.replace("`dnsentropy_events`", "search index=dns | eval query=null()")
        (said,) = self.why([event(1)], query=own)
        self.assertEqual(said, "The macro dnsentropy_events returns events, but none has the field query.")

    def test_events_outside_the_time_range(self) -> None:
        """The newest one is named."""
        (said,) = self.why([event(1, sourcetype="stream:dns", _time=f"{NOW - 26 * HOUR:.0f}")])
        self.assertIn("There is no DNS event in this time. The newest one that you may search is of 2030-03-16", said)


if __name__ == "__main__":
    unittest.main()
