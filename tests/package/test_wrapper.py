"""The script that starts the program: in every shell, from every path, and what it says if the program cannot start."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import unittest
from collections.abc import Sequence
from pathlib import Path

from harness import PackageTest
from spl.splunkd.conversation import Conversation, Metadata
from spl.splunkd.options import Options
from spl.splunkd.program import Call, searchinfo

SHELLS = {"dash": ["dash"], "bash": ["bash"], "bash as sh": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
MISSING = "there is no program for this machine (x86_64): install the app again"
REFUSED = "the program may not be executed on x86_64: give the files"
REPLY = re.compile(rb'chunked 1\.0,([0-9]+),0\n(\{"finished":true,"error":"[ -!#-\[\]-~]+"\})')
GETINFO = b'chunked 1.0,20,0\n{"action":"getinfo"}'
# Variables that shells read.
RUBBISH = ("CDPATH=/:/tmp", "ENV=/no/such file", "BASH_ENV=/no/such file", "IFS=/.-", "TMOUT=1", "LC_ALL=xx_YY")
NAMES = (
    "plain", "with a blank", "it's \"quoted\"", "two\nlines", "new line\n", "Öl-食狮", "-dash", "$HOME;`id`",
    "a%sb\\n", "*",
)  # fmt: skip


def shells(own_uname: bool = True) -> dict[str, list[str]]:
    """The installed shells as starts of command lines; without those that have a uname of their own, if so asked."""
    wanted = {name: words for name, words in SHELLS.items() if own_uname or name != "busybox"}
    found = {name: (shutil.which(words[0]), words[1:]) for name, words in wanted.items()}
    return {name: [path, *words] for name, (path, words) in found.items() if path}


class Wrapper(PackageTest):
    """Starts copies of the script in `bin`."""

    def copied(self, *folders: str) -> Path:
        """A copy of the app's bin folder, below these new folders; returns the script."""
        bin_folder = self.folder().joinpath(*folders, "bin")
        bin_folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.app.root / "bin", bin_folder)
        return bin_folder / "dnsentropy.sh"

    def without_program(self, *folders: str) -> Path:
        """The same without any program."""
        script = self.copied(*folders)
        shutil.rmtree(script.parent / "dnsentropy-bin")
        return script

    def elsewhere(self, files: dict[str, str]) -> Path:
        """A script without program that finds the system's files only in a folder with these."""
        script = self.without_program()
        root = self.folder()
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        text = script.read_text(encoding="utf-8")
        script.write_text(re.sub(r"/(?=lib64/|lib/|proc/)", f"{root}/", text), encoding="utf-8")
        return script

    def uname(self, answer: str) -> str:
        """A folder whose only tool is a `uname` with this answer."""
        tool = self.folder() / "uname"
        tool.write_text(f"#!/bin/sh\nprintf '%s\\n' '{answer}'\n", encoding="utf-8")
        tool.chmod(0o755)
        return str(tool.parent)

    def greet(self, argv: Sequence[str], cwd: Path, name: str = "dnsentropy") -> Metadata:
        """The reply to getinfo. The process then gets no more input, and must end without an error."""
        with Conversation(argv, cwd, 20) as talk:
            reply, body = talk.request(searchinfo(Call(name, argv, "query"), Options(), cwd), b"")
            self.assertEqual(body, b"")
            talk.hang_up()
        return reply

    def assert_starts(self, argv: Sequence[str], cwd: Path) -> None:
        """The program itself replies."""
        self.assertEqual(self.greet(argv, cwd).get("required_fields"), ["query"])

    def assert_refuses(self, argv: Sequence[str], text: str, cwd: Path | None = None) -> None:
        """The script replies with this text."""
        reply = self.greet(argv, cwd or self.home)
        self.assertEqual(list(reply), ["finished", "error"])
        self.assertIn(text, reply["error"])


