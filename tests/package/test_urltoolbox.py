"""URL Toolbox's macros and lookups in the packaged app."""

from __future__ import annotations

import json
import re
import unittest

from harness import INDEX, PackageTest, entropy
from spl.splunkd.options import Options
from spl.splunkd.program import CommandError
from spl.splunkd.rows import Event

EXTENDED_LOOKUP = "lookup ut_parse_extended_lookup url AS query"
PARSE = f"{EXTENDED_LOOKUP}, list | spath input=ut_subdomain_parts | fields - ut_subdomain_parts"
# Without OUTPUT, other columns are returned as well: an empty `set`.
SUITES = "lookup ut_suites_lookup word AS query, sets OUTPUT ut_suites | spath input=ut_suites | fields - ut_suites"
# Each macro, and the search with a lookup that it replaces.
FORMS = {
    "ut_parse(query,list)": PARSE,
    "ut_parse_extended(query,list)": PARSE,
    "ut_parse_simple(query)": "lookup ut_parse_simple_lookup url AS query",
    "ut_shannon(query)": "lookup ut_shannon_lookup word AS query",
    "ut_meaning(query)": "lookup ut_meaning_lookup word AS query",
    "ut_bayesian(query)": "lookup ut_bayesian_lookup word AS query",
    "ut_countset(query,set)": "lookup ut_countset_lookup word AS query, set",
    "ut_suites(query,sets)": SUITES,
    "ut_levenshtein(query,other)": "lookup ut_levenshtein_lookup word1 AS query, word2 AS other",
}
SIMPLE = ("ut_scheme", "ut_netloc", "ut_path", "ut_params", "ut_query", "ut_fragment")
EXTENDED = (
    *SIMPLE, "ut_domain", "ut_tld", "ut_domain_without_tld", "ut_subdomain", "ut_port", "ut_subdomain_count",
)  # fmt: skip
# The fields that each macro adds to an event with the fields of `event()`, besides the levels of its subdomain.
ADDED = {
    "ut_parse": EXTENDED,
    "ut_parse_extended": EXTENDED,
    "ut_parse_simple": SIMPLE,
    "ut_shannon": ("ut_shannon",),
    "ut_meaning": ("ut_meaning_ratio",),
    "ut_bayesian": ("ut_bayesian",),
    "ut_countset": ("ut_countset",),
    "ut_suites": ("ut_max_suite_digits", "ut_max_suite_alpha_all"),
    "ut_levenshtein": ("ut_levenshtein",),
}
AWKWARD = (
    'a,"b".example.com', "two\nlines.example.com", "a\rb.example.com", "$a$;$b$.example.com", "$", '"', "-", "None",
    "caf\udce9.example.com", "食狮.公司.cn", "💥.b.example.com", "x" * 40_000 + ".example.com", " a . example.com ",
    "\ufeff.com", "localhost", "co.uk", "10.0.2.109", "2001:db8::1", "[::1]:53", "ab/cd0123.hildegardsfarm.com",
    "https://user:secret@www.example.co.uk:8443/a/b;p=1?x=1&y=2#frag", "http://[", "//", "://",
    "a" + ".b" * 120 + ".com",
)  # fmt: skip


def event(query: str, number: int = 0) -> Event:
    """An event with all fields that the forms read."""
    lists = ("mozilla", "iana", "icann", "custom", "*", "nonsense")
    return {
        "index": ["x"], "n": [str(number)], "query": [query], "list": [lists[number % len(lists)]],
        "set": ["@word@"], "sets": ["@digits@,@alpha_all@"], "other": ["www.example.com"],
    }  # fmt: skip


def added(after: Event, before: Event) -> Event:
    """The fields that a search added to an event or changed."""
    return {name: values for name, values in after.items() if values != before.get(name)}


