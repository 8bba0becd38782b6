"""The search language: each command and function behaves as Splunk's documentation says."""

from __future__ import annotations

import shutil
import tempfile
import unittest
from pathlib import Path

from spl import Clock, Splunk
from spl.errors import SearchError
from spl.language.clauses import aggregations, renamings
from spl.language.expression import fields_of, parse_assignments, parse_expression
from spl.language.pipeline import parse, words
from spl.language.times import moment
from spl.splunkd.app import App
from spl.splunkd.rows import Event

NOON = 1_503_576_000.0  # 24 August 2017, 12:00 UTC, a Thursday
TRANSFORMS = """
[towns]
filename = towns.csv
match_type = WILDCARD(name)
case_sensitive_match = false
max_matches = 1

[plain]
filename = plain.csv

[kept]
external_type = kvstore
collection = kept
fields_list = key, value
"""


class Spl(unittest.TestCase):
    """A test with a search head that has three lookups."""

    def setUp(self) -> None:
        """Write the lookups."""
        self.folder = Path(tempfile.mkdtemp(prefix="spl-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("default", "lookups"):
            (self.folder / "app" / name).mkdir(parents=True)
        (self.folder / "app" / "default" / "transforms.conf").write_text(TRANSFORMS)
        (self.folder / "app" / "lookups" / "towns.csv").write_text("name,size\n*burg,1\nham*,2\n")
        (self.folder / "app" / "lookups" / "plain.csv").write_text("key,value\na,1\nb,2\n")
        clock = Clock(NOON, NOON - 3_600, NOON)
        self.splunk = Splunk(App(self.folder / "app"), self.folder / "home", clock=clock)

    def rows(self, text: str, events: list[Event] | None = None) -> list[dict[str, str]]:
        """The results, several values joined by bars."""
        found = self.splunk.search(text, events or [])
        return [{name: "|".join(values) for name, values in row.items()} for row in found]

    def value(self, expression: str, **fields: str | list[str]) -> str | None:
        """The value of an expression, or None for null."""
        event = {name: [given] if isinstance(given, str) else given for name, given in fields.items()}
        (row,) = self.splunk.chain(f"eval result={expression}", [event])
        return "|".join(row["result"]) if "result" in row else None


class Parser(Spl):
    """The parser."""

    def test_bars_in_quotes_and_brackets_do_not_split_a_pipeline(self) -> None:
        """The first command is search; comments are removed; malformed searches are refused."""
        found = parse('a="|" | append [| inputlookup x | head (1)] ```a | b``` | where match(a, "[|]")')
        self.assertEqual([command.name for command in found], ["search", "append", "where"])
        self.assertEqual([inner.name for inner in found[1].subsearches[0]], ["inputlookup", "head"])
        self.assertEqual(found[2].arguments, 'match(a, "[|]")')
        for broken in ("a | | b", "a | append [b", 'a="', "a | b)", "| 7up"):
            with self.subTest(broken=broken), self.assertRaises(SearchError):
                parse(broken)

    def test_a_quoted_text_is_neither_a_comment_nor_a_macro_call(self) -> None:
        """It may hold backticks, and quotes after backslashes."""
        found = parse('a="```" b="x\\" `m` ```" ```"``` | where a="`m`"', self.splunk.app)
        self.assertEqual([command.arguments for command in found], ['a="```" b="x\\" `m` ```"', 'a="`m`"'])

    def test_expressions_report_the_fields_that_they_read(self) -> None:
        """Malformed expressions are refused."""
        tree = parse_expression("if(a.'b c' = \"x\" AND NOT n<=2*(m+1), len(d), null())")
        self.assertEqual(list(fields_of(tree)), ["a", "b c", "n", "m", "d"])
        self.assertEqual([name for name, _ in parse_assignments("x=1, 'y z'=x==2")], ["x", "y z"])
        for broken in ("a +", "(a", "a b", "f(a", "a,b", "=1", "a ! b"):
            with self.subTest(broken=broken), self.assertRaises(SearchError):
                parse_expression(broken)

    def test_arguments_are_split_into_words_options_and_names(self) -> None:
        """Words, aggregations with their options, renamings."""
        self.assertEqual(words('a, "b c"  f(x, y) [d e]'), ["a", '"b c"', "f(x, y)", "[d e]"])
        found = aggregations("span=1h limit=5 count, dc(eval(a.b)) AS n by c d")
        self.assertEqual([(f.function, f.output) for f in found.functions], [("count", "count"), ("dc", "n")])
        self.assertEqual((found.by, found.options), (("c", "d"), {"span": "1h", "limit": "5"}))
        self.assertEqual(renamings('a AS "b c", d.* AS *'), [("a", "b c"), ("d.*", "*")])
        for broken in ("", "by a", "count by", "avg(x) as", "c(x"):
            with self.subTest(broken=broken), self.assertRaises(SearchError):
                aggregations(broken)

    def test_time_modifiers_shift_and_snap(self) -> None:
        """From noon of a Thursday."""
        cases = {
            "-1h": -3_600,
            "@d": -43_200,
            "-1d@d": -129_600,
            "+30m": 1_800,
            "@h-5m": -300,
            "now": 0,
            "@w0": -388_800,
        }
        for modifier, offset in cases.items():
            self.assertEqual(moment(modifier, NOON), NOON + offset, modifier)
        self.assertEqual(moment("-1mon@mon", NOON), 1_498_867_200)
        with self.assertRaises(SearchError):
            moment("-1fortnight", NOON)


class Eval(Spl):
    """Functions and operators."""

    def test_operators_follow_precedence_and_pass_null_on(self) -> None:
        """Texts that spell numbers count as numbers."""
        cases = {
            "1+2*3": "7",
            "(1+2)*3": "9",
            "-2+5": "3",
            "7%4": "3",
            "1/3": "0.3333333333333333",
            "1/0": None,
            'a."x"."1"': "5x1",
            "a+1": "6",
            "a+none": None,
            'a="5"': "True",
            "a==5.0": "True",
            'b>"a"': "True",
            'a>10 OR a<6 AND NOT b="z"': "True",
            "none=1": None,
            'if(none!=1, "y", "n")': "n",
            "a IN (4, 5)": "True",
            'b LIKE "b%"': "True",
            "true": "True",
        }
        for expression, expected in cases.items():
            with self.subTest(expression=expression):
                self.assertEqual(self.value(expression, a="5", b="bc"), expected)

    def test_functions_return_what_splunk_returns(self) -> None:
        """Functions of conditions, numbers, texts, several values and times."""
        cases = {
            'case(a<3, "low", a<9, "mid", true(), "high")': "mid",
            "coalesce(none, b)": "bc",
            'if(a=5, "y", "n")': "y",
            "nullif(a, 5)": None,
            "isnull(none)": "True",
            "isint(a)": "True",
            "isint(2.5)": "False",
            "isint(0)": "True",
            "isint(b)": "False",
            "isnotnull(a)": "True",
            "round(2.345, 2)": "2.35",
            "round(2.5)": "3",
            "round(-2.5)": "-3",
            "floor(2.7)": "2",
            "ceiling(2.1)": "3",
            "pow(2, 10)": "1024",
            "log(8, 2)": "3",
            "max(a, 7)": "7",
            "min(a, b)": "5",
            "len(b)": "2",
            "upper(b)": "BC",
            "substr(b, 2)": "c",
            "substr(b, -1, 1)": "c",
            'replace("a1b2", "(\\d)", "<\\1>")': "a<1>b<2>",
            'match(b, "^b")': "True",
            'like(b, "_c")': "True",
            'split("a,b", ",")': "a|b",
            "mvindex(m, -1)": "z",
            "mvindex(m, 0, 1)": "x|y",
            "mvindex(m, 9)": None,
            "mvcount(m)": "3",
            "mvcount(none)": None,
            'mvjoin(m, "-")': "x-y-z",
            "mvappend(a, m)": "5|x|y|z",
            'mvfilter(m!="y")': "x|z",
            'mvmap(m, m."!")': "x!|y!|z!",
            'mvfind(m, "y")': "1",
            "mvsort(mvappend(m, b))": "bc|x|y|z",
            "mvrange(1, 4)": "1|2|3",
            'tostring(1234567, "commas")': "1,234,567",
            'tostring(3661, "duration")': "01:01:01",
            'tonumber("0x", 10)': None,
            'printf("%.1f %s", 2.25, b)': "2.2 bc",
            "now()": "1503576000",
            'strftime(now(), "%F %T")': "2017-08-24 12:00:00",
            'relative_time(now(), "-1d@d")': "1503446400",
            'strptime("2017-08-24", "%Y-%m-%d")': "1503532800",
            'cidrmatch("10.0.0.0/8", "10.1.2.3")': "True",
            'trim("  x ")': "x",
            "typeof(none)": "Invalid",
        }
        for expression, expected in cases.items():
            with self.subTest(expression=expression):
                self.assertEqual(self.value(expression, a="5", b="bc", m=["x", "y", "z"]), expected)
        with self.assertRaisesRegex(SearchError, "the function lenght.. is unknown"):
            self.value("lenght(b)")


class Commands(Spl):
    """The commands, on three events."""

    EVENTS: list[Event] = [
        {"_time": [str(NOON - 3_000)], "k": ["p"], "n": ["1"]}, {"_time": [str(NOON - 2_000)], "k": ["q"], "n": ["10"]},
        {"_time": [str(NOON - 100)], "k": ["p"], "n": ["4"], "m": ["x", "y"]},
    ]  # fmt: skip

    def test_filters_keep_the_right_events(self) -> None:
        """search, where, regex, dedup, sort, head."""
        cases = {
            "n>3": ["10", "4"],
            "k=P NOT m=*": ["1"],
            "n IN (1, 10)": ["1", "10"],
            "m!=x": ["4"],
            '* | where n>3 AND k="p"': ["4"],
            '* | regex k="q"': ["10"],
            "* | dedup k": ["1", "10"],
            "* | dedup k sortby -n": ["10", "1"],
            "* | sort - n": ["10", "4", "1"],
            "* | sort 2 str(n)": ["1", "10"],
            "* | head 1": ["1"],
            "earliest=-30m": ["4"],
            "* | tail 1": ["4"],
            "[| makeresults | eval n=4 | table n]": ["4"],
        }
        for text, expected in cases.items():
            with self.subTest(text=text):
                self.assertEqual([row["n"] for row in self.rows(text, self.EVENTS)], expected)

    def test_shaping_changes_fields(self) -> None:
        """rename, rex, fillnull, mvexpand, table, addinfo."""
        self.assertEqual(
            self.rows("* | head 1 | rename k AS c.k | rename c.* AS *x | fields kx", self.EVENTS)[0]["kx"], "p"
        )
        self.assertEqual(self.rows("* | head 1 | eval K=1 | fields K* | fields - _time", self.EVENTS), [{"K": "1"}])
        (row,) = self.rows(
            '| makeresults | eval a="x1,y2" | rex field=a max_match=0 "(?<l>[a-z])(?<d>\\d)" | table a l d'
        )
        self.assertEqual(row, {"a": "x1,y2", "l": "x|y", "d": "1|2"})
        self.assertEqual(
            [row["m"] for row in self.rows('* | fillnull value="-" m | mvexpand m', self.EVENTS)], ["-", "-", "x", "y"]
        )
        (row,) = self.rows("| makeresults | addinfo")
        self.assertEqual((row["info_min_time"], row["info_max_time"]), ("1503572400.000", "1503576000.000"))

    def test_aggregations_count_and_calculate(self) -> None:
        """stats, eventstats, streamstats, top."""
        (row,) = self.rows(
            "* | stats count, sum(n) as s, dc(k) as d, values(k) as v, perc50(n) as p, latest(n) as l, "
            "count(eval(n>3)) as c, range(n) as r", self.EVENTS,
        )  # fmt: skip
        self.assertEqual(row, {"count": "3", "s": "15", "d": "2", "v": "p|q", "p": "4", "l": "4", "c": "2", "r": "9"})
        many = [{"k": ["p"]}] * 50_001
        figures = [row.get("n") for row in self.rows("* | eventstats count as n by k", many)]
        self.assertEqual((figures[49_999], figures[50_000]), ("50001", None))
        rows = self.rows("* | eventstats max(n) as most by k | streamstats count as at sum(n) as sofar", self.EVENTS)
        self.assertEqual(
            [(r["most"], r["at"], r["sofar"]) for r in rows], [("4", "1", "1"), ("10", "2", "11"), ("4", "3", "15")]
        )
        rows = self.rows("* | streamstats window=1 current=f last(n) as before by k", self.EVENTS)
        self.assertEqual([row.get("before") for row in rows], [None, None, "1"])
        self.assertEqual(
            self.rows("* | top limit=1 k", self.EVENTS), [{"k": "p", "count": "2", "percent": "66.66666666666667"}]
        )

    def test_charts_have_a_row_for_each_span(self) -> None:
        """Spans without events too; columns beyond the limit become OTHER."""
        rows = self.rows("* | timechart span=30m count by k", self.EVENTS)
        self.assertEqual([(row["p"], row["q"]) for row in rows], [("1", "1"), ("1", "0")])
        rows = self.rows("* | timechart span=1h limit=1 sum(n) by k", self.EVENTS)
        self.assertEqual(rows, [{"_time": str(int(NOON) - 3_600), "q": "10", "OTHER": "5"}])
        self.assertEqual(self.rows("* | bin n span=5 | chart count over n by k", self.EVENTS),
                         [{"n": "0-5", "p": "2", "q": "0"}, {"n": "10-15", "p": "0", "q": "1"}])  # fmt: skip
        self.assertEqual(self.rows("* | stats sum(n) as s by k | xyseries k k s | untable k c v", self.EVENTS),
                         [{"k": "p", "c": "p", "v": "5"}, {"k": "q", "c": "q", "v": "10"}])  # fmt: skip

    def test_lookup_files_match_and_are_written(self) -> None:
        """Wildcards, ignored case, append, several values; a file keeps its columns, and has no keys."""
        rows = self.rows(
            '| makeresults | eval t=split("Hamburg,HAMELN,Köln", ",") | mvexpand t | lookup towns name AS t OUTPUT size'
        )
        self.assertEqual([row.get("size") for row in rows], ["1", "2", None])
        self.assertEqual(self.rows("| inputlookup plain where value>1"), [{"key": "b", "value": "2"}])
        self.rows('| makeresults | eval key="c", value="3", other="lost" | outputlookup append=t plain')
        self.assertEqual(self.rows("| inputlookup plain.csv")[2], {"key": "c", "value": "3"})
        self.rows('| inputlookup plain | eval value=mvappend(value, "$") | outputlookup plain')
        self.assertEqual(self.rows("| inputlookup plain")[0], {"key": "a", "value": "1|$"})
        with self.assertRaises(SearchError):
            self.rows('| makeresults | eval key="b" | outputlookup append=t key_field=key plain')

    def test_a_file_that_does_not_exist_is_empty_until_a_search_writes_it(self) -> None:
        """inputlookup warns, or stops with strict=true; lookup stops; append=true creates it."""
        self.assertEqual(self.rows("| inputlookup new.csv"), [])
        self.assertEqual(self.splunk.messages, [("WARN", "the lookup new.csv does not exist or is not available")])
        for broken in ("| inputlookup strict=true new.csv", "| inputlookup unknown", "* | lookup unknown key"):
            with self.subTest(search=broken), self.assertRaises(SearchError):
                self.rows(broken)
        self.rows('| makeresults | eval key="b" | fields key | fields - _time | outputlookup append=t new.csv')
        self.assertEqual(self.rows("| inputlookup strict=true new.csv"), [{"key": "b"}])

    def test_subsearches_add_rows_and_fields(self) -> None:
        """append, appendpipe, join, tstats."""
        self.assertEqual(
            self.rows("* | stats count | append [search k=q | stats count] | table count", self.EVENTS),
            [{"count": "3"}, {"count": "1"}],
        )
        self.assertEqual(
            self.rows("* | stats sum(n) as s by k | appendpipe [stats sum(s) as s] | table s", self.EVENTS),
            [{"s": "5"}, {"s": "10"}, {"s": "15"}],
        )
        rows = self.rows(
            '* | stats count by k | join type=left k [| makeresults | eval k="q", z=1 | fields k z]', self.EVENTS
        )
        self.assertEqual([row.get("z") for row in rows], [None, "1"])
        rows = self.rows("| tstats count from datamodel=M where nodename=D D.n>3 by _time span=1h D.k", self.EVENTS)
        self.assertEqual([(row["D.k"], row["count"]) for row in rows], [("p", "1"), ("q", "1")])

    def test_tstats_rounds_the_times_that_it_groups_by_alone(self) -> None:
        """And it fills missing fields of groups if it is asked to; without that it drops the events."""
        events = [{"_time": [f"{NOON + second}"], "k": ["p"]} for second in (70.5, 90, 3_700)]
        search = "| tstats {} count min(_time) AS first values(D.k) AS k from datamodel=M where nodename=D by {}"
        rows = self.rows(search.format("", "_time D.k span=1h"), events)
        self.assertEqual([(float(row["_time"]) - NOON, float(row["first"]) - NOON, row["count"]) for row in rows],
                         [(0, 70.5, "2"), (3_600, 3_700, "1")])  # fmt: skip
        self.assertEqual(self.rows(search.format("", "D.x"), events), [])
        (row,) = self.rows(search.format("fillnull_value=unknown", "D.x"), events)
        self.assertEqual((row["D.x"], row["count"], row["k"]), ("unknown", "3", "p"))

    def test_searches_may_keep_to_their_time_range(self) -> None:
        """But for one with a range of its own, also in a subsearch."""
        self.splunk.keeps_to_range = True
        clock = Clock(NOON + 4_000, NOON + 3_000, NOON + 4_000)
        events = [{"_time": [f"{NOON + second}"], "k": ["p"]} for second in (60, 3_600)]
        for search, count in (
            ("* | stats count", 1), ("earliest=-2h * | stats count", 2), ("| tstats count where earliest=-2h", 2),
            ("| tstats count", 1),
            ("| makeresults | append [| tstats count where earliest=-2h] | stats max(count) AS count", 2),
        ):  # fmt: skip
            self.assertEqual(self.splunk.search(search, events, clock)[0]["count"], [str(count)], search)

    def test_rest_lists_saved_searches_and_what_a_test_sets(self) -> None:
        """With the settings of local/ over those of default/; an unknown path is refused."""
        shipped = "[a]\nsearch = x\ndisabled = 1\nenableSched = 1\n"
        for layer, text in (("default", shipped), ("local", "[a]\ndisabled = 0\n")):
            (self.folder / "app" / layer).mkdir(exist_ok=True)
            (self.folder / "app" / layer / "savedsearches.conf").write_text(text)
        (row,) = self.rows("| rest /servicesNS/-/app/saved/searches splunk_server=local count=0")
        self.assertEqual((row["title"], row["disabled"], row["is_scheduled"]), ("a", "0", "1"))
        self.assertEqual(self.rows("| rest /services/search/distributed/peers"), [])
        self.splunk.endpoints["/services/x"] = [{"title": ["one"]}]
        self.assertEqual(self.rows("| rest /services/x"), [{"title": "one"}])
        with self.assertRaises(SearchError):
            self.rows("| rest /services/y")

    def test_rest_lists_the_searches_that_ran(self) -> None:
        """With the input rows of each command."""
        self.rows("* | head 1", self.EVENTS)
        (row,) = self.rows("| rest /services/search/jobs | search title=*head*")
        self.assertEqual((row["title"], row["performance.command.head.input_count"]), ("* | head 1", "3"))

    def test_unknown_commands_are_refused(self) -> None:
        """The error names the command."""
        with self.assertRaisesRegex(SearchError, "the command hed is unknown"):
            self.rows("* | hed 1", self.EVENTS)


if __name__ == "__main__":
    unittest.main()
