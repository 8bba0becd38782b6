"""The macros that mute and unmute domains, and what the program makes of the file that they write."""

from __future__ import annotations

import unittest
from pathlib import Path

import test_alerts as alerts
from spl.errors import SearchError
from spl.splunkd.rows import Event

RANKING = "search index=dns | dnsexfil query by src | table ut_domain src score allowlisted"
COLUMNS = "domain,reason,src,expires"
CLIENTS = ("10.0.3.3", "10.0.4.4")


class Mutes(alerts.AlertTest):
    """Each on a server of its own."""

    @property
    def file(self) -> Path:
        """The file of the users' mutes."""
        return self.server.app.root / "lookups" / "dnsentropy_allowlist_local.csv"

    def write(self, text: str) -> None:
        """Write the file as a user does."""
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(text, encoding="utf-8")

    def lines(self) -> list[str]:
        """The lines of the file."""
        return self.file.read_text(encoding="utf-8").splitlines()

    def run_macro(self, call: str) -> list[Event]:
        """The results of a macro."""
        return self.server.search(f"| `{call}`", [], self.at(alerts.TODAY))

    def mute(self, *arguments: str) -> Event:
        """Mute; returns the one row of the results."""
        quoted = ", ".join(f'"{argument}"' for argument in arguments)
        (row,) = self.run_macro(f"dnsentropy_mute({quoted})")
        return row

    def muted(self) -> dict[str, str]:
        """The reason for each client whose domain is muted."""
        events = [
            alerts.query(alerts.TODAY - n, alerts.encoded(n), src) for n in range(1, 40) for src in CLIENTS
        ]
        rows = self.server.search(RANKING, events, self.at(alerts.TODAY))
        self.assertEqual(len(rows), len(CLIENTS))
        return {row["src"][0]: row["allowlisted"][0] for row in rows if "allowlisted" in row}

    def test_a_mute_is_about_all_clients_or_some(self) -> None:
        """With or without a file from before; quotes are not stored."""
        olds = ("", "\n", "domain,reason\nold.example,old\n", f"{COLUMNS}\nold.example,old,,\n")
        for old in olds:
            with self.subTest(old=old):
                self.write(old) if old else self.file.unlink(missing_ok=True)
                self.assertNotIn("problem", self.mute("slowfarm.example", "a test, really", "10.0.3.0/24"))
                self.assertEqual(self.muted(), {CLIENTS[0]: "a test, really"})
                self.mute("*.slowfarm.example", "all of them")
                self.assertEqual(set(self.muted()), set(CLIENTS))
                self.assertEqual(self.lines()[0], COLUMNS)
                self.assertEqual(len(self.lines()), 3 + ("old.example" in old))
                self.assertEqual(sum("old.example,old" in line for line in self.lines()), int("old.example" in old))

    def test_a_column_of_the_users_own_survives(self) -> None:
        """Also where the other columns are added."""
        self.write("domain,reason,ticket\nold.example,old,4711\n")
        self.mute("slowfarm.example", "test")
        self.mute("other.example", "test", "10.0.0.1")
        self.assertEqual(sum("4711" in line for line in self.lines()), 1)
        self.assertEqual(set(self.muted()), set(CLIENTS))

    def test_a_mute_can_end(self) -> None:
        """A date, a time, or a time from now."""
        for expires, stored in (
            ("+30d", "2024-11-03T00:00:00+0000"), ("2099-01-31", "2099-01-31"), ("4070908800", "4070908800"),
            ("2099-01-31 18:00", "2099-01-31 18:00"), ("", ""), ("2001-01-31", "2001-01-31"),
        ):  # fmt: skip
            with self.subTest(expires=expires):
                self.file.unlink(missing_ok=True)
                self.mute("slowfarm.example", "test", "", expires)
                self.assertEqual(self.lines()[1].split(",")[-1], stored)
                # The program reads its own clock.
                self.assertEqual(bool(self.muted()), not stored.startswith("20") or stored.startswith("2099"))

    def test_what_cannot_be_muted_is_not_written(self) -> None:
        """The result says what is allowed."""
        self.mute("first.example", "test")
        before = self.lines()
        for arguments, problem in (
            (("*", "all"), "covers every domain"), (("*.*", "all"), "covers every domain"), (("", ""), "covers every"),
            (("a b.example", "x"), "no domain has"), (("a;b", "x"), "no domain has"),
            (("a.example", "x", "10.0.0.1&"), "src is not valid"),
            (("a.example", "x", "", "soon"), "expires is not valid"),
            (("a.example", "x", "", "-3d"), "expires is not valid"),
        ):  # fmt: skip
            with self.subTest(arguments=arguments):
                self.assertIn(problem, self.mute(*arguments)["problem"][0])
                self.assertEqual(self.lines(), before)

    def test_what_could_leave_its_quotes_is_refused(self) -> None:
        """Before it becomes a part of the search."""
        self.mute("first.example", "test")
        before = self.lines()
        for text in ("a|b", "a[b]", "a$b$", "a\nb", "a\n"):
            for arguments in ((text, "x"), ("a.example", text), ("a.example", "x", text), ("a.example", "x", "", text)):
                with self.subTest(arguments=arguments), self.assertRaisesRegex(SearchError, "malformed"):
                    self.mute(*arguments)
                self.assertEqual(self.lines(), before)

    def test_a_file_that_splunk_cannot_read_stays(self) -> None:
        """The program reads such a file, but Splunk would write columns that the program takes for those of the file."""
        for text in ("Domain,Reason\nold.example,old\n", "domain;reason\nold.example;old\n"):
            with self.subTest(text=text):
                self.write(text)
                self.assertIn("has other columns", self.mute("slowfarm.example", "test")["problem"][0])
                self.assertEqual(self.file.read_text(encoding="utf-8"), text)
                self.run_macro('dnsentropy_unmute("old.example")')
                self.assertIn("old", self.file.read_text(encoding="utf-8"))

    def test_usual_spellings_are_accepted(self) -> None:
        """The program reads them all."""
        for domain in (".slowfarm.example", "SLOWFARM.example.", "https://slowfarm.example/x", " slowfarm.example ", "\\115lowfarm.example"):
            with self.subTest(domain=domain):
                self.file.unlink(missing_ok=True)
                self.assertNotIn("problem", self.mute(domain, "test"))
                self.assertEqual(set(self.muted()), set(CLIENTS))

    def test_unmuting_removes_a_domain(self) -> None:
        """The last one leaves the columns."""
        self.mute("slowfarm.example", "test", "10.0.3.3")
        self.mute("other.example", "test")
        self.run_macro('dnsentropy_unmute("Other.example")')
        self.assertEqual(len(self.lines()), 2)
        self.run_macro('dnsentropy_unmute("slowfarm.example")')
        self.assertEqual((self.lines()[0], self.muted()), (COLUMNS, {}))
        self.mute("slowfarm.example", "test", "10.0.4.4")
        self.assertEqual(self.muted(), {CLIENTS[1]: "test"})

    def test_unmuting_without_a_file_fails(self) -> None:
        """It never writes what it could not read."""
        with self.assertRaises(SearchError):
            self.run_macro('dnsentropy_unmute("slowfarm.example")')
        self.assertFalse(self.file.exists())

    def test_the_list_of_mutes_has_the_apps_and_the_users(self) -> None:
        """Without a file, the app's."""
        builtin = self.run_macro("dnsentropy_mutes")
        self.assertEqual({row["list"][0] for row in builtin}, {"app"})
        self.mute("slowfarm.example", "test", "10.0.3.3", "2099-01-31")
        self.assertEqual(self.run_macro("dnsentropy_mutes")[:-1], builtin)
        row = {"domain": "slowfarm.example", "reason": "test", "src": "10.0.3.3", "expires": "2099-01-31", "list": "local"}
        self.assertEqual(self.run_macro("dnsentropy_mutes")[-1], {name: [value] for name, value in row.items()})


if __name__ == "__main__":
    unittest.main()
