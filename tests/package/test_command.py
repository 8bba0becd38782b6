"""The packaged command by itself: its arguments, its suffix lists, its process, and its permissions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from harness import PackageTest, entropy
from spl import Splunk
from spl.splunkd.app import App
from spl.splunkd.conversation import Conversation, Metadata
from spl.splunkd.options import Options
from spl.splunkd.program import Call, CommandError, ask, searchinfo

CUSTOM = "dnsentropy_custom_suffixes"
# The sources of events, which drill-downs of Enterprise Security call from its own app.
VARIANTS = {f"dnsentropy_events_{source}" for source in ("stream", "zeek", "infoblox", "sysmon", "cim")}


class Arguments(PackageTest):
    """The options of the command, as typed in a search."""

    def getinfo(self, arguments: str, options: Options = Options()) -> Metadata:
        """The reply to getinfo; the process then gets no more input and must end without an error."""
        return ask(Call("dnsentropy", self.app.command("dnsentropy"), arguments), options, self.folder())

    def test_getinfo_returns_the_type_and_the_fields(self) -> None:
        """Its type and fields, in both versions of the protocol."""
        for options in (Options(), Options(version="6.3")):
            reply = self.getinfo("query", options)
            self.assertEqual(reply.get("type", "streaming"), "streaming")
            self.assertEqual(reply["required_fields"], ["query"])
        self.assertEqual(self.getinfo("")["required_fields"], ["query"])
        self.assertEqual(self.getinfo("field=QueryName")["required_fields"], ["QueryName"])
        self.assertEqual(self.getinfo('"Source Name"')["required_fields"], ["Source Name"])
        self.assertEqual(self.getinfo("query{}")["required_fields"], ["query{}"])

    def test_the_error_names_a_wrong_argument(self) -> None:
        """The error names the wrong word."""
        for arguments, word in (
            ("query colour=red", "colour"), ("query list=mozila", "mozila"), ("query mode=fast", "fast"),
            ("query list_field=which", "list_field"),
            ("query fields=domain,colour", "colour"), ("query answer", "answer"), ("field=query field=answer", "field"),
        ):  # fmt: skip
            for options in (Options(), Options(version="6.3")):
                with self.subTest(arguments=arguments, options=options):
                    with self.assertRaises(CommandError) as caught:
                        self.getinfo(arguments, options)
                    self.assertIn(word, str(caught.exception))

    def test_prefix_fields_and_mode_select_the_output(self) -> None:
        """Only the requested fields are added, with the prefix."""
        self.assertEqual(
            self.split("a.example.co.uk", "query prefix=dns_ fields=domain,tld"),
            {"dns_domain": "example.co.uk", "dns_tld": "co.uk"},
        )
        self.assertEqual(self.split("a.example.com", "query fields=ut_subdomain"), {"ut_subdomain": "a"})
        self.assertEqual(len(self.split("a.example.com", "query fields=all")), 14)
        shannon = self.split("a.example.com", "query mode=shannon")
        self.assertEqual(list(shannon), ["ut_shannon"])
        self.assertAlmostEqual(float(shannon["ut_shannon"]), entropy("a.example.com"), delta=1e-9)
        url = self.split("https://a.example.co.uk/b", "query mode=url fields=scheme,domain,path")
        self.assertEqual(url, {"ut_scheme": "https", "ut_domain": "example.co.uk", "ut_path": "/b"})

    def test_list_selects_the_suffixes(self) -> None:
        """The list decides where the domain begins."""
        name = "bucket.s3.amazonaws.com"
        domains = {"mozilla": name, "icann": "amazonaws.com", "iana": "amazonaws.com"}
        for which, domain in domains.items():
            self.assertEqual(self.split(name, f"query list={which}")["ut_domain"], domain)
        self.assertEqual(self.split("a.example.co.uk", "query list=iana")["ut_domain"], "co.uk")


class CustomList(PackageTest):
    """The suffixes that an administrator keeps in the app's own lookup."""

    def altered(self, *rules: str) -> App:
        """A copy of the app with these rules at the end of the lookup."""
        root = self.folder() / "splunk" / "etc" / "apps" / self.app.name
        shutil.copytree(self.app.root, root)
        app = App(root)
        lookup = app.lookup(CUSTOM)
        lookup.parent.mkdir(exist_ok=True)
        lookup.write_text("".join(f"{line}\n" for line in ("suffix", *rules)), encoding="utf-8")
        return app

    def domain(self, app: App, name: str, peers: int) -> list[str] | None:
        """The registrable domain of a name by the custom list."""
        splunk: Splunk = self.splunk(peers, app=app)
        (event,) = splunk.search("index=x | dnsentropy query list=custom", [{"index": ["x"], "query": [name]}])
        return event.get("ut_domain")

    def test_a_rule_is_used_on_the_search_head_and_on_peers(self) -> None:
        """The program reads the lookup of its own app, wherever that was unpacked."""
        name = "host.kiln.brewhouse.test"
        self.assertNotEqual(self.domain(self.app, name, 0), ["kiln.brewhouse.test"])
        for peers in (0, 1):
            self.assertEqual(self.domain(self.altered("brewhouse.test"), name, peers), ["kiln.brewhouse.test"])

    def test_a_malformed_rule_is_skipped_with_a_warning(self) -> None:
        """The warning names the file, the line and the rule; the other rules work."""
        app = self.altered("good.test", "brew..test")
        splunk: Splunk = self.splunk(app=app)
        search = "index=x | dnsentropy query list=custom"
        (event,) = splunk.search(search, [{"index": ["x"], "query": ["a.b.good.test"]}])
        self.assertEqual(event["ut_domain"], ["b.good.test"])
        ((level, text),) = splunk.messages
        self.assertEqual(level, "WARN")
        self.assertTrue(text.startswith(f"{app.lookup(CUSTOM).name}, line 3 is skipped: the suffix 'brew..test'"), text)


