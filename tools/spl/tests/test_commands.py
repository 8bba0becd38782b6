"""The table of commands: each is complete, and both the interpreter and the checker read it."""

from __future__ import annotations

import inspect
import re
import shutil
import tempfile
import unittest
from pathlib import Path
from types import ModuleType

from spl import Splunk
from spl.check import rules
from spl.check.fields import Fields
from spl.check.functions import EVAL, NOT_RUN, STATS
from spl.check.lookups import Lookups
from spl.check.walk import Check
from spl.commands import COMMANDS, DEFINITIONS, Missing
from spl.errors import SearchError
from spl.language.pipeline import parse
from spl.run import aggregate, charts, files, filters, shaping, sources
from spl.run.aggregate import OF_NUMBERS, OF_VALUES, TIMED
from spl.run.evaluate import LAZY, OPERATORS
from spl.run.functions import FUNCTIONS
from spl.splunkd.app import App

TRANSFORMS = """
[sums]
external_cmd = sums.py
external_type = executable
fields_list = a, sum

[kept]
external_type = kvstore
collection = kept
fields_list = a, value
"""
# A lookup whose `sum` is `a` and a plus sign.
PROGRAM = """#!/usr/bin/env python3
import csv, sys
header, *lines = csv.reader(sys.stdin)
csv.writer(sys.stdout, lineterminator="\\n").writerows([header, *([a, a + "+"] for a, _ in lines)])
"""


def functions(module: ModuleType, parameters: str) -> set[object]:
    """The public functions of a module that have these parameters."""
    found = (function for _, function in inspect.getmembers(module, inspect.isfunction))
    return {
        function
        for function in found
        if function.__module__ == module.__name__ and not function.__name__.startswith("_")
        and re.fullmatch(parameters, " ".join(inspect.signature(function).parameters))
    }  # fmt: skip


class Table(unittest.TestCase):
    """The definitions."""

    def test_every_name_is_defined_once(self) -> None:
        self.assertEqual(len(COMMANDS), sum(len(definition.names) for definition in DEFINITIONS))

    def test_every_command_has_a_runner_and_a_rule_or_says_why_not(self) -> None:
        for definition in DEFINITIONS:
            with self.subTest(names=definition.names):
                sides = (definition.run, definition.check)
                self.assertTrue(all(callable(side) or side.reason for side in sides))
                self.assertTrue(any(callable(side) for side in sides))

    def test_every_runner_and_every_rule_is_in_the_table(self) -> None:
        runners = {definition.run for definition in DEFINITIONS}
        for module in (aggregate, charts, files, filters, shaping, sources):
            self.assertEqual(functions(module, "(_|context) (__?|command)") - runners, set(), module.__name__)
        self.assertEqual(
            functions(rules, "check command before") - {definition.check for definition in DEFINITIONS}, set()
        )

    def test_only_a_first_command_makes_rows(self) -> None:
        starts = {name: definition.starts for name, definition in COMMANDS.items() if definition.starts}
        self.assertEqual({name for name, start in starts.items() if start == "events"}, {"search", "tstats"})
        self.assertEqual(
            {name for name, start in starts.items() if start == "rows"},
            {"inputlookup", "makeresults", "rest", "multisearch", "union"},
        )

    def test_streaming_follows_splunks_documentation(self) -> None:
        for text, streaming in (
            ("bin a span=5", True), ("bucket a span=5", True), ("bin a bins=5", False), ("bin a", False),
            ('regex a="x"', True), ("lookup x a", True), ("lookup local=true x a", False), ("lookup local=f x a", True),
            ("fillnull a", True), ("fillnull value=x", False), ("addtotals a b", True), ("addtotals col=t a", False),
            ("eval a=1", True), ("fields a", True), ("table a", False), ("stats count", False), ("head 1", False),
        ):  # fmt: skip
            (command,) = parse("| " + text)
            with self.subTest(text=text):
                self.assertEqual(COMMANDS[command.name].streaming(command), streaming)


class Functions(unittest.TestCase):
    """The functions of eval and stats."""

    def test_the_interpreter_runs_what_the_checker_accepts(self) -> None:
        run = {*FUNCTIONS, *OPERATORS, *LAZY} - {"negate", "plus"}
        self.assertEqual({name for name in run if name.isidentifier() and name.islower()}, EVAL.keys() - NOT_RUN.keys())
        self.assertEqual({*TIMED, *OF_VALUES, *OF_NUMBERS}, STATS.keys() - NOT_RUN.keys())


