"""The search assistant's help and docs/commands.md name the options, choices and outputs that the program has."""

from __future__ import annotations

import contextlib
import re
import unittest
from collections.abc import Iterable
from pathlib import Path

from harness import PackageTest
from spl.splunkd.options import Options
from spl.splunkd.program import Call, CommandError, ask
from spl.splunkd.rows import Event

COMMANDS = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
URL = "http://user@www.example.com:8080/a;p?q=1#f"
# splunkd adds it on the search peers, so the search assistant does not offer it.
INTERNAL = {"dnsexfil": {"phase"}}
# The values of the search assistant's type <bool>.
BOOLEAN = {"true", "false", "t", "f", "1", "0", "yes", "no", "y", "n"}
EVENT: Event = {
    "index": ["x"], "_time": ["1"], "query": ["www.spamhaus.org"], "src": ["10.0.0.1"], "record_type": ["A"],
}  # fmt: skip


def names_in(text: str) -> list[str]:
    """`a, b or c` as a list."""
    return [name.removesuffix("=") for name in re.split(r", | or ", text)]


def options_in(syntax: str) -> dict[str, set[str]]:
    """The options of a [...-options] syntax, each with its choices, if it lists any."""
    found = re.findall(r"(\w+)=(?:\(([^)]*)\)|<([\w-]+)>)", syntax)
    written = {name: {choice.strip('"') for choice in choices.split("|") if choice} for name, choices, _ in found}
    return written | {name: BOOLEAN for name, _, kind in found if kind == "bool"}


def table(heading: str) -> list[list[str]]:
    """The cells of all tables after a heading of docs/commands.md, up to the next heading, without heads and rules."""
    text = COMMANDS.read_text(encoding="utf-8").split(f"\n### {heading}\n")[1].split("\n#")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    return [row for row in rows if row[0].startswith("`")]


def quoted(cell: str) -> list[str]:
    """The names in backticks."""
    return re.findall(r"`([^`]+)`", cell)


class SearchHelp(PackageTest):
    """searchbnf.conf and docs/commands.md against the program."""

    def refusal(self, command: str, arguments: str) -> str:
        """The error text for wrong arguments."""
        with self.assertRaises(CommandError) as caught:
            ask(Call(command, self.app.command(command), arguments), Options(), self.folder())
        return str(caught.exception)

    def allowed(self, command: str, arguments: str, reason: str) -> list[str]:
        """What the program says is allowed instead of something wrong."""
        found = re.search(rf"{reason}: (?:use )?([\w=*, ]+)", self.refusal(command, arguments))
        self.assertIsNotNone(found, f"{command} {arguments}")
        return names_in(found[1].strip()) if found else []

    def options(self, command: str) -> set[str]:
        """The options that the program names when it refuses an unknown one."""
        return set(self.allowed(command, "wrong=1", "unknown option wrong="))

    def choices(self, command: str, options: Iterable[str]) -> dict[str, set[str]]:
        """The options of a fixed set of values, as the program lists them when it refuses another value."""
        found = {}
        for name in set(options) - {"fields"}:
            with contextlib.suppress(CommandError):
                ask(Call(command, self.app.command(command), f"{name}=wrong"), Options(), self.folder())
                continue
            if f"{name}=wrong is unknown" in self.refusal(command, f"{name}=wrong"):
                found[name] = set(self.allowed(command, f"{name}=wrong", f"{name}=wrong is unknown"))
        return found

    def help(self, stanza: str, key: str) -> str:
        """A text of searchbnf.conf in one line."""
        return " ".join(self.app.settings("searchbnf.conf")[stanza][key].split())

    def test_the_options_are_those_of_the_program(self) -> None:
        """Their names and choices, in the help and in the document."""
        for command in ("dnsentropy", "dnsexfil"):
            with self.subTest(command=command):
                internal = INTERNAL.get(command, set())
                known = self.options(command)
                choices = self.choices(command, known)
                self.assertIn("list", choices)
                help_ = options_in(self.help(f"{command}-options", "syntax"))
                self.assertEqual(set(help_), known - internal)
                listed = {name: allowed for name, allowed in help_.items() if allowed}
                self.assertEqual(listed, {name: choices[name] for name in choices.keys() - internal})
                for name in known - internal:
                    self.assertIn(f'"{name}"', self.help(f"{command}-options", "description"))
                documented = {quoted(row[0])[0]: set(quoted(row[1])) for row in table(f"Options of {command}")}
                self.assertEqual(set(documented), known)
                for name, allowed in choices.items():
                    self.assertEqual(documented[name], allowed & {"true", "false"} or allowed)

    def test_the_inputs_and_functions_of_urltoolbox_are_those_of_the_program(self) -> None:
        """In the help and in the document."""
        known = self.options("urltoolbox")
        self.assertEqual(set(options_in(self.help("urltoolbox-inputs", "syntax"))), known)
        self.assertEqual({quoted(row[0])[0] for row in table("Options of urltoolbox")}, known)
        functions = set(self.allowed("urltoolbox", "wrong", "expected one function, got 'wrong'"))
        syntax = self.app.settings("searchbnf.conf")["urltoolbox-command"]["syntax"].replace("\n", "").replace(" ", "")
        listed = re.search(r"\(([\w|]+)\)", syntax)
        self.assertEqual(set(listed[1].split("|")) if listed else set(), functions)
        self.assertEqual({name for row in table("Functions of urltoolbox") for name in quoted(row[0])}, functions)

    def test_the_outputs_are_those_of_the_program(self) -> None:
        """In the help and in the document, the latter in the order of the program."""
        asked = self.allowed("dnsentropy", "mode=url fields=wrong", "fields=wrong is unknown")
        self.assertEqual(asked.pop(), "all")
        fields = [f"ut_{name}" for name in asked]
        self.assertEqual(set(self.split(URL, "query mode=url fields=all")), set(fields))
        description = self.help("dnsentropy-command", "description")
        self.assertEqual(set(re.findall(r"\but_\w+", description)), set(fields))
        self.assertEqual([quoted(row[0])[0] for row in table("Outputs of dnsentropy")], fields)

        columns = self.columns_of_dnsexfil()
        description = self.help("dnsexfil-command", "description")
        text = re.sub(r"\([^)]*\)", "", description.partition("first: ")[2].partition(". ")[0])
        listed = [name.strip() for name in re.split(r",| and ", text)]
        listed.remove("the by-fields")
        self.assertEqual(listed, columns)
        self.assertEqual([quoted(row[0])[0] for row in table("Outputs of dnsexfil")], columns)

    def columns_of_dnsexfil(self) -> list[str]:
        """The columns of the table without the by-field; a row of an allowlisted domain has all of them."""
        (row,) = self.search("index=x | dnsexfil query by src", [EVENT])
        return [name for name in row if name != "src"]

    def test_the_help_shows_at_most_three_examples(self) -> None:
        """Splunk ignores the others."""
        for name, stanza in self.app.settings("searchbnf.conf").items():
            shown = [key.removeprefix("example") for key in stanza if key.startswith("example")]
            self.assertEqual(shown, ["1", "2", "3"][: len(shown)], name)
            self.assertEqual([key.removeprefix("comment") for key in stanza if key.startswith("comment")], shown, name)


if __name__ == "__main__":
    unittest.main()