class GoodPath(Wrapper):
    """The program is there and starts."""

    def test_every_name_of_a_folder_works_in_every_shell(self) -> None:
        """Absolute, relative to another folder, from its own folder, and as the only word after `sh`."""
        for name in NAMES:
            script = self.copied(name)
            for shell, words in shells().items():
                with self.subTest(name=name, shell=shell):
                    self.assert_starts([*words, str(script), "dnsentropy"], self.home)
                    self.assert_starts([*words, "--", f"{name}/bin/dnsentropy.sh", "dnsentropy"], script.parents[2])
                    self.assert_starts([*words, "dnsentropy.sh", "dnsentropy"], script.parent)

    def test_the_kernel_starts_it(self) -> None:
        """By its path, as splunkd does, also from the bundle's folder of a search peer."""
        bundle = ("var", "run", "searchpeers", "head-1764064310", "apps", "dnsentropy")
        for folders in ((), bundle):
            script = self.copied(*folders)
            self.assert_starts([str(script), "dnsentropy"], Path("/"))
            self.assert_starts(["./dnsentropy.sh", "dnsentropy"], script.parent)

    def test_links_lead_to_the_program(self) -> None:
        """The app, its bin folder or the script itself is a link, absolute or relative."""
        script = self.copied("real", "app")
        app, links = script.parents[1], self.folder()
        for link, target, path in (
            ("app", app, "app/bin/dnsentropy.sh"), ("bin", app / "bin", "bin/dnsentropy.sh"), ("tool", script, "tool"),
            ("relative", Path(os.path.relpath(script, links)), "relative"), ("twice", links / "tool", "twice"),
        ):  # fmt: skip
            (links / link).symlink_to(target)
            for shell, words in shells().items():
                with self.subTest(link=link, shell=shell):
                    self.assert_starts([*words, str(links / path), "dnsentropy"], self.home)
                    self.assert_starts([*words, path, "dnsentropy"], links)

    def test_surroundings_do_not_matter(self) -> None:
        """An empty environment, no tools, rubbish in the shells' own variables, strict options, a read-only folder."""
        script = self.copied("a folder")
        for path in (script.parent / "dnsentropy-bin", script.parent, script.parents[1]):
            path.chmod(0o555)
            self.addCleanup(path.chmod, 0o755)
        for shell, words in shells().items():
            for variables in ((), ("PATH=/nonexistent",), RUBBISH):
                for options in ((), ("-u",), ("-e",), ("-f",)):
                    with self.subTest(shell=shell, variables=variables, options=options):
                        argv = ["/usr/bin/env", "-i", *variables, *words, *options, str(script), "dnsentropy"]
                        self.assert_starts(argv, self.home)

    def test_the_machine_has_several_names(self) -> None:
        """The names that uname, the kernel's file and the loaders have for a machine lead to its program."""
        loaders = {
            "x86_64": ("lib64/ld-linux-x86-64.so.2", "lib/ld-musl-x86_64.so.1"),
            "aarch64": ("lib/ld-linux-aarch64.so.1", "lib/ld-musl-aarch64.so.1"),
        }
        both = {files[0]: "" for files in loaders.values()}
        cases: list[tuple[str, dict[str, str], str | None]] = []
        for machine, files in loaders.items():
            cases += [(machine, {file: ""}, None) for file in files]
            cases += [(machine, {"proc/sys/kernel/arch": f"{machine}\n"} | both, None), (machine, both, machine)]
        cases += [("x86_64", {}, "amd64"), ("aarch64", {}, "arm64")]
        for machine, files, uname in cases:
            script = self.elsewhere(files)
            program = script.parent / "dnsentropy-bin" / f"dnsentropy-{machine}"
            program.parent.mkdir()
            shutil.copy(self.app.root / "bin" / "dnsentropy-bin" / "dnsentropy-x86_64", program)
            path = self.uname(uname) if uname else "/nonexistent"
            for shell, words in shells(own_uname=False).items():
                with self.subTest(machine=machine, files=files, uname=uname, shell=shell):
                    argv = ["/usr/bin/env", "-i", f"PATH={path}", *words, str(script), "dnsentropy"]
                    self.assert_starts(argv, self.home)


