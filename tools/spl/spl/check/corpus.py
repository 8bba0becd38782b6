"""Finds every search of an app: saved searches, dashboards, examples of the help, documents.

PYTHONPATH=tools/spl python3 -m spl.check.corpus APP FOLDER
writes those that Splunk runs into files, for other checkers.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from spl.check.project import DOCUMENTS, MEANT_TO_FAIL
from spl.splunkd.app import App

TOKEN = re.compile(r"\$(?:form\.)?([A-Za-z_][\w.]*)(\|[a-z])?\$")
# A line that begins a search in a document.
START = re.compile(r"(index=|\.\.\. \||search |\|\s*[`a-z])")


@dataclass(frozen=True)
class Search:
    """A search and where it was found. A text that begins with dots continues a search whose events are not known."""

    where: str
    text: str
    # Whether Splunk runs it unattended: then the check is strict. People look at the results of what they paste.
    strict: bool = True


def saved_searches(app: App) -> Iterator[Search]:
    """The searches of savedsearches.conf and the drill-downs of its alerts."""
    for name, stanza in app.settings("savedsearches.conf").items():
        yield Search(name, stanza["search"])
        drilldowns = [stanza.get("action.notable.param.drilldown_search", "")]
        more = json.loads(stanza.get("action.notable.param.drilldown_searches", "[]"))
        drilldowns += [each["search"] for each in more]
        filled = (TOKEN.sub(lambda token: '"x"' if token[2] == "|s" else "x", text) for text in drilldowns if text)
        yield from (Search(f"{name}, drill-down", text) for text in filled)


def dashboards(app: App) -> Iterator[Search]:
    """The searches of the views, once for each combination of values of their tokens."""
    for path in sorted((app.root / "default" / "data" / "ui" / "views").glob("*.xml")):
        view = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        definition = view.find("definition")
        found = _simple(view) if definition is None else _studio(json.loads(definition.text or ""))
        for name, text in found:
            yield Search(f"{path.name}, {name}", text)


def _studio(definition: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The data sources of Dashboard Studio; a chain search continues another one."""
    sources = definition.get("dataSources", {})
    tokens = {}
    for given in definition.get("inputs", {}).values():
        options = given.get("options", {})
        items = options.get("items")
        values = [item["value"] for item in items] if isinstance(items, list) else []
        tokens[options.get("token", "")] = values or [str(options.get("defaultValue", "x"))]
    for token, value in definition.get("defaults", {}).get("tokens", {}).get("default", {}).items():
        tokens.setdefault(token, [str(value.get("value", "x"))])

    def query(name: str) -> str:
        options = sources[name].get("options", {})
        base = query(options["extend"]) if sources[name]["type"] == "ds.chain" else ""
        return f"{base}\n{options.get('query', '')}".strip()

    for name, source in sources.items():
        if source["type"] in ("ds.search", "ds.chain"):
            yield from ((name, text) for text in _with_tokens(query(name), tokens))


def _simple(view: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """The searches of Simple XML."""
    tokens = {}
    for given in view.iter("input"):
        values = [choice.get("value", "") for choice in given.iter("choice")]
        tokens[given.get("token", "")] = values or [given.findtext("default") or "x"]
    bases = {base.get("id"): base.findtext("query") or "" for base in view.iter("search") if base.get("id")}
    for number, search in enumerate(view.iter("search")):
        text = f"{bases.get(search.get('base'), '')}\n{search.findtext('query') or ''}".strip()
        yield from ((f"search {number}", each) for each in _with_tokens(text, tokens))


def _with_tokens(text: str, tokens: dict[str, list[str]]) -> Iterator[str]:
    names = sorted({found[1] for found in TOKEN.finditer(text)})
    for values in product(*(tokens.get(name, ["x"])[:8] for name in names)):
        chosen = dict(zip(names, values))
        yield TOKEN.sub(lambda found: json.dumps(chosen[found[1]]) if found[2] == "|s" else chosen[found[1]], text)


def examples(app: App) -> Iterator[Search]:
    """The examples in searchbnf.conf, which the search assistant shows."""
    for name, stanza in app.settings("searchbnf.conf").items():
        for key, text in stanza.items():
            if re.fullmatch(r"example\d+", key):
                yield Search(f"searchbnf.conf, [{name}] {key}", text, False)


def documents(root: Path) -> Iterator[Search]:
    """The searches in the documents: in blocks of code, and in lines that begin with a bar."""
    for path in (path for pattern in DOCUMENTS for path in sorted(root.glob(pattern))):
        text = path.read_text(encoding="utf-8")
        for number, block in enumerate(_blocks(text)):
            yield from (Search(f"{path.name}, block {number}", each, False) for each in _searches(block))
        for span in re.findall(r"``? ?(\|[^\n]*?[^`\n]) ?``?(?!`)", re.sub(r"(?m)^(    |\|).*$", "", text)):
            yield Search(f"{path.name}, `{span}`", "... " + span, False)


def _blocks(text: str) -> Iterator[str]:
    """Blocks of code, indented or fenced, without their indentation."""
    yield from re.findall(r"(?ms)^```\w*\n(.*?)^```$", text)
    outside = re.sub(r"(?ms)^```.*?^```$", "", text)
    for block in re.findall(r"(?m)(?:^(?: {4,}.*)?\n)*^ {4,}.*\n?(?:^(?: {4,}.*)?\n)*", outside):
        yield "\n".join(line[4:] for line in block.splitlines())


def _searches(block: str) -> Iterator[str]:
    """The searches of a block: a blank line, or a new `index=`, begins another."""
    for part in re.split(r"\n\s*\n|\n(?=index=|\.\.\. \|)", block.strip()):
        lines = part.strip().splitlines()
        # A table of results has bars at both ends.
        if lines and START.match(lines[0]) and not lines[0].endswith("|"):
            if not any(failing in part for failing in MEANT_TO_FAIL):
                yield part.strip()


def everything(app: App, root: Path) -> Iterator[Search]:
    """All searches but macros, which the others call; `root` is the repository with the documents."""
    for source in (saved_searches, dashboards, examples):
        yield from source(app)
    yield from documents(root)


def main(app: App, folder: Path) -> None:
    """Write the searches that Splunk runs, with their macros expanded."""
    for number, search in enumerate([*saved_searches(app), *dashboards(app)]):
        name = re.sub(r"\W+", "-", search.where)
        (folder / f"{number:03}-{name}.spl").write_text(app.expand(search.text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(App(Path(sys.argv[1])), Path(sys.argv[2]))
