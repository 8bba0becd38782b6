"""The packaged app as Splunk reads it: settings, macros, programs and lookups."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

PLATFORM = "linux_x86_64"
EXTENSIONS = ("", ".exe", ".bat", ".cmd", ".sh", ".js", ".py", ".pl")
# What a search head sends its peers of an app, unless distsearch.conf says otherwise.
REPLICATED = ("bin", "default", "local", "lookups", "metadata")

Settings = dict[str, dict[str, str]]


class AppError(AssertionError):
    """Something that Splunk would not accept or not find."""


def unpack(package: Path, apps: Path) -> App:
    """Unpack a package into Splunk's folder of apps."""
    apps.mkdir(parents=True)
    with tarfile.open(package, "r:gz") as archive:
        tops = {name.split("/")[0] for name in archive.getnames()}
        if len(tops) != 1:
            raise AppError(f"{package.name} holds not one folder but {sorted(tops)}")
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
                raise AppError(f"stanza [{name}] twice")
            stanza = settings.setdefault(name, {})
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or stanza is None or key in stanza:
            raise AppError(f"no stanza, no '=', or a setting twice: {line!r}")
        stanza[key] = value.replace("\0", "\n")
    return settings


class App:
    """An unpacked app."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = root.name

    def settings(self, name: str) -> Settings:
        """The stanzas of a file of default/, none if there is no such file."""
        path = self.root / "default" / name
        return read_settings(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def replicate(self, apps: Path) -> App:
        """Copy to a search peer what the knowledge bundle carries there."""
        for folder in REPLICATED:
            if (self.root / folder).is_dir():
                shutil.copytree(self.root / folder, apps / self.name / folder)
        return App(apps / self.name)

    def has_command(self, name: str) -> bool:
        """Whether a search command is the app's and not Splunk's."""
        return name in self.settings("commands.conf")

    def command(self, name: str) -> list[str]:
        """The program of a search command of the app, and its fixed arguments."""
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
            raise AppError(f"no lookup {name} that is an executable")
        filename, *arguments = stanza["external_cmd"].split()
        program = self._program(filename, ("bin",), ("",))
        return [str(program), *arguments], [field.strip() for field in stanza["fields_list"].split(",")]

    def _program(self, filename: str, folders: Sequence[str], extensions: Sequence[str]) -> Path:
        if "/" in filename or filename.startswith("."):
            raise AppError(f"the program {filename} lies outside bin")
        for folder in (self.root / folder for folder in folders):
            for extension in extensions:
                path = folder / (filename + extension)
                if path.is_file():
                    if not os.access(path, os.X_OK):
                        raise AppError(f"{path.name} is not executable")
                    return path
        raise AppError(f"no program {filename} in the app's bin folders")

    def lookup(self, name: str) -> Path:
        """The file of a lookup of transforms.conf."""
        return self.root / "lookups" / self.settings("transforms.conf")[name]["filename"]

    def metadata(self) -> Settings:
        """Who sees what: each setting of local.meta in place of default.meta's in the same stanza."""
        merged: Settings = {}
        for name in ("default.meta", "local.meta"):
            path = self.root / "metadata" / name
            layer = read_settings(path.read_text(encoding="utf-8")) if path.is_file() else {}
            for stanza, settings in layer.items():
                merged[stanza] = merged.get(stanza, {}) | settings
        return merged

    def is_exported(self, kind: str, name: str) -> bool:
        """Whether other apps see an object, by the closest stanza that says so."""
        meta = self.metadata()
        encoded = re.sub(r"[^\w.-]", lambda m: f"%{ord(m[0]):02X}", name)
        for stanza in (f"{kind}/{name}", f"{kind}/{encoded}", kind, ""):
            if "export" in meta.get(stanza, {}):
                return meta[stanza]["export"] == "system"
        return False

    def expand(self, search: str) -> str:
        """A search with its macros put in, inner ones too."""
        macros = self.settings("macros.conf")
        for _ in range(100):
            found = re.search(r"`([^`]*)`", search)
            if found is None:
                return search
            search = search[: found.start()] + _expansion(macros, found[1]) + search[found.end() :]
        raise AppError("macros without end")


def _expansion(macros: Settings, call: str) -> str:
    """What stands for `name` or `name(a, b)`."""
    name, has_arguments, rest = call.strip().partition("(")
    given = _macro_arguments(rest.removesuffix(")")) if has_arguments else []
    key = f"{name}({len(given)})" if given else name
    if key not in macros:
        raise AppError(f"no macro {key}")
    if macros[key].get("iseval", "0") not in ("0", "false"):
        raise AppError(f"macro {key} is an eval macro, which this stand-in does not know")
    text = macros[key]["definition"]
    # A definition in quotes is text all the same.
    if re.fullmatch(r'"(?:\\.|[^"\\])*"', text, re.DOTALL):
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    names = [name.strip() for name in macros[key].get("args", "").split(",") if name.strip()]
    if len(names) != len(given):
        raise AppError(f"macro {key} names {len(names)} arguments")
    values = dict(zip(names, given))
    return re.sub(r"\$(\w+)\$", lambda m: values[m[1]], text)


def _macro_arguments(text: str) -> list[str]:
    """Arguments between commas, where commas inside quotes and parentheses do not count; quotes around one go."""
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
