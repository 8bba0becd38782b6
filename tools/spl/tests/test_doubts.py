"""Each reading of what Splunk does reaches a command, and shows the faults of one that relies on another reading."""

from __future__ import annotations

import json
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import Any

from spl import Splunk
from spl.check.fields import Fields
from spl.check.lookups import Lookups
from spl.check.walk import Check
from spl.errors import SearchError
from spl.run.peers import arrive, shares
from spl.splunkd.app import App
from spl.splunkd.conversation import ProtocolError
from spl.splunkd.options import Options
from spl.splunkd.program import CommandError
from spl.splunkd.rows import Event
from spl.splunkd.words import has_doubt, split_arguments

# A program with several commands; the first argument is the command, the others are its faults.
PROGRAM = r"""#!/usr/bin/env -S python3 -IS
import csv, io, json, re, sys

NAME, *FAULTS = sys.argv[1:]
READS = []

def read():
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit()
    lengths = re.fullmatch(rb"chunked 1\.0, *(\d+), *(\d+)\r?\n", line).groups()
    head, body = (sys.stdin.buffer.read(int(n)) for n in lengths)
    head = json.loads(head)
    if head["action"] == "getinfo":
        del head["searchinfo"]["session_key"]
        READS.append(json.dumps({"line": repr(line), **head}))
        return None
    return head["finished"], list(csv.DictReader(io.StringIO(body.decode())))

def write(head, rows=()):
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    data = json.dumps(head).encode(), out.getvalue().encode()
    sys.stdout.buffer.write(b"chunked 1.0,%d,%d\n" % (len(data[0]), len(data[1])) + b"".join(data))
    sys.stdout.buffer.flush()

def ask(reply):
    '''Answers getinfo until a chunk comes.'''
    read()
    while True:
        words = json.loads(READS[-1])["searchinfo"]["args"]
        write(reply(words) if callable(reply) else reply)
        if (chunk := read()) is not None:
            return words, chunk

def heard():
    '''Makes a row for each getinfo.'''
    _, (finished, _) = ask({"type": "streaming" if "streaming" in FAULTS else "stateful", "generating": True})
    write({"finished": finished if "unfinished" in FAULTS else True}, [{"heard": text} for text in READS])
    if "lingering" in FAULTS:
        sys.stdin.read()

def sums():
    '''Adds up n; the map phase adds up each chunk.'''
    words, chunk = ask(lambda words: {} if "phase=map" in words else {"type": "reporting", "streaming_preop": "sums phase=map"})
    total, maps = 0, "phase=map" in words
    while True:
        finished, rows = chunk
        for row in rows:
            total += int(row.get("partial") or (row.get("n") if "trusting" not in FAULTS or maps else "") or 0)
        if maps:
            done, total = [{"partial": total}] if rows else [], 0
        else:
            done = [{"total": total}] if finished else []
        warned = {"inspector": {"messages": [["WARN", "it is late"]]}} if finished and "warning" in FAULTS else {}
        write({"finished": finished, **warned}, done)
        if finished:
            return
        chunk = read()

def fails():
    '''Refuses what it gets, or crashes.'''
    ask({})
    if "crash" in FAULTS:
        sys.exit(3)
    write({"finished": True, "error": "n is wrong: use a number"})
    read()

{"heard": heard, "sums": sums, "fails": fails}[NAME]()
"""
EVENTS: list[Event] = [{"n": [str(n)], "even" if n % 2 == 0 else "odd": ["yes"]} for n in range(12)]