class Readers(unittest.TestCase):
    """The interpreter and the checker."""

    def setUp(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="spl-test-"))
        self.addCleanup(shutil.rmtree, folder)
        self.app = App(folder / "app")
        for name in ("default", "bin"):
            (self.app.root / name).mkdir(parents=True)
        (self.app.root / "default" / "transforms.conf").write_text(TRANSFORMS)
        self.program = self.app.root / "bin" / "sums.py"
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)
        self.home = folder / "home"

    def check(self, text: str) -> Fields:
        """The fields after a search."""
        return Check(self.app, Lookups(self.app), self.home).search(text)

    def test_search_peers_run_a_lookup_after_each_streaming_command(self) -> None:
        """The program is on the peers alone, so a lookup on the search head fails."""
        splunk = Splunk(self.app, self.home, 2)
        self.program.unlink()
        events = [{"a": ["1"]}, {"a": ["2"]}]
        for command in ("bin n span=1", "bucket n span=1", 'regex a="."', "fillnull n", "rename n AS m"):
            with self.subTest(command=command):
                found = splunk.search(f"a=* | {command} | lookup sums a | fields sum", events)
                self.assertEqual(found, [{"sum": ["1+"]}, {"sum": ["2+"]}])
        for command in ("bin n", "fillnull", "head 2", "lookup local=true sums a"):
            with self.subTest(command=command), self.assertRaises(SearchError):
                splunk.search(f"a=* | {command} | lookup sums a", events)

    def test_the_checker_knows_which_commands_search_peers_run(self) -> None:
        """A collection of the KV store is on the search head alone, so a lookup in it must not run on a peer."""
        for command in ("bin a span=1", "bucket a span=1", 'regex a="x"', "fillnull a", "eval b=a"):
            with self.subTest(command=command), self.assertRaisesRegex(SearchError, "would run on the search peers"):
                self.check(f"a=* | {command} | lookup kept a")
        local = ("lookup local=true kept a", "lookup local=t kept a")
        for command in ("bin a bins=3", "fillnull", "stats count by a", *local):
            with self.subTest(command=command):
                self.check(f"a=* | {command} | lookup kept a")

    def test_a_missing_runner_or_rule_is_reported_with_its_reason(self) -> None:
        for definition in DEFINITIONS:
            name = definition.names[0]
            if isinstance(definition.run, Missing):
                with self.assertRaisesRegex(SearchError, definition.run.reason):
                    Splunk(self.app, self.home).search(f"a=* | {name} a", [])
            if isinstance(definition.check, Missing):
                with self.assertRaisesRegex(SearchError, definition.check.reason):
                    self.check(f"a=* | {name} a")

    def test_rules_of_commands_return_their_fields(self) -> None:
        for text, fields in (
            ("| makeresults | eval a=1 | accum a AS b", {"_time", "a", "b"}),
            ("| makeresults | eval a=1 | trendline sma5(a) AS b", {"_time", "a", "b"}),
            ("| makeresults | eval a=1 | trendline sma5(a)", {"_time", "a", "sma5(a)"}),
            ("| multisearch [| makeresults | eval a=1] [| makeresults | eval b=1]", {"_time", "a", "b"}),
            ("| makeresults | eval a=1, b=2 | foreach a b [eval c_<<FIELD>>=<<FIELD>>]",
             {"_time", "a", "b", "c_a", "c_b"}),
            ('| makeresults | eval a="x" | rex field=a "(?<=x)(?<b>y)" | regex b!="z"', {"_time", "a", "b"}),
        ):  # fmt: skip
            with self.subTest(text=text):
                self.assertEqual(self.check(text).known, fields)
                Splunk(self.app, self.home).search(text, [])
        for text in (
            '| makeresults | regex b="x"', "| makeresults | accum b", "| makeresults | trendline sma5(b) AS c",
            "| makeresults | foreach b [eval c=1]", '| makeresults | regex _time="("', "| union",
        ):  # fmt: skip
            with self.subTest(text=text), self.assertRaises(SearchError):
                self.check(text)


if __name__ == "__main__":
    unittest.main()
