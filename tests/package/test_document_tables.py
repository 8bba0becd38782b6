"""What the documents show of results and sizes is what the packaged program returns."""

from __future__ import annotations

import re
import subprocess
import unittest

from harness import ROOT, PackageTest

NAME = "0DsAAHNIclYsFcDN.x.Evil.co.uk"
URL = "http://user@www.example.com:8080/a;p?q=1#f"
RANKING = "index=botsv2 sourcetype=stream:dns message_type=QUERY | dnsexfil query by src dest"


def read(document: str) -> str:
    """The text of a document."""
    return (ROOT / document).read_text(encoding="utf-8")


def tables(text: str) -> list[list[dict[str, str]]]:
    """The tables of a Markdown text: rows by column."""
    found = []
    for block in re.findall(r"(?m)(?:^\|.*\|\n)+", text):
        header, _, *rows = [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in block.splitlines()]
        found.append([dict(zip(header, row, strict=True)) for row in rows])
    return found


def section(document: str, heading: str) -> str:
    """The text after a heading, up to the next one."""
    return read(document).split(f"# {heading}\n")[1].split("\n#")[0]


class Tables(PackageTest):
    """The tables of the documents."""

    def test_the_ranking_in_the_readme_is_that_of_the_sample(self) -> None:
        """Its first rows, in the columns that it shows; of several reasons the first."""
        shown = next(table for table in tables(read("README.md")) if "reasons" in table[0])
        rows = self.search(RANKING, self.sample)
        self.assertGreater(len(shown), 2)
        self.assertEqual(shown, [{name: row[name][0] for name in shown[0]} for row in rows[: len(shown)]])

    def test_the_hunt_in_the_readme_is_what_the_program_prints(self) -> None:
        """Line by line."""
        (line,) = (line for line in read("README.md").splitlines() if line.startswith("    cargo run"))
        arguments = line.partition(" -- ")[2].split()
        program = self.app.root / "bin" / "dnsentropy.sh"
        printed = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        shown = re.findall(r"(?m)^    (\|.*\|)$", read("README.md"))
        self.assertEqual(len(shown), 3)
        for line in shown:
            self.assertIn(line, printed.splitlines())

    def test_the_outputs_of_dnsentropy_are_documented_with_their_values(self) -> None:
        """All that the program returns, in order; of URLs what a name does not have."""
        of_name, of_url = tables(section("docs/commands.md", "Outputs of dnsentropy"))
        shown = {row["output"].strip("`"): row["example"].strip("`") for row in of_name}
        self.assertEqual(shown, self.split(NAME, "query fields=all"))
        asked = [row["output"].strip("`").removeprefix("ut_") for row in of_name if "on request" in row["meaning"]]
        self.assertEqual(set(shown) - set(self.split(NAME)), {f"ut_{name}" for name in asked})
        shown = {row["output"].strip("`"): row["example"].strip("`") for row in of_url}
        of_both = self.split(URL, "query mode=url")
        self.assertEqual(shown, {name: of_both[name] for name in of_both if name not in self.split("www.example.com")})

    def test_the_outputs_of_dnsexfil_are_documented_with_their_values(self) -> None:
        """Those of the sample's first row, and the reason of an allowlisted domain."""
        (table,) = tables(section("docs/commands.md", "Outputs of dnsexfil"))
        rows = self.search(f"{RANKING} samples=1", self.sample)
        first = {name: values[0] for name, values in rows[0].items() if name not in ("src", "dest")}
        shown = {row["output"].strip("`"): row["example"].strip("`") for row in table}
        self.assertEqual(shown.pop("allowlisted"), "absent")
        self.assertEqual(shown, first)
        self.assertTrue(any("allowlisted" in row for row in rows))

    def test_the_alerts_are_documented_as_they_are_set(self) -> None:
        """Their names, how often they run, and for what and how long repeats are suppressed."""
        saved = self.app.settings("savedsearches.conf")
        first, compares, runs, suppresses = "DNS Entropy - ... - Rule", "compares with", "runs", "suppresses repeats for"
        (table,) = tables(section("docs/hunting.md", "The alerts"))[:1]
        alerts = {name for name, stanza in saved.items() if stanza.get("action.correlationsearch.enabled") == "1"}
        self.assertEqual({first.replace("...", row[first]) for row in table}, alerts)
        for row in table:
            with self.subTest(alert=row[first]):
                stanza = saved[first.replace("...", row[first])]
                by = stanza["alert.suppress.fields"].replace("src", "client").replace("ut_domain", "domain")
                period = re.sub(r"(\d+)(\w)", r"\1 \2", stanza["alert.suppress.period"])
                self.assertEqual(row[suppresses], f"{by.replace(',', ' and ')}, {period}")
                self.assertEqual(row[runs], "hourly" if stanza["cron_schedule"].endswith(" * * * *") else "daily")
                self.assertEqual(row[compares] != "nothing", "Requires the search" in stanza["description"])

    def test_the_size_for_admins_is_that_of_the_package(self) -> None:
        """What the knowledge bundle carries, rounded as the text rounds it. Of lookups it carries only what users write."""
        (size,) = re.findall(r"`bin/`, about ([\d.]+) MB", read("docs/admin.md"))
        files = (path for path in (self.app.root / "bin").rglob("*") if path.is_file())
        megabytes = sum(path.stat().st_size for path in files) / 1e6
        self.assertEqual(f"{megabytes:.{len(size.partition('.')[2])}f}", size)
        self.assertFalse((self.app.root / "lookups").exists())


if __name__ == "__main__":
    unittest.main()