class DoubtTest(unittest.TestCase):
    """A test with an app whose commands are those of PROGRAM."""

    def setUp(self) -> None:
        """Make a folder for the app and its servers."""
        self.folder = Path(tempfile.mkdtemp(prefix="doubts-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def app(self, *faults: str, name: str = "app") -> App:
        """An app, whose commands have these faults."""
        root = self.folder / name
        for part in ("bin", "default"):
            (root / part).mkdir(parents=True)
        program = root / "bin" / "program"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        more = "".join(f"command.arg.{number} = {fault}\n" for number, fault in enumerate(faults, 2))
        stanzas = (f"[{name}]\nchunked = true\nfilename = program\ncommand.arg.1 = {name}\n{more}\n"
                   for name in ("heard", "sums", "fails"))  # fmt: skip
        (root / "default" / "commands.conf").write_text("".join(stanzas))
        return App(root)

    def splunk(self, app: App, peers: int = 0, **options: Any) -> Splunk:
        """A server with this reading."""
        return Splunk(app, Path(tempfile.mkdtemp(dir=self.folder)), peers, Options(timeout=5, **options))


class Words(unittest.TestCase):
    """The arguments of a command."""

    def test_a_capture_of_splunk_is_split_as_there(self) -> None:
        """Blanks round an equals sign make words; quotes round a name vanish."""
        args, raw = ["a=one", "b", "=", "two", "c=three"], ["a=one", "b", "=", '"two"', '"c"="three"']
        for commas in ("kept", "stripped"):
            self.assertEqual(split_arguments('a=one b = "two" "c"="three"', commas), (args, raw))

    def test_commas_outside_quotes_are_kept_or_act_as_blanks(self) -> None:
        """Single quotes do not protect them."""
        for text, kept, stripped in (
            ("fields=a,b", ["fields=a,b"], ["fields=a", "b"]),
            ("fields=a, b", ["fields=a,", "b"], ["fields=a", "b"]),
            ("a , b", ["a", ",", "b"], ["a", "b"]),
            ('fields="a,b",c', ['fields="a,b",c'], ['fields="a,b"', "c"]),
            ("'a,b'", ["'a,b'"], ["'a", "b'"]),
            ("fields=,a", ["fields=,a"], ["fields=", "a"]),
        ):
            with self.subTest(text=text):
                self.assertEqual(split_arguments(text, "kept")[1], kept)
                self.assertEqual(split_arguments(text, "stripped")[1], stripped)

    def test_only_commas_outside_quotes_are_in_doubt(self) -> None:
        self.assertTrue(has_doubt("a,b"))
        self.assertFalse(has_doubt('fields="a,b" c'))


class Getinfo(DoubtTest):
    """The message that starts a conversation."""

    def heard(self, arguments: str = "", **options: Any) -> list[dict[str, Any]]:
        """The getinfo messages that a command gets, with their header lines."""
        app = App(self.folder / "app") if (self.folder / "app").exists() else self.app()
        return [json.loads(row["heard"][0]) for row in self.splunk(app, **options).search(f"| heard {arguments}", [])]

    def test_words_arrive_in_each_reading(self) -> None:
        (plain,) = self.heard("x=a, b")
        self.assertEqual((plain["searchinfo"]["args"], plain["searchinfo"]["raw_args"]), (["x=a,", "b"],) * 2)
        (stripped,) = self.heard("x=a, b", commas="stripped")
        self.assertEqual((stripped["searchinfo"]["args"], stripped["searchinfo"]["raw_args"]), (["x=a", "b"],) * 2)
        (unquoted,) = self.heard('"x y"', raw_args=False)
        self.assertEqual(unquoted["searchinfo"]["args"], ["x y"])
        self.assertNotIn("raw_args", unquoted["searchinfo"])

    def test_it_can_come_twice_and_differ(self) -> None:
        """With a preview, a restart, no number of rows, blanks in the header, and in small pieces."""
        self.assertEqual(len(self.heard(getinfos=2)), 2)
        (plain,) = self.heard()
        self.assertEqual((plain["preview"], plain["streaming_command_will_restart"]), (False, False))
        self.assertEqual(plain["searchinfo"]["maxresultrows"], 50_000)
        (other,) = self.heard(preview=True, will_restart=True, maxresultrows="0", header="spaced", piece=7)
        self.assertEqual((other["preview"], other["streaming_command_will_restart"]), (True, True))
        self.assertEqual(other["searchinfo"]["maxresultrows"], 0)
        self.assertRegex(other["line"], r"^b'chunked 1\.0, \d+, 0\\r\\n'$")
        (missing,) = self.heard(maxresultrows="missing")
        self.assertNotIn("maxresultrows", missing["searchinfo"])


class Generating(DoubtTest):
    """Commands that make events."""

    def test_it_makes_the_rows_of_a_search_or_a_subsearch(self) -> None:
        """Whether the one chunk is the last, and however many peers there are."""
        app = self.app()
        for peers, last in ((0, False), (0, True), (2, False)):
            splunk = self.splunk(app, peers, last_at_once=last)
            self.assertEqual(len(splunk.search("| heard | eval a=1", [])), 1)
            self.assertEqual(len(splunk.search("n=1 | append [| heard]", EVENTS)), 2)

    def test_it_must_be_the_first_command(self) -> None:
        """And a command that makes no events must not be."""
        splunk = self.splunk(self.app())
        for text in ("n=* | heard", "| makeresults | heard", "| heard | heard"):
            with self.subTest(text=text), self.assertRaisesRegex(CommandError, "must be the first command"):
                splunk.search(text, EVENTS)
        with self.assertRaisesRegex(CommandError, "makes no events"):
            splunk.search("| sums", EVENTS)

    def test_faults_are_noticed(self) -> None:
        """A type that runs on every peer, rows that are not finished, and a process that stays."""
        for fault in ("streaming", "unfinished", "lingering"):
            with self.subTest(fault=fault), self.assertRaises(ProtocolError):
                self.splunk(self.app(fault, name=fault), closes_input=False).search("| heard", [])

    def test_the_checker_knows_its_fields(self) -> None:
        """It starts a search, and only that."""
        app = self.app()
        check = Check(app, Lookups(app), self.folder)
        self.assertEqual(check.search("| heard | table heard"), Fields(frozenset({"heard"})))
        for text in ("| heard | table colour", "| makeresults | heard", "n=1 | heard"):
            with self.subTest(text=text), self.assertRaises(SearchError):
                check.search(text)
        streaming = self.app("streaming", name="streaming")
        with self.assertRaisesRegex(SearchError, "every search peer"):
            Check(streaming, Lookups(streaming), self.folder).search("| heard")


class Peers(DoubtTest):
    """Events that are spread over search peers."""

    def test_every_event_is_on_one_peer(self) -> None:
        """However they are spread; events with other fields are on other peers, and a peer can be empty."""
        app = App(self.folder)
        for spread in ("even", "by fields", "one empty"):
            for machines in (1, 3, 21):
                with self.subTest(spread=spread, machines=machines):
                    parts = [share.events for share in shares(EVENTS, [app] * machines, Options(spread=spread))]
                    self.assertEqual(len(parts), machines)
                    numbers = sorted(int(event["n"][0]) for part in parts for event in part)
                    self.assertEqual(numbers, list(range(12)))
        first, second, third = (s.events for s in shares(EVENTS, [app] * 3, Options(spread="by fields")))
        self.assertEqual(({"odd" in e for e in first}, {"odd" in e for e in second}, third), ({False}, {True}, []))
        self.assertEqual(shares(EVENTS, [app] * 3, Options(spread="one empty"))[0].events, [])

    def test_rows_arrive_in_turn_or_interleaved(self) -> None:
        rows: list[Event] = [{"n": [str(n)]} for n in range(4)]
        parts = [rows[:3], rows[3:]]
        self.assertEqual(arrive(parts, Options()), rows)
        mixed = [rows[0], rows[3], rows[1], rows[2]]
        self.assertEqual(arrive(parts, Options(arrival="interleaved")), mixed)

    def test_an_empty_peer_runs_the_command_too(self) -> None:
        """So its messages come, too, each once for each peer; a warning of a peer makes the results incomplete."""
        splunk = self.splunk(self.app("warning"), 2, spread="one empty", chunk_rows=5)
        self.assertEqual(splunk.search("n=* | sums", EVENTS), [{"total": ["66"]}])
        late = "it is late"
        self.assertEqual(splunk.shown, [f"WARN: [peer0] {late}", f"WARN: [peer1] {late}", f"WARN: {late}"])
        self.assertTrue(splunk.is_incomplete)
        alone = self.splunk(App(self.folder / "app"))
        alone.search("n=* | sums", EVENTS)
        self.assertEqual((alone.shown, alone.is_incomplete), ([f"WARN: {late}"], False))

    def test_commands_after_localop_run_on_the_search_head(self) -> None:
        """The map phase too."""
        splunk = self.splunk(self.app("warning"), 2)
        self.assertEqual(splunk.search("n=* | localop | sums", EVENTS), [{"total": ["66"]}])
        self.assertEqual(splunk.shown, ["WARN: it is late"])

    def test_an_empty_peer_gets_nothing_or_a_header(self) -> None:
        """Either way the command has no rows to work on."""
        app = self.app()
        for empty in ("nothing", "header"):
            for phase in ("once", "skipped"):
                splunk = self.splunk(app, 2, spread="one empty", empty_chunk=empty, map_phase=phase)
                self.assertEqual(splunk.search("n=* | sums", EVENTS), [{"total": ["66"]}])

    def test_a_peer_can_have_another_app_or_other_rows(self) -> None:
        """As after an upgrade of the search head alone."""
        app, old = self.app(), self.app("warning", name="old")
        splunk = Splunk(app, self.folder / "home", 2, Options(timeout=5), peer_apps={1: old})
        splunk.search("n=* | sums", EVENTS)
        self.assertEqual(splunk.shown, ["WARN: [peer1] it is late"])
        splunk = self.splunk(app, 2, peer_rows=lambda peer, rows: [*rows, {"partial": ["100"]}] if peer else rows)
        self.assertEqual(splunk.search("n=* | sums", EVENTS), [{"total": ["166"]}])


class Phases(DoubtTest):
    """The map phase of a reporting command, and previews."""

    def test_the_map_phase_runs_once_never_here_and_there_or_twice(self) -> None:
        app = self.app()
        for phase in ("once", "skipped", "some", "twice"):
            for peers in (0, 2):
                with self.subTest(phase=phase, peers=peers):
                    splunk = self.splunk(app, peers, map_phase=phase)
                    self.assertEqual(splunk.search("n=* | sums", EVENTS), [{"total": ["66"]}])

    def test_a_command_that_relies_on_the_map_phase_is_noticed(self) -> None:
        app = self.app("trusting")
        for phase, total in (("once", "66"), ("skipped", "0"), ("some", "15")):
            found = self.splunk(app, map_phase=phase).search("n=* | sums", EVENTS)
            self.assertEqual(found, [{"total": [total]}], phase)

    def test_a_preview_leaves_no_message_and_changes_no_result(self) -> None:
        """It runs on the rows that have come so far."""
        splunk = self.splunk(self.app("warning"), map_phase="skipped", previews=True)
        self.assertEqual(splunk.search("n=* | sums", EVENTS), [{"total": ["66"]}])
        self.assertEqual(splunk.previews, [[{"total": ["15"]}]])
        self.assertEqual(splunk.messages, [("WARN", "it is late")])


class Errors(DoubtTest):
    """Errors as the user sees them."""

    def test_an_error_begins_with_the_command_and_on_a_peer_with_the_peer(self) -> None:
        app = self.app()
        shown = "Error in 'fails' command: n is wrong: use a number"
        for peers, text in ((0, shown), (1, f"[peer0] Streamed search execute failed because: {shown}")):
            with self.assertRaises(CommandError) as caught:
                self.splunk(app, peers).search("n=* | fails", EVENTS)
            self.assertEqual((str(caught.exception), caught.exception.text), (text, "n is wrong: use a number"))

    def test_a_crash_shows_the_exit_code(self) -> None:
        text = "External search command exited unexpectedly with non-zero error code 3"
        with self.assertRaisesRegex(ProtocolError, text):
            self.splunk(self.app("crash")).search("n=* | fails", EVENTS)


if __name__ == "__main__":
    unittest.main()
