"""Checks every search of the app without running it, and checks that the checker finds errors."""

from __future__ import annotations

import json
import re
import unittest
import uuid

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
EVENT = {"_time", "query", "src", "dest", "record_type", "reply_code", "answer", "process", "user"}
# The sources whose rows stand for several events.
COUNTED = ("dnsentropy_events_cim", "dnsentropy_events_any")
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
    ("| makeresults | eval domain=1, reason=2 | fields - _time | outputlookup append=true key_field=domain "
     "dnsentropy_allowlist_local.csv", "key_field needs a collection"),
    ("| makeresults | eval indicator=1 | outputlookup append=true key_field=_key dnsentropy_watchlist", "reads _key"),
    ('| `dnsentropy_watch("a b", "note")`', "the arguments are malformed"),
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
                if first and (first[0] == "dnsbuiltin" or (first[0] in COMMANDS and COMMANDS[first[0]].starts)):
                    self.check.search("| " + text)
                elif first and (first[0] in COMMANDS or self.app.has_command(first[0])):
                    self.check.search("| " + text, EVENTS)
                elif "(" in name:
                    check_expression(parse_expression(text), predicate=name.startswith("dnsentropy_may_"))
                else:
                    parse_terms(text)

    def test_every_source_of_events_has_the_same_fields(self) -> None:
        """The searches after it find their fields, whichever source an administrator chooses."""
        macros = [name for name in self.app.settings("macros.conf") if re.match(r"dnsentropy_(events|sample$)", name)]
        self.assertEqual(len(macros), 15)
        for name in macros:
            more = {"count"} if name in COUNTED else set()
            self.assertEqual(self.check.search(f"| `{name}`").known - {"_raw"}, EVENT | more, name)
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
                named |= set(stanza.get("action.notable.param.nes_fields", "src").split(","))
                for key in ("action.risk.param._risk", "action.notable.param._entities"):
                    for entry in json.loads(stanza.get(key, "[]")):
                        named |= {value for key, value in entry.items() if key.endswith("_field")}
                for key, text in stanza.items():
                    named |= set(re.findall(r"\$result\.(\w+)\$", text))
                    if key.startswith(("action.risk.param._risk_message", "action.notable.param.")):
                        tokens = re.findall(r"\$(\w+)(?:\|s)?\$", text)
                        named |= {token for token in tokens if not token.startswith("info_")}
                self.assertTrue(named, name)
                self.assertEqual(named - fields, set())

    def test_alerts_are_as_splunk_people_expect(self) -> None:
        """Disabled, throttled, no period is skipped, one alert for all results; hourly ones wait for late events."""
        self.assertEqual(len(self.alerts()), 5)
        for name, stanza in self.alerts():
            with self.subTest(alert=name):
                self.assertEqual((stanza["disabled"], stanza["enableSched"], stanza["alert.suppress"]), ("1", "1", "1"))
                self.assertIn(stanza["alert.severity"], "23456")
                self.assertRegex(stanza["alert.suppress.period"], r"^\d+[hd]$")
                self.assertEqual((stanza["schedule_window"], stanza["alert.digest_mode"]), ("auto", "1"))
                self.assertEqual(stanza["realtime_schedule"], "0")
                if stanza["cron_schedule"].endswith(" * * * *") and stanza["cron_schedule"][0] != "*":
                    times = (stanza["dispatch.earliest_time"], stanza["dispatch.latest_time"])
                    self.assertEqual(times, ("-70m@m", "-10m@m"))
                if "Sample" not in name:
                    for part in ("A hit means: ", "First steps: 1. ", "Likely false positives: ", "To configure: "):
                        self.assertIn(part, stanza["description"])

    def test_alerts_are_detections_of_enterprise_security(self) -> None:
        """Of versions 7 and 8: risk for all, a finding for two; the metadata that contentctl writes."""
        rules = [(name, stanza) for name, stanza in self.alerts() if "Sample" not in name]
        findings = [name for name, stanza in rules if stanza.get("action.notable") == "1"]
        self.assertEqual([re.split(" - | by | over ", name)[1] for name in findings], ["Exfiltration", "Low and Slow"])
        metadata = [json.loads(stanza["action.correlationsearch.metadata"]) for _, stanza in rules]
        self.assertEqual(len({uuid.UUID(each["detection_id"]) for each in metadata}), 4)
        for name, stanza in rules:
            with self.subTest(alert=name):
                self.assertEqual(stanza["action.correlationsearch.enabled"], "1")
                self.assertEqual(stanza["action.correlationsearch.detection_type"], "ebd")
                self.assertEqual(stanza["action.correlationsearch.label"], name)
                techniques = json.loads(stanza["action.correlationsearch.annotations"])["mitre_attack"]
                self.assertEqual(techniques, ["T1048.003", "T1071.004", "T1572"])
                risk = {key: stanza[f"action.risk{key}"] for key in ("", ".param._risk_score", ".param.verbose")}
                self.assertEqual(risk, {"": "1", ".param._risk_score": "0", ".param.verbose": "0"})
                (entity, threat, *programs) = json.loads(stanza["action.risk.param._risk"])
                process = {"threat_object_field": "process", "threat_object_type": "process"}
                self.assertEqual(programs, [process] if "dnsexfil query by src dest" in stanza["search"] else [])
                self.assertEqual((entity["risk_object_field"], threat["threat_object_field"]), ("src", "ut_domain"))
                self.assertNotIn("risk_object", self.check.search(stanza["search"]).known)
                if name in findings:
                    self.assertEqual(json.loads(stanza["action.notable.param._entities"]), [entity])
                    self.assertEqual(json.loads(stanza["action.notable.param.next_steps"])["data"].count("\n"), 2)
                    (drilldown,) = json.loads(stanza["action.notable.param.drilldown_searches"])
                    self.assertEqual(drilldown["search"], stanza["action.notable.param.drilldown_search"])
                else:
                    self.assertFalse([key for key in stanza if key.startswith("action.notable")])

    def test_no_event_data_leaves_its_quotes(self) -> None:
        """A client chooses names: searches quote them, mails have only checked fields, ES shows only short ones."""
        own = {"score", "severity", "days", "queries", "length", "avg_queries", "avg_length", "link", "ut_domain"}
        numbers = {"score", "days", "queries", "length", "avg_queries", "avg_length", "sources"}
        numbers |= {"payload_bytes", "distinct_subdomains"}
        for name, stanza in self.alerts():
            for key, text in stanza.items():
                tokens = set(re.findall(r"\$([\w.|]+)\$", text))
                with self.subTest(alert=name, key=key):
                    if key.startswith("action.email"):
                        allowed = {"name", "results_link", "job.resultCount"} | {f"result.{field}" for field in own}
                    elif "drilldown_search" in key:
                        text = re.sub(r"=\$(src|ut_domain)\|s\$|Queries of \$src\$ for \$ut_domain\$", "", text)
                        tokens = set(re.findall(r"\$([\w.|]+)\$", text))
                        allowed = {"info_min_time", "info_max_time"}
                    elif key.endswith("_offset"):
                        allowed = {"info_min_time", "info_max_time"}
                    elif key.startswith(("action.notable", "action.risk")):
                        allowed = {"src", "ut_domain"} | numbers
                    else:
                        allowed = set()
                    self.assertEqual(tokens - allowed, set())
            if "Sample" not in name:
                self.assertEqual(stanza["action.email.useNSSubject"], "1")
                self.assertIn("$result.link$", stanza["action.email.message.alert"])

    def test_every_search_that_writes_is_disabled_and_leaves_no_gap(self) -> None:
        """They run for each day or hour once they are enabled; those that remove records run at other times."""
        writers = {n: s for n, s in self.app.settings("savedsearches.conf").items() if "| outputlookup" in s["search"]}
        purges = {name for name in writers if "Retention of" in name}
        self.assertEqual((len(writers), len(purges)), (8, 4))
        for name, stanza in writers.items():
            self.assertTrue(name.endswith("- Lookup Gen"), name)
            # One that removes records must not catch up after an outage, at the same time as those that write.
            expected = ("1", "1" if name in purges else "0")
            self.assertEqual((stanza["disabled"], stanza["realtime_schedule"]), expected, name)
        times = [writers[name]["cron_schedule"].split() for name in writers if name not in purges]
        for name in purges:
            minute, hour, *_ = writers[name]["cron_schedule"].split()
            self.assertNotIn(hour, {other for _, other, *_ in times})
            hourly = [int(other) for other, of_hour, *_ in times if of_hour == "*"]
            self.assertGreater(min(int(minute) - other for other in hourly), 10)

    def test_collections_are_updated_by_key_and_read_strictly(self) -> None:
        """Only a search of its own rewrites one, and leaves it as it is if nothing would remain."""
        for name, text in self.own_searches().items():
            for words in re.findall(r"\binputlookup ([^|\]]*)", text):
                if "dnsentropy_sample" not in words and ".csv" not in words and "dnsentropy_allowlist" not in words:
                    self.assertIn("strict=true", words, name)
            for words in re.findall(r"\boutputlookup ([^|\]]*)", text):
                if ".csv" not in words and "dnsentropy_allowlist" not in words:
                    how = "override_if_empty=false" if "Retention of" in name else "append=true"
                    self.assertTrue(words.startswith(f"{how} key_field=_key "), name)

    def test_scheduled_searches_have_no_eventstats_and_quote_lists(self) -> None:
        """eventstats stops adding fields after 50,000 rows; splunkd may split words at commas."""
        for name, text in self.own_searches().items():
            for words in re.findall(r"\b(?:dnsentropy|dnsexfil|dnsbuiltin|urltoolbox) ([^|\]]*)", text):
                self.assertNotIn(",", re.sub(r'"[^"]*"', "", words), name)
            if name in self.app.settings("savedsearches.conf"):
                text = self.app.expand(text.replace("| `dnsentropy_sample`", "| `dnsentropy_events`"))
                self.assertNotRegex(text, r"\b(eventstats|streamstats)\b", name)

    def own_searches(self) -> dict[str, str]:
        """The saved searches and the macros, by name."""
        saved = {name: stanza["search"] for name, stanza in self.app.settings("savedsearches.conf").items()}
        return saved | {name: stanza["definition"] for name, stanza in self.app.settings("macros.conf").items()}

    def test_what_an_exported_search_uses_is_exported(self) -> None:
        """Macros, nested ones too, and lookups; only the sources of events are exported beside them."""
        macros, transforms = self.app.settings("macros.conf"), self.app.settings("transforms.conf")
        used: set[str] = set()

        def follow(text: str) -> None:
            for name, given in re.findall(r"`(\w+)(?:\(([^`]*)\))?`", text):
                key = f"{name}({given.count(',') + 1})" if given else name
                if key not in used:
                    used.add(key)
                    follow(macros[key]["definition"])

        searches = {n: s for n, s in self.app.settings("savedsearches.conf").items()
                    if self.app.is_exported("savedsearches", n)}  # fmt: skip
        self.assertEqual(len(searches), 4)
        for stanza in searches.values():
            follow(" ".join(stanza.values()))
        follow(" ".join(f"`{name}`" for name in macros if name.startswith("dnsentropy_events_")))
        self.assertEqual({name for name in macros if self.app.is_exported("macros", name)}, used)
        texts = [stanza["search"] for stanza in searches.values()] + [macros[name]["definition"] for name in used]
        lookups = {name for name in transforms if any(re.search(rf"lookup [^|`]*\b{name}\b", text) for text in texts)}
        self.assertEqual(len(lookups), 3)
        for name in lookups:
            self.assertTrue(self.app.is_exported("transforms", name), name)
        self.assertTrue(self.app.is_exported("collections", "dnsentropy_daily"))

    def test_saved_searches_have_an_owner(self) -> None:
        """A search without an owner runs without roles."""
        meta = self.app.metadata()
        owned = [stanza for stanza in meta if stanza.startswith("savedsearches")]
        self.assertEqual({meta[stanza].get("owner") for stanza in owned}, {"admin"})
        self.assertIn("savedsearches", owned)

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
