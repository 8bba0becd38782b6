"""Whether the scheduler runs the app's searches, and whether the search peers have the program."""

from __future__ import annotations

import unittest

from harness import Event
from spl.run.sources import PEERS
from test_alerts import (
    DAILY, DAY, EXFILTRATION, FIRST_SEEN, LOW_AND_SLOW, OLD_DOMAINS, OUTLIER, TODAY, WATCHLIST, AlertTest,
)  # fmt: skip


def run(search: str, ago: float, status: str = "success", reason: str = "", **more: str) -> Event:
    """A line of the scheduler's log."""
    fields = {
        "_time": str(TODAY - ago), "index": "_internal", "sourcetype": "scheduler", "app": "dnsentropy",
        "savedsearch_name": f"DNS Entropy - {search}", "status": status, "run_time": "1.5",
    }  # fmt: skip
    fields |= more | ({"reason": reason} if reason else {})
    return {name: [value] for name, value in fields.items()}


class Health(AlertTest):
    """The macros for the dashboard, and the report."""

    def enable(self, *names: str) -> None:
        """Enable searches, as an administrator does."""
        local = self.server.app.root / "local"
        local.mkdir()
        text = "".join(f"[DNS Entropy - {name}]\ndisabled = 0\n" for name in names)
        (local / "savedsearches.conf").write_text(text, encoding="utf-8")

    def health(self, events: list[Event]) -> dict[str, dict[str, str]]:
        """The rows of the macro by the search's name."""
        rows = self.server.search("| `dnsentropy_search_health`", events, self.at(TODAY))
        found = [{name: values[0] for name, values in row.items()} for row in rows]
        return {row.pop("Search").removeprefix("DNS Entropy - "): row for row in found}

    def test_a_search_that_did_not_run_in_its_period_is_reported(self) -> None:
        """Skipped, failed, late or never started; a disabled one and one that runs are not."""
        self.enable(EXFILTRATION, FIRST_SEEN, OUTLIER, LOW_AND_SLOW, DAILY, OLD_DOMAINS, WATCHLIST)
        full = "The maximum number of concurrent running jobs has been reached"
        events = [
            *(run(EXFILTRATION, 3_600 * hour + 60) for hour in range(24)),
            run(FIRST_SEEN, 60), run(FIRST_SEEN, 3_660, "skipped", full), run(FIRST_SEEN, 7_260, "deferred"),
            run(OUTLIER, 60), run(OUTLIER, 3_660, "delegated_remote_error", "Search head went away"),
            run(WATCHLIST, 4 * 3_600), run(WATCHLIST, 3_600, "continued", full),
            run(DAILY, 20 * 3_600), run(OLD_DOMAINS, 6 * DAY),
            run("Baseline of Hosts - Lookup Gen", 60, "skipped"),
        ]  # fmt: skip
        found = self.health(events)
        self.assertEqual({name: row["State"] for name, row in found.items()}, {
            EXFILTRATION: "ok", FIRST_SEEN: "skipped", OUTLIER: "failed", LOW_AND_SLOW: "never ran", DAILY: "ok",
            OLD_DOMAINS: "ok", WATCHLIST: "late",
        })  # fmt: skip
        self.assertEqual(found[FIRST_SEEN], {
            "Runs": "1", "Skipped": "1", "Failed": "0", "State": "skipped", "Last": "2024-10-03 23:59",
            "Reason": f"2024-10-03 22:59 skipped: {full}",
        })  # fmt: skip
        self.assertIn("delegated_remote_error: Search head went away", found[OUTLIER]["Reason"])
        self.assertEqual((found[LOW_AND_SLOW]["Runs"], "Last" in found[LOW_AND_SLOW]), ("0", False))
        self.assertEqual(found[WATCHLIST]["Reason"], f"2024-10-03 23:00 continued: {full}")
        report = self.saved("Search Health", events)
        self.assertEqual(len(report), 4)
        self.assertNotIn("ok", {row["State"][0] for row in report})

    def test_a_run_with_an_error_is_reported_and_a_member_of_a_cluster_counts(self) -> None:
        """The log says success or completed and errmsg; a captain logs how the run on a member ended."""
        self.enable(EXFILTRATION, FIRST_SEEN, OUTLIER)
        broken = "Error in 'dnsexfil' command: cannot start"
        ended = "delegated_remote_completion"
        found = self.health([
            run(EXFILTRATION, 61, "delegated_remote"), run(EXFILTRATION, 60, "completed", errmsg=""),
            run(EXFILTRATION, 59, ended, success="1"),
            run(FIRST_SEEN, 60, errmsg=broken), run(OUTLIER, 60), run(OUTLIER, 59, ended, success="0"),
        ])  # fmt: skip
        states = {EXFILTRATION: "ok", FIRST_SEEN: "failed", OUTLIER: "failed"}
        self.assertEqual({name: row["State"] for name, row in found.items()}, states)
        self.assertEqual(found[EXFILTRATION]["Runs"], "1")
        self.assertEqual(found[FIRST_SEEN]["Reason"], f"2024-10-03 23:59 success: {broken}")

    def test_nothing_is_reported_before_a_search_is_enabled(self) -> None:
        """The log of a search that is disabled now does not matter."""
        self.assertEqual(self.health([run(EXFILTRATION, 60, "skipped")]), {})

    def test_peers_that_do_not_answer_are_listed(self) -> None:
        """With their version and state, and the search head among them."""
        self.server.endpoints[PEERS] = [
            {"title": [f"{name}:8089"], "peerName": [name], "status": [status], "version": ["9.4.1"]}
            for name, status in (("idx1", "Up"), ("idx2", "Down"), ("idx3", "Up"))
        ]
        line = {"index": ["_internal"], "sourcetype": ["splunkd"], "group": ["thruput"], "name": ["index_thruput"]}
        line |= {"_time": [str(TODAY - 60)]}
        events = [line | {"splunk_server": [name]} for name in ("idx1", "sh1", "idx1", "sh1")]
        rows = self.server.search("| `dnsentropy_peer_health`", events, self.at(TODAY))
        found = {row["Peer"][0]: [row.get(name, [""])[0] for name in ("Status", "Version", "State")] for row in rows}
        self.assertEqual((found["idx1"], found["idx2"]), (["Up", "9.4.1", "ok"], ["Down", "9.4.1", "does not answer"]))
        self.assertEqual(found["sh1"], ["this server", "", "ok"])
        self.assertEqual(found["idx3"][2].split(":")[0], "unknown")


if __name__ == "__main__":
    unittest.main()