class BadPath(Wrapper):
    """The program is missing or does not start."""

    def test_a_search_command_answers_in_the_protocol(self) -> None:
        """Each command of commands.conf, in each shell."""
        script = self.without_program()
        for shell, words in shells().items():
            for name in self.app.settings("commands.conf"):
                with self.subTest(shell=shell, command=name):
                    _, *arguments = self.app.command(name)
                    self.assert_refuses([*words, str(script), *arguments], MISSING)

    def test_all_else_goes_to_standard_error(self) -> None:
        """A lookup, the command line, an option, an unknown word, nothing: exit code 1 and the path that was tried."""
        script = self.without_program("it's here")
        for shell, words in shells().items():
            for arguments in (["lookup", "ut_shannon"], ["hunt", "x.csv"], ["--version"], ["dnsentropyx"], [""], []):
                with self.subTest(shell=shell, arguments=arguments):
                    ended = self.run_with([*words, str(script), *arguments], b"word,ut_shannon\na,\n")
                    self.assertEqual((ended.returncode, ended.stdout), (1, b""))
                    self.assertIn(MISSING.encode(), ended.stderr)
                    self.assertIn(f"{script.parent}/dnsentropy-bin/dnsentropy-x86_64".encode(), ended.stderr)

    def test_the_path_is_not_in_the_reply(self) -> None:
        """A path can hold anything. The reply is ASCII, and its length is right under every locale."""
        for name in NAMES:
            script = self.without_program(name)
            for shell, words in shells().items():
                for locale in ("C", "C.UTF-8", "xx_YY"):
                    with self.subTest(name=name, shell=shell, locale=locale):
                        argv = ["/usr/bin/env", f"LC_ALL={locale}", *words, str(script), "dnsentropy"]
                        self.assert_one_reply(self.run_with(argv, GETINFO), MISSING)

    def test_surroundings_do_not_matter(self) -> None:
        """No tools at all, an empty environment, rubbish in the shells' own variables, strict options."""
        script = self.without_program()
        for shell, words in shells().items():
            for variables in ((), ("PATH=/nonexistent",), RUBBISH):
                for options in ((), ("-u",), ("-e",), ("-f",)):
                    with self.subTest(shell=shell, variables=variables, options=options):
                        argv = ["/usr/bin/env", "-i", *variables, *words, *options, str(script), "dnsexfil"]
                        self.assert_refuses(argv, MISSING)

    def test_every_form_of_a_header_is_read(self) -> None:
        """Blanks, a carriage return, a leading zero, a body, nonsense; further requests get no reply."""
        script = self.without_program()
        head = b'{"action":"getinfo","preview":false}'
        size = str(len(head)).encode()
        requests = (
            b"chunked 1.0," + size + b",0\n" + head, b"chunked 1.0, " + size + b", 0\r\n" + head,
            b"chunked 1.0,0" + size + b",4\n" + head + b"a\n1\n", b"chunked 1.0,,\n" + head, b"nonsense\n", b"\n\n",
            b"chunked 1.0,99999999999999999999999,0\n" + head, GETINFO * 3 + b"chunked 1.0,9,9\n",
            GETINFO + b"\x00\xff" * 9,
        )  # fmt: skip
        for shell, words in shells().items():
            for path in (os.environ["PATH"], "/nonexistent"):
                for request in requests:
                    with self.subTest(shell=shell, path=path, request=request):
                        argv = ["/usr/bin/env", f"PATH={path}", *words, str(script), "dnsentropy"]
                        self.assert_one_reply(self.run_with(argv, request), MISSING)

    def test_the_reply_waits_for_the_whole_request(self) -> None:
        """The stand-in rejects a reply before the end of a request that does not fit into a pipe."""
        script = self.without_program()
        call = Call("dnsentropy", [], "query", "index=x " * 30_000)
        for shell, words in shells().items():
            with self.subTest(shell=shell), Conversation([*words, str(script), "dnsentropy"], self.home, 20) as talk:
                reply, _ = talk.request(searchinfo(call, Options(), self.home), b"")
                self.assertIn(MISSING, reply["error"])
                talk.hang_up()

    def test_no_request_has_no_reply(self) -> None:
        """splunkd closes the input or both pipes: a normal end."""
        script = self.without_program()
        for shell, words in shells().items():
            argv = [*words, str(script), "dnsentropy"]
            with self.subTest(shell=shell):
                ended = self.run_with(argv, b"")
                self.assertEqual((ended.returncode, ended.stdout), (0, b""))
                with Conversation(argv, self.home, 20) as talk:
                    talk.request(searchinfo(Call("dnsentropy", [], "query"), Options(), self.home), b"")
                    talk.abandon()

    def test_a_file_that_may_not_run_is_named_so(self) -> None:
        """Without the mode, empty, or a folder."""
        script = self.copied()
        program = script.parent / "dnsentropy-bin" / "dnsentropy-x86_64"
        program.chmod(0o644)
        self.assert_refused_everywhere(script)
        program.write_bytes(b"")
        program.chmod(0o755)
        self.assert_refused_everywhere(script)
        program.unlink()
        program.mkdir()
        self.assert_refused_everywhere(script)

    def test_a_program_that_the_system_refuses_is_named_so(self) -> None:
        """A cut file. Busybox runs it as a script, and nobody can answer for a program that starts and crashes."""
        script = self.copied()
        program = script.parent / "dnsentropy-bin" / "dnsentropy-x86_64"
        program.write_bytes(program.read_bytes()[:100])
        self.assert_refused_everywhere(script, besides="busybox")

    def test_a_mount_without_exec_is_named_so(self) -> None:
        """The programs' folder is mounted with noexec."""
        script = self.copied()
        folder = script.parent / "dnsentropy-bin"
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", folder], capture_output=True)
        if mounted.returncode:
            self.skipTest(f"mount is not allowed here: {mounted.stderr.decode()}")
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        shutil.copy(self.app.root / "bin" / "dnsentropy-bin" / "dnsentropy-x86_64", folder)
        self.assert_refused_everywhere(script)

    def test_the_reply_names_the_machine(self) -> None:
        """Only by letters, digits, _ and -, whatever uname says."""
        names = {"ppc64le": "ppc64le", "aarch64": "aarch64", 'a"b\\c\nd é-_../': "abcd-_", "!": "unknown"}
        for answer, name in names.items():
            script = self.elsewhere({})
            path = self.uname(answer)
            for shell, words in shells(own_uname=False).items():
                with self.subTest(answer=answer, shell=shell):
                    argv = ["/usr/bin/env", "-i", f"PATH={path}", *words, str(script), "dnsentropy"]
                    text = f"there is no program for this machine ({name}): the app runs on Linux on x86_64"
                    self.assert_one_reply(self.run_with(argv, GETINFO), text)

    def test_an_unknown_machine_is_called_unknown(self) -> None:
        """No uname, no file of the kernel, no loader."""
        script = self.elsewhere({})
        for shell, words in shells(own_uname=False).items():
            with self.subTest(shell=shell):
                argv = ["/usr/bin/env", "-i", "PATH=/nonexistent", *words, str(script), "dnsentropy"]
                self.assert_refuses(argv, "there is no program for this machine (unknown): ")

    def run_with(self, argv: Sequence[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
        """The end of a process with this input."""
        return subprocess.run(argv, input=given, capture_output=True, timeout=20, cwd=self.home)

    def assert_one_reply(self, ended: subprocess.CompletedProcess[bytes], text: str) -> None:
        """One message of printable ASCII with the right length, and exit code 0."""
        self.assertEqual(ended.returncode, 0, ended.stderr)
        message = REPLY.fullmatch(ended.stdout)
        assert message, ended.stdout
        self.assertEqual(int(message[1]), len(message[2]))
        self.assertIn(text, json.loads(message[2])["error"])

    def assert_refused_everywhere(self, script: Path, besides: str = "") -> None:
        """Every shell says that the program may not be executed, in both ways."""
        for shell, words in shells().items():
            if shell != besides:
                with self.subTest(shell=shell):
                    self.assert_refuses([*words, str(script), "dnsentropy"], REFUSED)
                    ended = self.run_with([*words, str(script), "lookup", "ut_shannon"], b"")
                    self.assertEqual((ended.returncode, ended.stdout), (1, b""))
                    self.assertIn(REFUSED.encode(), ended.stderr)


if __name__ == "__main__":
    unittest.main()
