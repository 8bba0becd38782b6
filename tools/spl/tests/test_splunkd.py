"""The stand-in for splunkd notices what a command does wrong, and computes what Splunk computes."""

from __future__ import annotations

import shutil
import tempfile
import unittest
from pathlib import Path

from spl import Splunk
from spl.errors import SearchError
from spl.splunkd.app import App, read_settings
from spl.splunkd.conversation import ProtocolError
from spl.splunkd.options import Options
from spl.splunkd.program import Call, CommandError, Outcome, run
from spl.splunkd.rows import Event, RowError, decode, encode, join_values, split_values
from spl.splunkd.words import split_arguments

# A command that adds the field `seen` to its rows; FAULT selects an error.
COMMAND = r"""#!/usr/bin/env python3
import json, sys

FAULT = "@"

def read():
    lengths = sys.stdin.buffer.readline().strip().split(b",")[1:]
    if not lengths:
        sys.exit()
    head, body = (sys.stdin.buffer.read(int(n)) for n in lengths)
    return json.loads(head), body.decode()

def write(head, body=""):
    data = json.dumps(head).encode(), body.encode()
    for _ in range(2 if FAULT == "two replies" else 1):
        lengths = len(data[0]), len(data[1]) + (FAULT == "long")
        sys.stdout.buffer.write(b"chunked 1.0,%d,%d\n" % lengths + b"".join(data))
    sys.stdout.buffer.flush()

read()
if FAULT == "chatter":
    print("started", flush=True)
write({"error": "no such thing", "finished": True} if FAULT == "error" else {"required_fields": ["a"]})
finished = False
while not finished:
    head, body = read()
    finished = head["finished"]
    lines = [line.split(",") for line in body.replace('"', "").splitlines()]
    drop = {"no index": "_chunked_idx", "no field": "a"}.get(FAULT)
    keep = [n for n, name in enumerate(lines[0]) if name != drop and not name.startswith("__mv_")] if lines else []
    lines = [[line[n] for n in keep] + ["1" if at else "seen"] for at, line in enumerate(lines)]
    if FAULT == "wrong index" and len(lines) > 1:
        lines[1][1] = "7"
    if FAULT == "short row" and len(lines) > 1:
        lines[1].pop()
    write({"finished": finished and FAULT != "unfinished"}, "".join(",".join(line) + "\n" for line in lines))
if FAULT == "lingering":
    sys.stdin.read()
sys.exit(1 if FAULT == "status" else 0)
"""
MACROS = r"""
[twice(2)]
args = from,to
definition = eval $to$=$from$ \
| `end`

[end]
definition = head 9

[checked(1)]
args = name
validation = match(name, "^[a-z]+$")
errormsg = the name is malformed
definition = eval a="$name$"
"""
EVENTS: list[Event] = [{"a": ["x"], "b": ["kept"]}, {"b": ["too"]}, {"a": ["y"]}]


class InFolder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self) -> None:
        """Make the folder."""
        self.folder = Path(tempfile.mkdtemp(prefix="standin-test-"))
        self.addCleanup(shutil.rmtree, self.folder)


class Faults(InFolder):
    """Errors that a command can make."""

    def run_command(self, fault: str) -> Outcome:
        """Send the events through a command with this fault, two a chunk."""
        program = self.folder / "command"
        program.write_text(COMMAND.replace("@", fault), encoding="utf-8")
        program.chmod(0o755)
        options = Options(chunk_rows=2, timeout=3, closes_input=False)
        return run(Call("command", [str(program)], ""), EVENTS, options, self.folder)

    def test_a_correct_command_adds_its_field(self) -> None:
        """The other fields of each event stay."""
        self.assertEqual(self.run_command("").events, [event | {"seen": ["1"]} for event in EVENTS])

    def test_errors_in_the_protocol_are_noticed(self) -> None:
        """Each of these desynchronises splunkd."""
        for fault in ("two replies", "long", "chatter", "unfinished", "status", "lingering"):
            with self.subTest(fault=fault), self.assertRaises(ProtocolError):
                self.run_command(fault)

    def test_errors_in_rows_are_noticed(self) -> None:
        """Rows of unknown events, and rows with too few cells."""
        for fault in ("wrong index", "short row"):
            with self.subTest(fault=fault), self.assertRaises(RowError):
                self.run_command(fault)

    def test_a_field_that_is_not_returned_is_lost(self) -> None:
        """Without its number, an event loses all fields that were not sent."""
        self.assertEqual(self.run_command("no field").events[0], {"b": ["kept"], "seen": ["1"]})
        self.assertEqual(self.run_command("no index").events[0], {"a": ["x"], "seen": ["1"]})

    def test_an_error_reaches_the_user(self) -> None:
        """After the name of the command, which its own text should therefore not repeat."""
        with self.assertRaises(CommandError) as caught:
            self.run_command("error")
        self.assertEqual(str(caught.exception), "Error in 'command' command: no such thing")
        self.assertEqual(caught.exception.text, "no such thing")