class UrlToolboxTest(PackageTest):
    """A test with events of every kind."""

    def events(self) -> list[Event]:
        """Events with awkward texts, and with the sample's names."""
        names = (name for old in self.sample for name in old.get("query", []))
        texts = dict.fromkeys([*AWKWARD, *names])
        return [event(text, number) for number, text in enumerate(list(texts)[:700])]

    def ordered(self, text: str, events: list[Event], peers: int, options: Options = Options()) -> list[Event]:
        """The results, in the order of the events, whatever the number of peers."""
        found = self.search(f"index=x | {text}", events, peers, options)
        return sorted(found, key=lambda row: int(row["n"][0])) if peers > 1 else found

    def one(self, text: str, before: Event) -> dict[str, str]:
        """The fields that a search adds to one event; each has one value."""
        (after,) = self.search(f"index=x | {text}", [before])
        self.assertEqual({name: after.get(name) for name in before}, before)
        return {name: "\n".join(values) for name, values in added(after, before).items()}

    def assert_parts(self, before: Event, expected: dict[str, str]) -> None:
        """Both the macro and the lookup return these parts, among others."""
        for form in ("`ut_parse_extended(query,list)`", PARSE):
            with self.subTest(form=form):
                found = self.one(form, before)
                self.assertEqual({name: found.get(name) for name in expected}, expected)


class Forms(UrlToolboxTest):
    """Macros and lookups against each other."""

    def test_there_are_nine_macros_and_eight_lookups(self) -> None:
        """Nine macros, eight lookups."""
        macros = {re.sub(r"\(.*", "", form): form.count(",") + 1 for form in FORMS}
        known = {name for name in self.app.settings("macros.conf") if name.startswith("ut_")}
        self.assertEqual(known, {f"{name}({n})" for name, n in macros.items()})
        transforms = self.app.settings("transforms.conf").items()
        programs = {name for name, stanza in transforms if "external_cmd" in stanza}
        self.assertEqual(programs, {form.split()[1] for form in FORMS.values()})
        self.assertEqual((len(macros), len(programs)), (9, 8))

    def test_a_macro_returns_what_its_lookup_returns_on_any_number_of_peers(self) -> None:
        """All fields of all events are equal; nothing else changes, and no event is lost or moved."""
        events = self.events()
        for macro, search in FORMS.items():
            expected = self.ordered(search, events, 0)
            with self.subTest(macro=macro):
                self.check_added(macro, events, expected)
            for peers in (1, 3):
                for form in (f"`{macro}`", search):
                    with self.subTest(form=form, peers=peers):
                        self.assert_same_events(self.ordered(form, events, peers), expected)

    def check_added(self, macro: str, before: list[Event], after: list[Event]) -> None:
        """All events are returned with the fields that the macro adds, and no others."""
        self.assert_same_events([{name: new[name] for name in new if name in event("")} for new in after], before)
        wanted = set(ADDED[macro.partition("(")[0]])
        for old, new in zip(before, after):
            fields = {name for name in added(new, old) if not name.startswith("ut_subdomain_level_")}
            self.assertEqual(fields, wanted)
            self.assertTrue(all(len(values) == 1 for values in new.values()))

    def test_every_kind_of_server_returns_the_same(self) -> None:
        """Chunk sizes, batches, quoting and the older protocol do not matter."""
        events = self.events()
        for macro in ("ut_parse(query,list)", "ut_suites(query,sets)"):
            expected = self.ordered(f"`{macro}`", events, 0)
            for options in (
                Options(chunk_rows=97, lookup_rows=7), Options(quoting="all"), Options(quoting="minimal"),
                Options(version="6.3", chunk_rows=100),
            ):  # fmt: skip
                for form in (f"`{macro}`", FORMS[macro]):
                    with self.subTest(form=form, options=options):
                        self.assert_same_events(self.ordered(form, events, 0, options), expected)

    def test_the_sample_keeps_its_fields_and_order(self) -> None:
        """Events that have a name twice, or none, keep their fields and order, in batches of any size."""
        parse = f'eval list="mozilla" | {EXTENDED_LOOKUP}, list OUTPUT ut_domain'
        for rows in (1_000, 333):
            after = self.search(f"index={INDEX} | {parse}", self.sample, options=Options(lookup_rows=rows))
            kept = [{k: v for k, v in row.items() if k not in ("list", "ut_domain")} for row in after]
            self.assert_same_events(kept, self.sample)
            with_domain = sum("ut_domain" in row for row in after)
            self.assertEqual(with_domain, sum("query" in row for row in self.sample))


