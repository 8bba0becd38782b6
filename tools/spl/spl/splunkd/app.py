"""The packaged app as Splunk reads it: settings, macros, programs and lookups."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

from spl.errors import SearchError
from spl.language.expression import parse_expression
from spl.run.evaluate import evaluate
from spl.run.functions import Clock
from spl.run.values import truth

PLATFORM = "linux_x86_64"
EXTENSIONS = ("", ".exe", ".bat", ".cmd", ".sh", ".js", ".py", ".pl")
# The folders of an app that a search head sends to its peers by default.
REPLICATED = ("bin", "default", "local", "lookups", "metadata")

Settings = dict[str, dict[str, str]]


class AppError(AssertionError):
    """An error in an app: Splunk would not accept or not find something."""


def unpack(package: Path, apps: Path) -> App:
    """Unpack a package into Splunk's folder of apps."""
    apps.mkdir(parents=True)
    with tarfile.open(package, "r:gz") as archive:
        tops = {name.split("/")[0] for name in archive.getnames()}
        if len(tops) != 1:
            raise AppError(f"{package.name} must hold one folder, not {sorted(tops)}")
        archive.extractall(apps, filter="tar")
    return App(apps / tops.pop())


def read_settings(text: str) -> Settings:
    """A .conf or .meta file; a backslash at the end of a line continues the value on the next one."""
    settings: Settings = {}
    stanza: dict[str, str] | None = None
    for line in re.sub(r"\\\n", "\0", text).splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("["):
            name = stripped[1:].removesuffix("]")
            if name in settings:
                raise AppError(f"the stanza [{name}] appears twice")
            stanza = settings.setdefault(name, {})
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or stanza is None or key in stanza:
            raise AppError(f"the line {line!r} is wrong: it needs a stanza above, a '=', and a name that is new")
        stanza[key] = value.replace("\0", "\n")
    return settings


class App:
    """An unpacked app."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = root.name

    def settings(self, name: str) -> Settings:
        """The stanzas of a file of default/ with the settings of local/ over them; none if neither has the file."""
        merged: Settings = {}
        for layer in ("default", "local"):
            path = self.root / layer / name
            for stanza, settings in read_settings(path.read_text(encoding="utf-8")).items() if path.is_file() else ():
                merged[stanza] = merged.get(stanza, {}) | settings
        return merged

    def replicate(self, apps: Path) -> App:
        """Copy to a search peer the folders that the knowledge bundle holds. Programs are large, and linked."""
        for folder in REPLICATED:
            if (self.root / folder).is_dir():
                copy = _link if folder == "bin" else shutil.copy2
                shutil.copytree(self.root / folder, apps / self.name / folder, copy_function=copy)
        return App(apps / self.name)

    def has_command(self, name: str) -> bool:
        """Whether a search command is one of the app's own."""
        return name in self.settings("commands.conf")

    def command(self, name: str) -> list[str]:
        """The program of one of the app's search commands, with its fixed arguments."""
        stanza = self.settings("commands.conf")[name]
        if stanza.get("chunked") not in ("true", "1"):
            raise AppError(f"the command {name} is not chunked")
        numbered = sorted((int(key[12:]), value) for key, value in stanza.items() if key.startswith("command.arg."))
        program = self._program(stanza["filename"], (f"{PLATFORM}/bin", "bin"), EXTENSIONS)
        return [str(program), *(value for _, value in numbered)]

    def external_lookup(self, name: str) -> tuple[list[str], list[str]]:
        """The program of a lookup with its arguments, and the columns of its CSV."""
        stanza = self.settings("transforms.conf").get(name, {})
        if stanza.get("external_type") != "executable":
            raise AppError(f"the lookup {name} is not an executable of the app")
        filename, *arguments = stanza["external_cmd"].split()
        program = self._program(filename, ("bin",), ("",))
        return [str(program), *arguments], [field.strip() for field in stanza["fields_list"].split(",")]

    def _program(self, filename: str, folders: Sequence[str], extensions: Sequence[str]) -> Path:
        if "/" in filename or filename.startswith("."):
            raise AppError(f"the program {filename} is outside bin")
        for folder in (self.root / folder for folder in folders):
            for extension in extensions:
                path = folder / (filename + extension)
                if path.is_file():
                    if not os.access(path, os.X_OK):
                        raise AppError(f"{path.name} is not executable")
                    return path
        raise AppError(f"the program {filename} is missing from the app's bin folders")

    def lookup(self, name: str) -> Path:
        """The file of a lookup that transforms.conf defines."""
        return self.root / "lookups" / self.settings("transforms.conf")[name]["filename"]

    def metadata(self) -> Settings:
        """The permissions: settings of local.meta override those of default.meta in the same stanza."""
        merged: Settings = {}
        for name in ("default.meta", "local.meta"):
            path = self.root / "metadata" / name
            layer = read_settings(path.read_text(encoding="utf-8")) if path.is_file() else {}
            for stanza, settings in layer.items():
                merged[stanza] = merged.get(stanza, {}) | settings
        return merged

    def is_exported(self, kind: str, name: str) -> bool:
        """Whether other apps see an object, by the most specific stanza that has `export`."""
        meta = self.metadata()
        encoded = re.sub(r"[^\w.-]", lambda m: f"%{ord(m[0]):02X}", name)
        for stanza in (f"{kind}/{name}", f"{kind}/{encoded}", kind, ""):
            if "export" in meta.get(stanza, {}):
                return meta[stanza]["export"] == "system"
        return False

    def expand(self, search: str) -> str:
        """A search with its macros expanded, nested ones too."""
        macros = self.settings("macros.conf")
        for _ in range(100):
            # Quoted texts stay as they are (macros.conf.spec).
            calls = re.compile(r'"(?:\\.|[^"\\])*"|`([^`]*)`', re.DOTALL).finditer(search)
            found = next((call for call in calls if call[1] is not None), None)
            if found is None:
                return search
            search = search[: found.start()] + _expansion(macros, found[1]) + search[found.end() :]
        raise AppError("macros are nested without end: one calls itself")