class Rows(unittest.TestCase):
    """Bodies and multivalue cells."""

    def test_a_body_looks_as_recorded(self) -> None:
        """As Splunk 8.2.1 wrote one."""
        body = encode(["age", "_chunked_idx"], [{"age": ["66"], "_chunked_idx": ["0"]}], "splunkd")
        self.assertEqual(body, b'age,"_chunked_idx","__mv_age","__mv__chunked_idx"\n66,0,,\n')

    def test_encoded_values_are_decoded_unchanged(self) -> None:
        """In every style of quoting."""
        events = [{"a": ['1,"2"\n3'], "b c": ["", "$", "$;$", ""]}, {}, {"b c": ["é"]}]
        for quoting in ("splunkd", "minimal", "all"):
            self.assertEqual(decode(encode(["a", "b c"], events, quoting)), (["a", "b c"], events))

    def test_dollar_signs_in_values_are_doubled(self) -> None:
        """Empty values count; malformed cells are refused."""
        for values in (["a", "b"], ["$", "$$"], ["", ""], ["a;$b", ""], ["\n"]):
            self.assertEqual(split_values(join_values(values)), values)
        for cell in ("a", "$a", "$a$;", "$a$b$", "$$$"):
            with self.subTest(cell=cell), self.assertRaises(RowError):
                split_values(cell)

    def test_malformed_bodies_are_refused(self) -> None:
        """Invalid UTF-8, an open quote, a column twice, a cell too many, contradicting values, a lone `__mv_`."""
        for body in (b"a\n\xff\n", b'a\n"x\n', b"a,a\n1,2\n", b"a\n1,2\n", b"a,__mv_a\nx,$y$;$z$\n", b"__mv_a\n\n"):
            with self.subTest(body=body), self.assertRaises(RowError):
                decode(body)


class Searches(InFolder):
    """The search language."""

    def search(self, text: str, events: list[Event]) -> list[Event]:
        """A search on two peers of an app that has one macro."""
        default = self.folder / "app" / "default"
        default.mkdir(parents=True, exist_ok=True)
        (default / "macros.conf").write_text(MACROS, encoding="utf-8")
        home = Path(tempfile.mkdtemp(dir=self.folder))
        return Splunk(App(self.folder / "app"), home, 2).search(text, events)

    def test_search_terms_ignore_case_and_match_any_value(self) -> None:
        """All of several terms have to match; malformed terms are refused."""
        events: list[Event] = [{"a": ["WWW.x"], "b": ["1"]}, {"a": ["x", "www.y"]}, {"b": ["1"]}]
        self.assertEqual(self.search("a=www.*", events), events[:2])
        self.assertEqual(self.search('search a="*.x" b=1', events), events[:1])
        self.assertEqual(self.search("NOT a=www.* OR (b=1 a=*)", events), [events[0], events[2]])
        for broken in ("a=1 OR", "(a=1", "a=1)", 'a="1'):
            with self.subTest(broken=broken), self.assertRaises(SearchError):
                self.search(broken, events)

    def test_eval_of_null_removes_the_field(self) -> None:
        """Functions, texts and copies set one."""
        event = {"a": ["xy", "xy"], "b": ["1"]}
        (found,) = self.search("a=* | eval a=mvdedup(a) | eval n=len(a)", [event])
        self.assertEqual(found, {"a": ["xy"], "b": ["1"], "n": ["2"]})
        (found,) = self.search('a=* | eval a="t|u" | eval c=b | eval b=none', [event])
        self.assertEqual(found, {"a": ["t|u"], "c": ["1"]})

    def test_macros_with_arguments_are_nested(self) -> None:
        """One macro calls another."""
        self.assertEqual(self.search("a=* | `twice(a, b)`", [{"a": ["1"]}]), [{"a": ["1"], "b": ["1"]}])

    def test_a_macro_checks_its_arguments_before_they_are_used(self) -> None:
        """Quotes around an argument are removed first."""
        self.assertEqual(self.search('a=* | `checked("x")`', [{"a": ["1"]}]), [{"a": ["x"]}])
        for hostile in ('x" | delete "', "x y", ""):
            with self.subTest(argument=hostile), self.assertRaisesRegex(SearchError, "the name is malformed"):
                self.search(f'a=* | `checked("{hostile}")`', [])

    def test_stats_groups_by_each_value(self) -> None:
        """Events without the by-field are left out, words among numbers too; the deviation of one number is 0."""
        events: list[Event] = [
            {"k": ["p"], "n": ["1"]}, {"k": ["p", "q"], "n": ["2"]}, {"n": ["9"]},
            {"k": ["p"], "n": ["None"]}, {"k": ["r"]},
        ]  # fmt: skip
        self.assertEqual(
            self.search("| search n=* | stats count avg(n) as mean stdev(n) by k | sort - count", events),
            [
                {"k": ["p"], "count": ["3"], "mean": ["1.5"], "stdev(n)": ["0.7071067811865476"]},
                {"k": ["q"], "count": ["1"], "mean": ["2"], "stdev(n)": ["0"]},
            ],
        )

    def test_arguments_are_split_as_splunkd_splits_them(self) -> None:
        """At white space outside quotes; raw arguments keep their quotes."""
        self.assertEqual(
            split_arguments(r'field="a b" "c \"d\"" x=1'),
            (["field=a b", 'c "d"', "x=1"], ['field="a b"', r'"c \"d\""', "x=1"]),
        )

    def test_settings_may_continue_on_the_next_line(self) -> None:
        """Comments are skipped; values may contain an equals sign; a stanza that appears twice is refused."""
        text = "# c\n[a]\nb = c=d \\\n  e\n[]\nf =\n"
        self.assertEqual(read_settings(text), {"a": {"b": "c=d \n  e"}, "": {"f": ""}})
        with self.assertRaises(AssertionError):
            read_settings("[a]\n[a]\n")


if __name__ == "__main__":
    unittest.main()
