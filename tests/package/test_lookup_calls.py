"""The program of the lookups, called as splunkd calls it, and called wrongly."""

from __future__ import annotations

import csv
import io
import subprocess
import unittest
from pathlib import Path

from harness import PackageTest, entropy
from spl.splunkd.options import Options

LOOKUPS = (
    "ut_parse_extended_lookup", "ut_parse_simple_lookup", "ut_shannon_lookup", "ut_meaning_lookup",
    "ut_bayesian_lookup", "ut_countset_lookup", "ut_suites_lookup", "ut_levenshtein_lookup",
)  # fmt: skip
NEEDED = {
    "ut_parse_extended": ["url"], "ut_parse_simple": ["url"], "ut_shannon": ["word"], "ut_meaning": ["word"],
    "ut_bayesian": ["word"], "ut_countset": ["word", "set"], "ut_suites": ["word"],
    "ut_levenshtein": ["word1", "word2"],
}  # fmt: skip


class Call(PackageTest):
    """A test that starts the program itself."""

    def call(self, arguments: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
        """Start the program in a folder other than its own."""
        program = Path(self.app.external_lookup("ut_shannon_lookup")[0][0])
        return subprocess.run([program, *arguments], input=data, capture_output=True, timeout=20, cwd="/", check=False)

    def refused(self, arguments: list[str], data: bytes) -> str:
        """The error message of a call that the program refuses without any output."""
        ended = self.call(arguments, data)
        self.assertNotEqual(ended.returncode, 0)
        self.assertEqual(ended.stdout, b"")
        message = ended.stderr.decode("utf-8")
        self.assertNotIn("panicked", message)
        return message

    def answer(self, function: str, lines: list[list[str]]) -> list[list[str]]:
        """The lines of the reply to these lines."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        ended = self.call(["lookup", function], text.getvalue().encode())
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))
        return list(csv.reader(io.StringIO(ended.stdout.decode(), newline=""), strict=True))


class BrokenCalls(Call):
    """A wrong call gets an error that names the fault."""

    def test_a_missing_column_is_named(self) -> None:
        """The error names the column and the function."""
        for function, needed in NEEDED.items():
            for column in needed:
                header = ",".join([name for name in needed if name != column] + ["other", function])
                with self.subTest(function=function, column=column):
                    message = self.refused(["lookup", function], f"{header}\n".encode())
                    self.assertIn(f"'{column}'", message)
                    self.assertIn(function, message)

    def test_an_empty_input_is_refused(self) -> None:
        """The error names the expected columns."""
        for function, needed in NEEDED.items():
            message = self.refused(["lookup", function], b"")
            self.assertIn("standard input is empty", message)
            for part in (function, *needed):
                self.assertIn(part, message)

    def test_an_unknown_function_is_named(self) -> None:
        """The error also lists the known functions; a call without a function is refused too."""
        message = self.refused(["lookup", "ut_colour"], b"word,ut_colour\na,\n")
        for part in ("ut_colour", *NEEDED):
            self.assertIn(part, message)
        self.assertTrue(self.refused(["lookup"], b"word,ut_shannon\na,\n"))
        self.assertIn("more", self.refused(["lookup", "ut_shannon", "more"], b"word,ut_shannon\na,\n"))


class Rows(Call):
    """The replies to rows of every kind."""

    def test_rows_come_back_in_their_order_and_number(self) -> None:
        """Equal and empty rows too; the inputs are returned unchanged."""
        words = ["ab", "", "ab", "ba", "a\nb", '"', ","] * 500
        answer = self.answer("ut_shannon", [["word", "ut_shannon"], *([word, ""] for word in words)])
        self.assertEqual(answer[0], ["word", "ut_shannon"])
        # assertEqual would take minutes to compare thousands of words.
        self.assertTrue([line[0] for line in answer[1:]] == words)
        for word, result in answer[1:]:
            self.assertAlmostEqual(float(result), entropy(word), delta=1e-9)

    def test_columns_may_come_in_any_order_beside_others(self) -> None:
        """A column that is not an output keeps its cells; an output without a column is left out."""
        lines = [["ut_domain", "mine", "list", "url"], ["", "kept", "mozilla", "a.example.co.uk"]]
        self.assertEqual(
            self.answer("ut_parse_extended", lines), [lines[0], ["example.co.uk", "kept", "mozilla", "a.example.co.uk"]]
        )

    def test_a_header_alone_is_returned(self) -> None:
        """Without rows, the reply is the header."""
        for name in LOOKUPS:
            argv, columns = self.app.external_lookup(name)
            self.assertEqual(self.answer(argv[-1], [columns]), [columns])

    def test_a_row_of_another_length_is_not_answered(self) -> None:
        """It is returned in its place without an answer."""
        lines = [["word", "ut_shannon"], ["ab", ""], ["ab"], ["ab", "", "x"], ["abcd", ""]]
        answer = self.answer("ut_shannon", lines)
        self.assertEqual([line[0] for line in answer[1:]], ["ab", "ab", "ab", "abcd"])
        self.assertEqual([line[1] for line in answer[1:]], ["1.0", "", "", "2.0"])

    def test_a_cell_of_ten_megabytes_is_answered(self) -> None:
        """By every lookup, within 20 seconds."""
        digits = "0123456789" * 1_000_000
        event = {"index": ["x"], "word": [digits], "url": [digits + ".example.com"], "letter": ["a"]}
        expected = {
            "ut_parse_extended_lookup": ("url", {"ut_domain": "example.com", "ut_subdomain": digits}),
            "ut_parse_simple_lookup": ("url", {"ut_netloc": digits + ".example.com"}),
            "ut_shannon_lookup": ("word", {"ut_shannon": "3.321928094887362"}),
            "ut_meaning_lookup": ("word", {}),
            "ut_bayesian_lookup": ("word", {}),
            "ut_countset_lookup": ("word, set AS letter", {"ut_countset": '{"ut_countset": {"61": 0, "sum": 0}}'}),
            "ut_suites_lookup": ("word, sets AS digits", {"ut_suites": '{"ut_max_suite_digits": 10000000}'}),
            "ut_levenshtein_lookup": ("word1 AS word, word2 AS letter", {"ut_levenshtein": "10000000"}),
        }
        for name in LOOKUPS:
            inputs, outputs = expected[name]
            with self.subTest(lookup=name):
                events = [event | {"digits": ["@digits@"]}, {"index": ["x"], "word": ["a"], "url": ["a"]}]
                after, _ = self.search(f"index=x | lookup {name} {inputs}", events, options=Options(timeout=20))
                self.assertGreater(len(after), len(events[0]))
                for field, value in outputs.items():
                    # assertEqual would print the megabytes.
                    self.assertTrue(after[field] == [value], f"{field}: {after[field][0][:40]}")


if __name__ == "__main__":
    unittest.main()
