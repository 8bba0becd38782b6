"""External lookups, `spath` and permissions in the stand-in for splunkd."""

from __future__ import annotations

import shutil
import tempfile
import unittest
from pathlib import Path

from spl import Splunk
from spl.errors import SearchError
from spl.splunkd.app import App
from spl.splunkd.lookups import LookupFault, look_up
from spl.splunkd.options import Options
from spl.splunkd.rows import Event

# A lookup that joins its inputs with `+`, and counts its starts; FAULT selects an error.
PROGRAM = r"""#!/usr/bin/env python3
import csv, pathlib, sys

FAULT = "@"
with open(pathlib.Path(__file__).parent / "starts", "a") as starts:
    starts.write(sys.argv[1] + "\n")
lines = list(csv.reader(sys.stdin))
assert lines[0] == ["a", "b", "sum"], lines
for line in lines[1:]:
    assert line[2] == ""
    line[2] = "" if line[0] == "nothing" else "+".join(line[:2])
if FAULT == "column":
    lines[0][2] = "total"
if FAULT == "missing column":
    lines = [line[:2] for line in lines]
if FAULT == "row":
    lines.pop()
if FAULT == "twice":
    lines.append(lines[-1])
if FAULT == "order":
    lines[1:] = reversed(lines[1:])
if FAULT == "short row":
    lines[-1].pop()
if FAULT == "noise":
    print("started", file=sys.stderr)
if FAULT != "silence":
    csv.writer(sys.stdout, lineterminator="\n").writerows(lines)
if FAULT == "quote":
    print('"open')
sys.exit(1 if FAULT == "status" else 0)
"""
TRANSFORMS = """
[sums]
external_cmd = sums.py add
external_type = executable
fields_list = a, b, sum

[file]
filename = file.csv

[script]
external_cmd = sums.py add
fields_list = a, b, sum

[elsewhere]
external_cmd = ../bin/sums.py add
external_type = executable
fields_list = a, b, sum
"""


class InApp(unittest.TestCase):
    """A test with an app of its own."""

    def setUp(self) -> None:
        """Make the app."""
        folder = Path(tempfile.mkdtemp(prefix="standin-test-"))
        self.addCleanup(shutil.rmtree, folder)
        self.app = App(folder / "app")
        for name, text in (("default/transforms.conf", TRANSFORMS), ("default/macros.conf", "")):
            self.write(name, text)
        self.install("")

    def write(self, name: str, text: str) -> Path:
        """Write a file of the app."""
        path = self.app.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def install(self, fault: str) -> None:
        """Install the program with this fault."""
        self.write("bin/sums.py", PROGRAM.replace("@", fault)).chmod(0o755)

    def look(self, arguments: str, events: list[Event], rows: int = 1_000) -> list[Event]:
        """The events after `lookup`."""
        return look_up(self.app, arguments, events, Options(lookup_rows=rows, timeout=5))