class Answers(UrlToolboxTest):
    """Known answers of macros and lookups."""

    def test_a_url_is_split_into_its_parts(self) -> None:
        """All its parts."""
        before = event("https://www.shop.example.co.uk:8443/a/b;p=1?x=1&y=2#frag")
        parts = {
            "ut_scheme": "https", "ut_netloc": "www.shop.example.co.uk:8443", "ut_path": "/a/b", "ut_params": "p=1",
            "ut_query": "x=1&y=2", "ut_fragment": "frag",
        }  # fmt: skip
        for form in ("`ut_parse_simple(query)`", FORMS["ut_parse_simple(query)"]):
            self.assertEqual(self.one(form, before), parts)
        host = {
            "ut_domain": "example.co.uk", "ut_tld": "co.uk", "ut_domain_without_tld": "example", "ut_port": "8443",
            "ut_subdomain": "www.shop", "ut_subdomain_count": "2", "ut_subdomain_level_1": "shop",
            "ut_subdomain_level_2": "www",
        }  # fmt: skip
        for form in ("`ut_parse(query,list)`", "`ut_parse_extended(query,list)`", PARSE):
            self.assertEqual(self.one(form, before), parts | host)

    def test_missing_parts_have_url_toolboxs_defaults(self) -> None:
        """They are `None`, 0 and 80, for which searches test."""
        nothing = dict.fromkeys(EXTENDED, "None") | {"ut_port": "80", "ut_subdomain_count": "0"}
        self.assert_parts(event("localhost"), nothing | {"ut_netloc": "localhost"})
        named = {"ut_netloc": "example.com", "ut_domain": "example.com", "ut_domain_without_tld": "example"}
        self.assert_parts(event("example.com"), nothing | named | {"ut_tld": "com"})
        found = self.one("`ut_parse(query,list)`", event("example.com"))
        self.assertEqual(set(found), set(EXTENDED))
        found = self.one(f"{EXTENDED_LOOKUP} OUTPUT ut_subdomain_parts", event("example.com"))
        self.assertEqual(found["ut_subdomain_parts"], "None")

    def test_a_tunnel_name_is_not_a_url(self) -> None:
        """URL Toolbox itself takes `ab` for the host, which breaks a hunt."""
        domain = {"ut_domain": "hildegardsfarm.com", "ut_subdomain_count": "1"}
        for label in ("ab/cd0123", "ab?cd", "ab#cd", "ab:cd", "ab+cd="):
            for which in (0, 1):
                before = event(label + ".hildegardsfarm.com", which)
                self.assert_parts(before, domain | {"ut_subdomain": label, "ut_subdomain_level_1": label})

    def test_the_list_selects_the_suffixes(self) -> None:
        """The event names the list; iana is the default, also for an unknown list."""
        before = event("a.b.example.co.uk")
        for which, domain in (("mozilla", "example.co.uk"), ("iana", "co.uk"), ("nonsense", "co.uk")):
            self.assert_parts(before | {"list": [which]}, {"ut_domain": domain})
            renamed = before | {"which": [which]}
            form = f"{EXTENDED_LOOKUP}, list AS which OUTPUT ut_domain"
            self.assertEqual(self.one(form, renamed), {"ut_domain": domain})
        del before["list"]
        found = self.one(EXTENDED_LOOKUP, before)
        self.assertEqual((found["ut_domain"], found["ut_subdomain_count"]), ("co.uk", "3"))
        self.assertEqual(self.one("`ut_parse(query,list)`", before)["ut_domain"], "co.uk")

    def test_functions_of_words_return_known_values(self) -> None:
        """Entropy, edits, sets and suites are computed by hand; word models have the right form and range."""
        before = event("ab12") | {"other": ["AXb2"], "set": ["a1z"]}
        for form, expected in (
            ("ut_levenshtein(query,other)", {"ut_levenshtein": "2"}),
            ("ut_suites(query,sets)", {"ut_max_suite_digits": "2", "ut_max_suite_alpha_all": "2"}),
            ("ut_countset(query,set)", {"ut_countset": '{"ut_countset": {"31": 1, "61": 1, "7A": 0, "sum": 2}}'}),
        ):
            self.assertEqual(self.one(f"`{form}`", before), expected)
        shannon = self.one("`ut_shannon(query)`", event("hildegard"))
        self.assertAlmostEqual(float(shannon["ut_shannon"]), entropy("hildegard"), delta=1e-9)
        for word in ("hildegard", "q7zx9kp2", "食狮", "a"):
            ratio = float(self.one("`ut_meaning(query)`", event(word))["ut_meaning_ratio"])
            self.assertTrue(0 <= ratio <= 1, ratio)
            scores = json.loads(self.one("`ut_bayesian(query)`", event(word))["ut_bayesian"])
            self.assertEqual((list(scores), list(scores["ut_bayesian"])), (["ut_bayesian"], ["2", "3", "4"]))
            self.assertTrue(all(0 <= score <= 1 for score in scores["ut_bayesian"].values()), scores)