class Process(PackageTest):
    """How the program starts and ends."""

    def greet(self, argv: list[str], cwd: Path) -> Metadata:
        """Start the program in this folder, and return its reply to getinfo."""
        with Conversation(argv, cwd, 20) as talk:
            reply, _ = talk.request(searchinfo(Call("dnsentropy", argv, "query"), Options(), cwd), b"")
            talk.hang_up()
        return reply

    def test_it_starts_from_any_folder(self) -> None:
        """By an absolute path, a relative one, from its own folder, and in a folder with a space in its name."""
        command = self.app.command("dnsentropy")
        program = Path(command[0])
        spaced = self.folder() / "a folder" / "bin"
        shutil.copytree(program.parent, spaced)
        starts = (
            (str(program), Path("/")), (os.path.relpath(program, self.home), self.home),
            ("./" + program.name, program.parent), (str(spaced / program.name), self.home),
        )  # fmt: skip
        for path, cwd in starts:
            with self.subTest(path=path, cwd=cwd):
                reply = self.greet([path, *command[1:]], cwd)
                self.assertEqual(reply["required_fields"], ["query"])

    def test_closed_pipes_are_a_normal_end(self) -> None:
        """Splunk closes them for `| head` and when a search is cancelled."""
        with Conversation(self.app.command("dnsentropy"), self.folder(), 20) as talk:
            talk.request(searchinfo(Call("dnsentropy", [], "query"), Options(), self.home), b"")
            talk.request({"action": "execute", "finished": False}, b"query,_chunked_idx\na.example.com,0\n")
            talk.abandon()

    def test_an_input_cut_short_is_an_error(self) -> None:
        """The end of input inside a message is not a normal end."""
        command = self.app.command("dnsentropy")
        ended = subprocess.run(command, input=b"chunked 1.0,90,0\n{", capture_output=True, timeout=20)
        self.assertNotEqual(ended.returncode, 0)
        self.assertTrue(ended.stderr)


class Settings(PackageTest):
    """Permissions and settings."""

    def exported(self, app: App) -> set[tuple[str, str]]:
        """The macros and lookups that other apps see."""
        return {(kind, name) for kind, name in self.shareable(app) if app.is_exported(kind, name)}

    def called_by(self, *names: str) -> set[str]:
        """These macros, and those that they call."""
        found: set[str] = set()
        for name in names:
            inner = re.findall(r"`(\w+)`", self.app.settings("macros.conf")[name]["definition"])
            found |= {name} | self.called_by(*inner)
        return found

    def shareable(self, app: App) -> set[tuple[str, str]]:
        """The app's macros and lookups."""
        kinds = {"macros": "macros.conf", "transforms": "transforms.conf"}
        return {(kind, name) for kind, file in kinds.items() for name in app.settings(file)}

    def test_the_commands_are_shared_and_the_names_of_url_toolbox_are_not(self) -> None:
        """URL Toolbox shares its macros and lookups with every app, and both apps may be installed."""
        for name in ("dnsentropy", "urltoolbox"):
            self.assertTrue(self.app.is_exported("commands", name))
        self.assertEqual(self.app.metadata()[""]["export"], "none")
        self.assertIn(("transforms", CUSTOM), self.exported(self.app))
        for kind, name in self.exported(self.app):
            self.assertTrue(name.startswith("dnsentropy_"), f"{kind}/{name}")
        macros = {name for kind, name in self.exported(self.app) if kind == "macros"}
        self.assertLessEqual(self.called_by("dnsentropy_events") | VARIANTS | self.called_by(*VARIANTS), macros)
        for name in self.app.settings("savedsearches.conf"):
            rule = name.endswith(" - Rule") and "Sample" not in name
            self.assertEqual(self.app.is_exported("savedsearches", name), rule, name)
        for kind in ("macros", "transforms", "props", "views", "savedsearches"):
            self.assertFalse(self.app.is_exported(kind, "ut_shannon"), kind)

    def test_admins_and_power_users_may_write(self) -> None:
        """Admins may write everything, power users the lookups; everybody may read."""
        meta = self.app.metadata()
        self.assertEqual(meta[""]["access"], "read : [ * ], write : [ admin, sc_admin ]")
        for kind in ("lookups", "collections"):
            self.assertEqual(meta[kind]["access"], "read : [ * ], write : [ admin, sc_admin, power ]")
        self.assertEqual({stanza for stanza in meta if "access" in meta[stanza]}, {"", "lookups", "collections"})

    def test_an_administrator_shares_them_with_one_line(self) -> None:
        """The line that default.meta and the README name, in metadata/local.meta."""
        root = self.folder() / self.app.name
        shutil.copytree(self.app.root, root)
        app = App(root)
        (root / "metadata" / "local.meta").write_text("[]\nexport = system\n", encoding="utf-8")
        self.assertEqual(self.exported(app), self.shareable(app))
        self.assertEqual(len([name for _, name in self.exported(app) if name.startswith("ut_")]), 17)
        self.assertIn("sc_admin", app.metadata()[""]["access"])

    def test_chunked_commands_set_nothing_that_splunk_ignores(self) -> None:
        """Settings of the older protocol have no effect, or a wrong one, with chunked."""
        known = {"chunked", "filename", "maxwait", "maxchunksize", "is_risky", "run_in_preview", "python.version"}
        for name, stanza in self.app.settings("commands.conf").items():
            self.assertEqual({key for key in stanza if not key.startswith("command.arg.")} - known, set(), name)


if __name__ == "__main__":
    unittest.main()
