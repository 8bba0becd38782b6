"""Checks every search of the app without running it, and checks that the checker finds errors."""

from __future__ import annotations

import json
import re
import unittest

from harness import ROOT, PackageTest
from spl.check import corpus
from spl.check.fields import EVENTS, Fields
from spl.check.functions import check_expression
from spl.check.lookups import Lookups
from spl.check.walk import Check
from spl.commands import COMMANDS
from spl.errors import SearchError
from spl.language.expression import parse_expression
from spl.language.terms import parse_terms

ANYTHING = Fields(any_other=True)
EVENT = {"_time", "query", "src", "dest", "record_type"}
# Searches that Splunk would refuse, or that would return something else than their author meant; and the error.
BROKEN = (
    ("| `dnsentropy_events` | dnsexfil query by src dest | where colour>1", "where reads colour"),
    ("| `dnsentropy_events` | where src=unknown", "where reads unknown"),
    ("| `dnsentropy_events` | stats count BY client", "stats reads client"),
    ("| `dnsentropy_events` | stats avg(ut_shannon) BY src", "stats reads ut_shannon"),
    ("| `dnsentropy_events` | dnsentropy query fields=domain | stats avg(ut_shannon)", "stats reads ut_shannon"),
    ("| `dnsentropy_events` | dnsentropy query | stats count BY src | table src dest", "table reads dest"),
    ("| `dnsentropy_events` | dnsentropy query prefix=a_ | where isnotnull(ut_domain)", "where reads ut_domain"),
    ("| `dnsentropy_events` | dnsexfil query by computer", "dnsexfil reads computer"),
    ("| `dnsentropy_events` | dnsexfil name", "dnsexfil reads name"),
    ("| `dnsentropy_events` | dnsexfil query by src minscore=70", "unknown option minscore="),
    ("| `dnsentropy_events` | dnsexfil query by src min_score=170", "min_score=170"),
    ("| `dnsentropy_events` | dnsentropy query fields=colour", "fields=colour is unknown"),
    ("| `dnsentropy_events` | dnsentropie query", "the command dnsentropie is unknown"),
    ("| `dnsentropy_events` | join src [| inputlookup dnsentropy_daily]", "join is not supported by the checker"),
    ("| `dnsentropy_events` | transaction src", "the command transaction is unknown"),
    ("| `dnsentropy_event` | head 5", "the macro dnsentropy_event does not exist"),
    ("| `dnsentropy_mute(a)`", "the macro dnsentropy_mute(1) does not exist"),
    ("| `dnsentropy_events` | sort - count", "sort without a number"),
    ("| `dnsentropy_events` | sort 0 - count", "sort reads count"),
    ("| `dnsentropy_events` | stats middle(query)", "the aggregation middle() is unknown"),
    ("| `dnsentropy_events` | stats avg", "avg() needs an argument"),
    ("| `dnsentropy_events` | eval a=length(query)", "the function length() is unknown"),
    ("| `dnsentropy_events` | eval a=if(src==dest, 1)", "if() has 2 arguments"),
    ("| `dnsentropy_events` | eval a=strftime(_time, F)", "takes a text in quotes"),
    ('| `dnsentropy_events` | where match(query, "(")', "match()"),
    ("| `dnsentropy_events` | where len(query)", "needs a condition"),
    ("| `dnsentropy_events` | eval a=(1", "not closed"),
    ("| `dnsentropy_events` | | head 5", "command is missing"),
    ('| `dnsentropy_events` | search src="10.0.2.109', "quote does not end"),
    ("| `dnsentropy_events` | rename source AS s", "rename reads source"),
    ("| `dnsentropy_events` | rename src TO s", "the arguments of rename are malformed: src TO s"),
    ("| `dnsentropy_events` | fields src dest | bin _time span=1h | dedup colour", "dedup reads colour"),
    ("| `dnsentropy_events` | bin _time size=1h", "bin has no option size"),
    ("| `dnsentropy_events` | lookup dnsentropy_watchliste query", "the lookup dnsentropy_watchliste does not exist"),
    ("| `dnsentropy_events` | lookup local=true dnsentropy_watchlist indicator AS query OUTPUT colour", "reads colour"),
    ("| `dnsentropy_events` | lookup local=true dnsentropy_watchlist indicator", "reads indicator"),
    ("| `dnsentropy_events` | lookup dnsentropy_watchlist indicator AS dest", "would run on the search peers"),
    ("| `dnsentropy_events` | inputlookup dnsentropy_watchlist", "needs append=true"),
    ("| inputlookup dnsentropy_watchlist | where colour=1", "where reads colour"),
    ("| inputlookup dnsentropy_watchlist | table indicator | outputlookup dnsentropy_watchlist", "different: "),
    ("| `dnsentropy_events` | tstats count from datamodel=Network_Resolution", "must be the first command"),
    ("| tstats count from datamodel=Network_Resolution by DNS.client", "tstats reads DNS.client"),
    ("| tstats count from datamodel=Network by DNS.src", "the data model Network is unknown"),
    ("| tstats count where index=* by client", "tstats reads client"),
    ("| tstats count from datamodel=Network_Resolution by _time span=1s DNS.src | table src", "table reads src"),
    ("| stats count", "cannot be the first command"),
    ("| `dnsentropy_events` | append [| stats count]", "cannot be the first command"),
    ("| `dnsentropy_events` | append [search index=x | stats count BY src | table dest]", "table reads dest"),
    ("| `dnsentropy_events` | timechart span=1h count | eval a=src", "eval a reads src"),
)  # fmt: skip