def _link(source: str, target: str) -> None:
    """Link a file, or copy it to another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _expansion(macros: Settings, call: str) -> str:
    """The text that replaces `name` or `name(a, b)`."""
    name, has_arguments, rest = call.strip().partition("(")
    given = _macro_arguments(rest.removesuffix(")")) if has_arguments else []
    key = f"{name}({len(given)})" if given else name
    if key not in macros:
        raise AppError(f"the macro {key} does not exist")
    if macros[key].get("iseval", "0") not in ("0", "false"):
        raise AppError(f"the macro {key} is an eval macro: these are not supported")
    text = macros[key]["definition"]
    # A definition may be in quotes.
    if re.fullmatch(r'"(?:\\.|[^"\\])*"', text, re.DOTALL):
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    names = [name.strip() for name in macros[key].get("args", "").split(",") if name.strip()]
    if len(names) != len(given):
        raise AppError(f"the macro {key} has {len(given)} arguments, but args= names {len(names)}")
    values = dict(zip(names, given))
    if "validation" in macros[key]:
        event = {name: [value] for name, value in values.items()}
        if not truth(evaluate(parse_expression(macros[key]["validation"]), event, Clock(0))):
            raise SearchError(macros[key].get("errormsg", f"the arguments of the macro {key} are not valid"))
    return re.sub(r"\$(\w+)\$", lambda m: values[m[1]], text)


def _macro_arguments(text: str) -> list[str]:
    """Arguments, separated by commas outside quotes and parentheses; quotes around an argument are removed."""
    arguments, depth, quoted = [""], 0, False
    for character in text:
        quoted ^= character == '"'
        depth += (character == "(") - (character == ")") if not quoted else 0
        if character == "," and depth == 0 and not quoted:
            arguments.append("")
        else:
            arguments[-1] += character
    stripped = (argument.strip() for argument in arguments)
    return [re.sub(r'^"([^"]*)"$', r"\1", argument) for argument in stripped]
