"""The one table of Splunk's commands, which the interpreter (`run`) and the checker (`check`) both read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from spl.check import rules
from spl.check.rules import Rule
from spl.language.clauses import is_true, options_of
from spl.language.pipeline import Command, words
from spl.run import aggregate, charts, files, filters, shaping, sources
from spl.run.context import Runner

Streaming = Callable[[Command], bool]


@dataclass(frozen=True)
class Missing:
    """States that a command has no runner or no rule, and why."""

    reason: str


@dataclass(frozen=True)
class Definition:
    """What the interpreter and the checker know of one command."""

    names: tuple[str, ...]
    # Makes the function that turns the events before the command into those after it.
    run: Runner | Missing
    # Returns the fields after the command, and refuses a call that reads fields which are not there.
    check: Rule | Missing
    # Whether a call is distributable streaming: search peers run it, if they ran every command before it.
    streaming: Streaming
    # Whether it can be the first command, and what it then starts from: the events of an index, or rows of its own.
    starts: Literal["", "events", "rows"] = ""


def always(_: Command) -> bool:
    """Streaming whatever the arguments."""
    return True


def never(_: Command) -> bool:
    """Runs on the search head alone."""
    return False


def _bin_has_span(command: Command) -> bool:
    """Without a span, `bin` has to see the range of all values first."""
    return "span" in options_of(words(command.arguments), anywhere=True)[0]


def _fillnull_names_fields(command: Command) -> bool:
    """Without names, `fillnull` has to see the fields of all events first."""
    return bool(options_of(words(command.arguments), anywhere=True)[1])


def _lookup_is_not_local(command: Command) -> bool:
    """`local=true` keeps a lookup on the search head."""
    return not is_true(options_of(words(command.arguments))[0].get("local", "f"))


def _addtotals_of_rows(command: Command) -> bool:
    """The totals of columns need the events of all peers."""
    return not is_true(options_of(words(command.arguments))[0].get("col", "f"))


_SLOW = Missing("it is slow and stops at 50,000 rows; use stats or lookup")
_DISPLAY = Missing("it changes how values are displayed, not the rows")
_UNUSED = Missing("no search of the app runs it, so it has not been written")

DEFINITIONS = (
    # They keep some of the events, order them, or gather them.
    Definition(("search",), filters.search, rules.search, always, starts="events"),
    Definition(("where",), filters.where, rules.where, always),
    Definition(("regex",), filters.regex, rules.regex, always),
    Definition(("head",), filters.head, rules.head, never),
    Definition(("tail",), filters.tail, rules.head, never),
    Definition(("reverse",), filters.reverse, rules.head, never),
    Definition(("localop",), filters.localop, rules.head, never),
    Definition(("dedup",), filters.dedup, rules.dedup, never),
    Definition(("sort",), filters.sort, rules.sort, never),
    # They change events one by one.
    Definition(("eval",), shaping.evaluation, rules.evaluation, always),
    Definition(("fieldformat",), _DISPLAY, rules.evaluation, always),
    Definition(("fields",), shaping.fields, rules.fields, always),
    Definition(("table",), shaping.table, rules.fields, never),
    Definition(("rename",), shaping.rename, rules.rename, always),
    Definition(("fillnull",), shaping.fillnull, rules.fillnull, _fillnull_names_fields),
    Definition(("rex",), shaping.rex, rules.rex, always),
    Definition(("spath",), shaping.spath, rules.spath, always),
    Definition(("mvexpand",), shaping.mvexpand, rules.one_field("limit"), always),
    Definition(("makemv",), shaping.makemv, rules.one_field("delim tokenizer allowempty setsv"), always),
    Definition(("nomv",), shaping.nomv, rules.one_field(""), always),
    Definition(("mvcombine",), _UNUSED, rules.one_field("delim"), never),
    Definition(("addinfo",), shaping.addinfo, rules.addinfo, always),
    Definition(("accum",), shaping.accum, rules.accum, never),
    # They count and calculate over many events.
    Definition(("stats",), aggregate.stats, rules.stats, never),
    Definition(("eventstats",), aggregate.eventstats, rules.eventstats, never),
    Definition(("streamstats",), aggregate.streamstats, rules.eventstats, never),
    Definition(("top",), aggregate.top, rules.top, never),
    Definition(("rare",), _UNUSED, rules.top, never),
    # They make series and tables of two dimensions.
    Definition(("bin", "bucket"), charts.bins, rules.bins, _bin_has_span),
    Definition(("timechart",), charts.timechart, rules.chart, never),
    Definition(("chart",), charts.chart, rules.chart, never),
    Definition(("xyseries",), charts.xyseries, rules.untable, never),
    Definition(("untable",), charts.untable, rules.untable, never),
    Definition(("transpose",), charts.transpose, rules.transpose, never),
    Definition(("addtotals",), charts.addtotals, rules.addcoltotals, _addtotals_of_rows),
    Definition(("addcoltotals",), _UNUSED, rules.addcoltotals, never),
    Definition(("trendline",), charts.trendline, rules.trendline, never),
    # They read and write lookups.
    Definition(("lookup",), files.lookup, rules.lookup, _lookup_is_not_local),
    Definition(("inputlookup",), files.inputlookup, rules.inputlookup, never, starts="rows"),
    Definition(("outputlookup",), files.outputlookup, rules.outputlookup, never),
    # They bring rows from elsewhere, or run other searches.
    Definition(("makeresults",), sources.makeresults, rules.makeresults, never, starts="rows"),
    Definition(("rest",), sources.rest, rules.rest, never, starts="rows"),
    Definition(("tstats",), sources.tstats, rules.tstats, never, starts="events"),
    Definition(("multisearch", "union"), sources.multisearch, rules.multisearch, never, starts="rows"),
    Definition(("append",), sources.append, rules.append, never),
    Definition(("appendpipe",), sources.appendpipe, rules.append, never),
    Definition(("appendcols",), sources.appendcols, rules.append, never),
    Definition(("join",), sources.join, _SLOW, never),
    Definition(("foreach",), sources.foreach, rules.foreach, never),
)
COMMANDS = {name: definition for definition in DEFINITIONS for name in definition.names}