class ManyAndNone(UrlToolboxTest):
    """Events with several values, with none, and among others."""

    def test_several_values_have_several_answers(self) -> None:
        """Each distinct value has one answer, in order."""
        before = event("") | {"query": ["a.b.example.com", "example.org", "a.b.example.com"]}
        for form in ("`ut_parse_extended(query,list)`", f"{EXTENDED_LOOKUP}, list"):
            (after,) = self.search(f"index=x | {form}", [before])
            self.assertEqual(after["query"], before["query"])
            self.assertEqual(after["ut_domain"], ["example.com", "example.org"])
            self.assertEqual(after["ut_subdomain"], ["a.b", "None"])
            self.assertEqual(after["ut_subdomain_count"], ["2", "0"])
        (after,) = self.search("index=x | `ut_parse_extended(query,list)`", [before])
        self.assertEqual((after["ut_subdomain_level_1"], after["ut_subdomain_level_2"]), (["b", ""], ["a", ""]))

    def test_an_event_without_a_field_stays_unchanged(self) -> None:
        """An event without one of the fields stays unchanged."""
        for macro, search in FORMS.items():
            # Without a list, a macro takes the default and a lookup is not called.
            for field in {*re.findall(r"\w+", macro)[1:]} - {"list"}:
                before = {name: values for name, values in event("www.example.com").items() if name != field}
                for form in (f"`{macro}`", search):
                    with self.subTest(form=form, field=field):
                        self.assertEqual(self.search(f"index=x | {form}", [before]), [before])

    def test_an_event_does_not_depend_on_its_neighbours(self) -> None:
        """Fields from JSON are the same whichever events share a chunk."""
        deep = event(".".join("x" * 200) + ".example.com")
        short = event("") | {"query": ["a.example.com", "b.example.com"], "sets": ["@digits@"]}
        events = [deep, event("f.e.d.c.b.a.example.com"), short, event("a.b.c.d.e.f.g.h.i.j.example.com")]
        for macro in ("ut_parse(query,list)", "ut_suites(query,sets)"):
            alone = self.search(f"index=x | `{macro}`", events, options=Options(chunk_rows=1))
            together = self.search(f"index=x | `{macro}`", events)
            self.assertEqual((len(alone), len(together)), (len(events), len(events)))
            for one, other in zip(together, alone):
                with self.subTest(macro=macro, query=one["query"][0][-30:]):
                    self.assert_same_events([one], [other])

    def test_the_error_names_wrong_arguments(self) -> None:
        """The error names the wrong or missing word."""
        for arguments, word in (
            ("ut_shannon", "word="), ("ut_levenshtein word1=a", "word2="), ("ut_shannon word=query list=x", "list="),
            ("ut_parse list=list", "url="), ("", "ut_parse"), ("ut_nope word=query", "ut_shannon"),
        ):  # fmt: skip
            with self.subTest(arguments=arguments), self.assertRaises(CommandError) as caught:
                self.search(f"index=x | urltoolbox {arguments}", [event("a.example.com")])
            self.assertIn(word, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