class Lookups(InApp):
    """The command `lookup`."""

    def test_as_renames_fields_and_output_selects_them(self) -> None:
        """Commas are optional; an input that is not given is empty."""
        event: Event = {"a": ["1"], "b": ["2"], "x": ["3"], "sum": ["old"]}
        for arguments, changed in (
            ("sums a, b", {"sum": ["1+2"]}), ("sums a AS x b as a", {"sum": ["3+1"], "b": ["2"]}),
            ("sums a", {"b": None, "sum": ["1+"]}), ("sums a OUTPUT sum", {"sum": ["1+"]}),
            ("sums a, b OUTPUT sum AS total", {"total": ["1+2"]}), ("sums a b OUTPUTNEW sum", {}),
            ("sums a b OUTPUTNEW sum AS s, a AS c", {"s": ["1+2"], "c": ["1"]}),
        ):  # fmt: skip
            with self.subTest(arguments=arguments):
                expected = {name: values for name, values in (event | changed).items() if values is not None}
                self.assertEqual(self.look(arguments, [event]), [expected])

    def test_each_combination_of_values_is_a_row(self) -> None:
        """An event without an input stays unchanged; an empty answer removes a field."""
        events: list[Event] = [
            {"a": ["1", "2", "1"], "b": ["3", "4"]}, {"a": ["1"]}, {"a": ["nothing"], "sum": ["old"]},
        ]  # fmt: skip
        both, alone, _ = self.look("sums a b OUTPUT sum", events)
        self.assertEqual(both["sum"], ["1+3", "1+4", "2+3", "2+4"])
        self.assertEqual(alone, {"a": ["1"]})
        self.assertEqual(self.look("sums a OUTPUT sum", events)[2], {"a": ["nothing"]})

    def test_distinct_values_go_in_batches(self) -> None:
        """The program starts once for each batch, and not at all without values."""
        events: list[Event] = [{"a": [str(number % 5)]} for number in range(20)]
        self.assertEqual([event["sum"] for event in self.look("sums a", events, 2)], [[f"{n % 5}+"] for n in range(20)])
        self.assertEqual(self.look("sums b", events, 2), events)
        self.assertEqual((self.app.root / "bin" / "starts").read_text(encoding="utf-8"), "add\n" * 3)

    def test_errors_of_the_program_are_noticed(self) -> None:
        """Each ends the search."""
        events: list[Event] = [{"a": ["1"]}, {"a": ["2"]}]
        for fault in (
            "column", "missing column", "row", "twice", "order", "short row", "noise", "silence", "quote", "status",
        ):  # fmt: skip
            self.install(fault)
            with self.subTest(fault=fault), self.assertRaises(LookupFault):
                self.look("sums a", events)

    def test_malformed_calls_are_refused(self) -> None:
        """Unknown lookups and fields, lookups that are not executables of the app, incomplete arguments."""
        for arguments in (
            "", "sums", "nothing a", "file a", "script a", "elsewhere a", "sums c", "sums a OUTPUT total",
            "sums a OUTPUT", "sums a AS", "local=true sums a",
        ):  # fmt: skip
            with self.subTest(arguments=arguments), self.assertRaises(SearchError):
                self.look(arguments, [{"a": ["1"]}])

    def test_a_program_must_be_executable_and_in_bin(self) -> None:
        """The folder of a platform is not searched for lookups."""
        program = self.app.root / "bin" / "sums.py"
        program.chmod(0o644)
        with self.assertRaises(SearchError):
            self.look("sums a", [])
        (self.app.root / "linux_x86_64" / "bin").mkdir(parents=True)
        program.chmod(0o755)
        program.rename(self.app.root / "linux_x86_64" / "bin" / "sums.py")
        with self.assertRaises(SearchError):
            self.look("sums a", [])

    def test_peers_run_lookups_themselves(self) -> None:
        """Each of two peers has the program in its own copy of the app."""
        splunk = Splunk(self.app, self.app.root.parent, 2)
        (self.app.root / "bin" / "sums.py").unlink()
        found = splunk.search("a=* | lookup sums a | fields sum", [{"a": ["1"]}, {"a": ["2"]}])
        self.assertEqual(found, [{"sum": ["1+"]}, {"sum": ["2+"]}])


class Spath(InApp):
    """The command `spath`."""

    def test_members_become_fields(self) -> None:
        """Numbers stay as they are written; other JSON adds nothing."""
        for text, fields in (
            ('{"b": "x", "c": 1.50}', {"b": ["x"], "c": ["1.50"]}),
            ('{"b": "caf\\u00e9 \\ud83d\\udca5"}', {"b": ["café 💥"]}),
            ("{}", {}), ("None", {}), ("80", {}), ("[1]", {}),
        ):  # fmt: skip
            event: Event = {"a": [text], "b": ["old"]}
            self.assertEqual(Splunk(self.app, self.app.root).search("a=* | spath input=a", [event]), [event | fields])

    def test_unsupported_input_is_refused(self) -> None:
        """Nested objects, several values, other arguments."""
        for search, values in (
            ("spath input=a", ['{"b": {"c": 1}}']), ("spath input=a", ["{}", "{}"]), ("spath a", ["{}"]),
        ):  # fmt: skip
            with self.assertRaises(SearchError):
                Splunk(self.app, self.app.root).search(f"a=* | {search}", [{"a": values}])


class Metadata(InApp):
    """Permissions."""

    def test_local_settings_and_specific_stanzas_win(self) -> None:
        """Settings of a stanza are merged one by one; `[]` is the least specific stanza."""
        objects = (("macros", "m(1)"), ("macros", "n"), ("views", "v"))
        default = "[]\nexport = none\naccess = x\n[macros/m%281%29]\nexport = system\n[views]\nexport = none\n"
        local = "[]\nexport = system\n[macros/m%281%29]\nexport = none\n"
        for name, text, expected in (
            ("none", "", [False, False, False]), ("default", default, [True, False, False]),
            ("local", local, [False, True, False]),
        ):  # fmt: skip
            self.write(f"metadata/{name}.meta", text)
            self.assertEqual([self.app.is_exported(*found) for found in objects], expected)
        self.assertEqual(self.app.metadata()[""], {"export": "system", "access": "x"})


if __name__ == "__main__":
    unittest.main()