class Searches(PackageTest):
    """The app's searches."""

    def setUp(self) -> None:
        self.lookups = Lookups(self.app)
        self.check = Check(self.app, self.lookups, self.home)

    def test_every_search_is_accepted(self) -> None:
        """Commands, options, functions, macros, lookups and the fields that commands read exist."""
        found = list(corpus.everything(self.app, ROOT))
        for kind in ("- Rule", "drill-down", "- Lookup Gen", ".xml", "searchbnf.conf", "README.md", "admin.md"):
            self.assertTrue([search for search in found if kind in search.where], kind)
        for search in found:
            check = Check(self.app, self.lookups, self.home, search.strict)
            dots = re.match(r"\.\.\.\s*", search.text)
            with self.subTest(where=search.where, search=search.text):
                if dots:
                    check.search("|" + search.text[dots.end() :].removeprefix("|"), ANYTHING)
                else:
                    check.search(search.text)

    def test_every_macro_is_accepted(self) -> None:
        """As a search of its own, as part of one, or as an expression."""
        for name, stanza in self.app.settings("macros.conf").items():
            with self.subTest(macro=name):
                given = ", ".join(f"field{n}" for n, _ in enumerate(stanza.get("args", "").split(",")))
                text = self.app.expand("`" + (f"{name.partition('(')[0]}({given})" if "(" in name else name) + "`")
                first = re.match(r"\w*", text)
                generates = first and (first[0] == "dnsbuiltin" or first[0] in COMMANDS and COMMANDS[first[0]].starts)
                if generates:
                    self.check.search("| " + text)
                elif first and (first[0] in COMMANDS or self.app.has_command(first[0])):
                    self.check.search("| " + text, EVENTS)
                elif "(" in name:
                    check_expression(parse_expression(text), predicate=True)
                else:
                    parse_terms(text)

    def test_every_source_of_events_has_the_same_fields(self) -> None:
        """The searches after it find their fields, whichever source an administrator chooses."""
        macros = [name for name in self.app.settings("macros.conf") if re.match(r"dnsentropy_(events|sample$)", name)]
        self.assertEqual(len(macros), 7)
        for name in macros:
            self.assertEqual(self.check.search(f"| `{name}`").known - {"_raw"}, EVENT, name)
            self.assertTrue(re.match(r"(search|tstats|dnsbuiltin) ", self.app.expand(f"`{name}`")), name)

    def test_every_setting_is_used(self) -> None:
        """A macro that nothing reads would mislead administrators."""
        macros = self.app.settings("macros.conf")
        texts = [stanza["definition"] for stanza in macros.values()]
        texts += [search.text for search in corpus.everything(self.app, ROOT)]
        for name in (name.partition("(")[0] for name in macros if name.startswith("dnsentropy_")):
            variant = name.startswith("dnsentropy_events_")
            self.assertTrue(variant or any(re.search(rf"`{name}[(`]", text) for text in texts), name)

    def test_alerts_name_fields_that_their_results_have(self) -> None:
        """In throttling, risk and notable events: Splunk does not report a missing one."""
        for name, stanza in self.alerts():
            with self.subTest(alert=name):
                fields = self.check.search(stanza["search"]).known
                named = set(stanza["alert.suppress.fields"].split(","))
                for risk in json.loads(stanza.get("action.risk.param._risk", "[]")):
                    named |= {value for key, value in risk.items() if key.endswith("_field")}
                for key, text in stanza.items():
                    named |= set(re.findall(r"\$result\.(\w+)\$", text))
                    if key.startswith(("action.risk.param._risk_message", "action.notable.param.")):
                        named |= {token for token in re.findall(r"\$(\w+)\$", text) if not token.startswith("info_")}
                self.assertTrue(named, name)
                self.assertEqual(named - fields, set())

    def test_alerts_are_as_splunk_people_expect(self) -> None:
        """Disabled, throttled, with a severity, and with their techniques for Enterprise Security."""
        self.assertEqual(len(self.alerts()), 5)
        for name, stanza in self.alerts():
            with self.subTest(alert=name):
                self.assertEqual((stanza["disabled"], stanza["enableSched"], stanza["alert.suppress"]), ("1", "1", "1"))
                self.assertIn(stanza["alert.severity"], "23456")
                self.assertRegex(stanza["alert.suppress.period"], r"^\d+[hd]$")
                self.assertEqual((stanza["schedule_window"], stanza["alert.digest_mode"]), ("auto", "0"))
                if stanza["cron_schedule"].endswith(" * * * *") and stanza["cron_schedule"][0] != "*":
                    times = (stanza["dispatch.earliest_time"], stanza["dispatch.latest_time"])
                    self.assertEqual(times, ("-70m@m", "-10m@m"))
                if "Sample" not in name:
                    techniques = json.loads(stanza["action.correlationsearch.annotations"])["mitre_attack"]
                    self.assertEqual(techniques, ["T1048.003", "T1071.004", "T1572"])
                    self.assertEqual(stanza["action.correlationsearch.label"], name)
                    self.assertEqual(stanza["action.risk"], "1")
                    self.assertIn("dnsentropy_investigate?form.source=", stanza["action.email.message.alert"])

    def test_every_search_that_writes_is_disabled_and_leaves_no_gap(self) -> None:
        """They run for each day or hour once they are enabled."""
        writers = {n: s for n, s in self.app.settings("savedsearches.conf").items() if "| outputlookup" in s["search"]}
        self.assertEqual(len(writers), 4)
        for name, stanza in writers.items():
            self.assertTrue(name.endswith("- Lookup Gen"), name)
            self.assertEqual((stanza["disabled"], stanza["realtime_schedule"]), ("1", "0"), name)

    def alerts(self) -> list[tuple[str, dict[str, str]]]:
        """The alerts with their settings."""
        return [(n, s) for n, s in self.app.settings("savedsearches.conf").items() if n.endswith(" - Rule")]

    def test_the_checker_refuses_wrong_searches(self) -> None:
        """Each for the expected reason."""
        for text, reason in BROKEN:
            with self.subTest(search=text):
                with self.assertRaisesRegex((SearchError, AssertionError), re.escape(reason)):
                    self.check.search(text)


if __name__ == "__main__":
    unittest.main()
