"""The rules of the checker: each checks a call of one command and returns the fields after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from spl.check.context import Context
from spl.check.fields import EVENTS, NONE, Fields
from spl.check.functions import TIMECHART, check_aggregation, check_expression
from spl.check.project import DATA_MODELS
from spl.errors import SearchError
from spl.language.clauses import (
    Aggregations,
    aggregations,
    bare,
    field_and_pattern,
    is_true,
    names_of,
    options_of,
    orders,
    regular_expression,
    renamings,
)
from spl.language.expression import fields_of, parse_assignments, parse_expression
from spl.language.pipeline import Command, brackets, parse, without_brackets, words
from spl.language.terms import comparisons, parse_terms
from spl.run.kvstore import KEY

# From the walk, the command, and the fields before it (None for the first command) to the fields after it.
Rule = Callable[[Context, Command, Any], Fields]


def take_options(command: Command, allowed: str, anywhere: bool = True) -> tuple[dict[str, str], list[str]]:
    """The options of a command and its other words; raises a SearchError for options that are not allowed."""
    options, rest = options_of(words(without_brackets(command.arguments)), anywhere)
    if unknown := set(options) - set(allowed.split()):
        raise SearchError(f"{command.name} has no option {', '.join(sorted(unknown))}")
    return options, rest


def search(check: Context, command: Command, before: Fields | None) -> Fields:
    """`search terms`, also as the first command."""
    fields = EVENTS if before is None else before
    for inner in command.subsearches:
        check.pipeline(inner, None)
    found = list(comparisons(parse_terms(without_brackets(command.arguments))))
    fields.need([term.field for term in found if term.field], "search")
    if before is None:
        return fields.plus(term.field for term in found if term.field and "*" not in term.field)
    return fields


def tstats(check: Context, command: Command, before: Fields | None) -> Fields:
    """`tstats function ... [from datamodel=M] [where terms] [by field ...]`."""
    if before is not None:
        raise SearchError("tstats makes events: it must be the first command")
    found = re.fullmatch(
        r"(?P<options>(?:\w+=\w+\s+)*)(?P<functions>.+?)(?:\s+from\s+datamodel=(?P<model>[\w.]+))?"
        r"(?:\s+where\s+(?P<where>.+?))?(?:\s+by\s+(?P<by>.+))?",
        command.arguments, re.DOTALL | re.IGNORECASE,
    )  # fmt: skip
    if found is None:
        raise SearchError(f"the arguments of tstats are malformed: {command.arguments}")
    allowed = {
        "summariesonly", "allow_old_summaries", "prestats", "local", "append", "chunk_size", "fillnull_value"
    }  # fmt: skip
    if unknown := {word.partition("=")[0] for word in found["options"].split()} - allowed:
        raise SearchError(f"tstats has no option {', '.join(sorted(unknown))}")
    names: set[str] = set()
    if found["model"]:
        if found["model"] not in DATA_MODELS:
            raise SearchError(f"the data model {found['model']} is unknown")
        dataset, fields = DATA_MODELS[found["model"]]
        names = {f"{dataset}.{name}" for name in fields} | {"nodename"}
    model = Fields(frozenset({"_time", "index", "host", "sourcetype", "source", *names}))
    by = [word for word in words(found["by"] or "") if not word.startswith("span=")]
    # A time range of its own: earliest=-30d latest=now.
    terms = [t for t in comparisons(parse_terms(found["where"] or "")) if t.field not in ("earliest", "latest")]
    counted = aggregations(found["functions"])
    model.need([*by, *(term.field for term in terms if term.field), *_aggregated(counted)], "tstats")
    return Fields(frozenset([*by, *(function.output for function in counted.functions)]))


def inputlookup(check: Context, command: Command, before: Fields | None) -> Fields:
    """`inputlookup [append=t] name [where terms]`."""
    options, rest = take_options(command, "append start max strict where")
    if before is not None and not is_true(options.get("append", "f")):
        raise SearchError("inputlookup after another command needs append=true")
    columns = Fields(frozenset(check.lookups.columns(rest[0])), check.lookups.is_open(rest[0]))
    if check.lookups.is_collection(rest[0]):
        columns = columns.plus([KEY])
    if rest[1:2] == ["where"]:
        columns.need((term.field for term in comparisons(parse_terms(" ".join(rest[2:])))), "inputlookup")
    elif rest[1:]:
        raise SearchError(f"the arguments of inputlookup are malformed: {command.arguments}")
    return columns.union(before or NONE)


def makeresults(check: Context, command: Command, before: Fields | None) -> Fields:
    """`makeresults [count=N]`."""
    take_options(command, "count annotate format data splunk_server")
    return NONE.plus(["_time"])


def rest(check: Context, command: Command, before: Fields | None) -> Fields:
    """`rest path`: the fields of its rows are not known."""
    take_options(command, "splunk_server count timeout")
    return Fields(any_other=True)


def where(check: Context, command: Command, before: Fields) -> Fields:
    """`where condition`."""
    tree = parse_expression(command.arguments)
    check_expression(tree, predicate=True)
    before.need(fields_of(tree), "where")
    return before


def regex(check: Context, command: Command, before: Fields) -> Fields:
    """`regex [field(=|!=)]"pattern"`."""
    field, _, _ = field_and_pattern(command.arguments)
    before.need([field], "regex")
    return before


def evaluation(check: Context, command: Command, before: Fields) -> Fields:
    """`eval a=expression, ...` and `fieldformat`."""
    fields = before
    for target, tree in parse_assignments(command.arguments):
        check_expression(tree)
        # Splunk takes a missing field for null, but a field that no command before made is a mistake.
        fields.need(fields_of(tree), f"eval {target}")
        fields = fields.plus([target])
    return fields


def _aggregated(counted: Aggregations, more: dict[str, int] | None = None) -> list[str]:
    """The fields that aggregations read."""
    read: list[str] = []
    for function in counted.functions:
        check_aggregation(function.function, function.argument is not None, more)
        if function.argument is not None:
            check_expression(function.argument)
            read += fields_of(function.argument)
    return read


def _aggregate(command: Command, allowed: str, before: Fields, more: dict[str, int] | None = None) -> Aggregations:
    counted = aggregations(command.arguments)
    if unknown := set(counted.options) - set(allowed.split()):
        raise SearchError(f"{command.name} has no option {', '.join(sorted(unknown))}")
    before.need([*_aggregated(counted, more), *counted.by, *filter(None, [counted.over])], command.name)
    return counted


def _outputs(counted: Aggregations) -> list[str]:
    return [function.output for function in counted.functions]


def stats(check: Context, command: Command, before: Fields) -> Fields:
    """`stats function ... [by field ...]`."""
    counted = _aggregate(command, "allnum delim partitions dedup_splitvals", before)
    return Fields(frozenset([*_outputs(counted), *counted.by]))


def eventstats(check: Context, command: Command, before: Fields) -> Fields:
    """`eventstats` and `streamstats`: all fields stay."""
    allowed = "allnum" if command.name == "eventstats" else "current window global reset_on_change time_window allnum"
    return before.plus(_outputs(_aggregate(command, allowed, before)))


def chart(check: Context, command: Command, before: Fields) -> Fields:
    """`chart` and `timechart`."""
    allowed = "span bins limit useother usenull otherstr nullstr cont partial fixedrange minspan aligntime start end"
    counted = _aggregate(command, allowed, before, TIMECHART if command.name == "timechart" else None)
    over = "_time" if command.name == "timechart" else counted.over or counted.by[0]
    if command.name == "timechart":
        before.need(["_time"], "timechart")
    split_by = counted.by if command.name == "timechart" or counted.over else counted.by[1:]
    # A column for each value of the field that splits: their names are not known before the search runs.
    return Fields(frozenset([over]), any_other=True) if split_by else Fields(frozenset([over, *_outputs(counted)]))


def top(check: Context, command: Command, before: Fields) -> Fields:
    """`top` and `rare`."""
    options, rest = take_options(command, "limit showperc showcount countfield percentfield useother otherstr")
    names = [name for name in rest if name.lower() != "by" and not name.isdecimal()]
    before.need(names, command.name)
    return Fields(frozenset([*names, options.get("countfield", "count"), options.get("percentfield", "percent")]))


def fields(check: Context, command: Command, before: Fields) -> Fields:
    """`fields [-] field ...` and `table field ...`."""
    names = names_of(command.arguments.lstrip("+-"))
    before.need(names, command.name)
    if command.arguments.startswith("-"):
        return before.minus(names)
    return before.only(names, inner=command.name == "fields")


def rename(check: Context, command: Command, before: Fields) -> Fields:
    """`rename a AS b, ...`."""
    fields = before
    for old, new in renamings(command.arguments):
        before.need([old], "rename")
        if "*" in old:
            head, _, tail = old.partition("*")
            stems = {name: name[len(head) : len(name) - len(tail)] for name in before.matching(old)}
            moved = {name: new.replace("*", stem) for name, stem in stems.items()}
        else:
            moved = {old: new}
        fields = fields.minus(moved).plus(moved.values())
    return fields


def sort(check: Context, command: Command, before: Fields) -> Fields:
    """`sort [N] [-]field ...`."""
    text = re.sub(r"\s+(d|desc)$", "", command.arguments)
    before.need((key.field for key in orders(text)[1]), "sort")
    return before


def dedup(check: Context, command: Command, before: Fields) -> Fields:
    """`dedup [N] field ... [sortby field ...]`."""
    _, rest = take_options(command, "keepevents keepempty consecutive")
    names = [name for name in rest if not name.isdecimal()]
    if "sortby" in names:
        names = names[: names.index("sortby")]
    before.need(map(bare, names), "dedup")
    return before


def head(check: Context, command: Command, before: Fields) -> Fields:
    """`head [N]`, `tail [N]`, `reverse` and `localop`."""
    if not re.fullmatch(r"(limit=)?\d*", command.arguments):
        raise SearchError(f"the arguments of {command.name} are malformed: {command.arguments}")
    return before


def bins(check: Context, command: Command, before: Fields) -> Fields:
    """`bin [span=5m] field [AS name]`."""
    options, rest = take_options(command, "span bins minspan aligntime start end")
    if not rest or len(rest) not in (1, 3):
        raise SearchError(f"the arguments of bin are malformed: {command.arguments}")
    before.need([bare(rest[0])], "bin")
    return before.plus([bare(rest[-1])])


def lookup(check: Context, command: Command, before: Fields) -> Fields:
    """`lookup name field [AS field] ... [OUTPUT field ...]`."""
    options, rest = take_options(command, "local update")
    name, *rest = rest
    at = next((at for at, word in enumerate(rest) if word in ("OUTPUT", "OUTPUTNEW")), len(rest))
    inputs, outputs = _pairs(rest[:at]), _pairs(rest[at + 1 :])
    columns = Fields(frozenset(check.lookups.columns(name)))
    columns.need([column for column, _ in inputs + outputs], f"lookup {name}")
    before.need([field for _, field in inputs], f"lookup {name}")
    if not inputs:
        raise SearchError(f"the call of the lookup {name} is incomplete: name an input field")
    others = columns.known - {column for column, _ in inputs}
    return before.plus([field for _, field in outputs] if at < len(rest) else others)


def _pairs(given: list[str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    while given:
        column, *given = given
        if given and given[0].upper() == "AS":
            pairs.append((column, bare("".join(given[1:2]))))
            given = given[2:]
        else:
            pairs.append((column, column))
    return pairs


def outputlookup(check: Context, command: Command, before: Fields) -> Fields:
    """`outputlookup name`: the lookup's columns must be the fields."""
    allowed = (
        "append create_empty override_if_empty key_field max createinapp create_context output_format allow_updates"
    )
    options, rest = take_options(command, allowed)
    if len(rest) != 1:
        raise SearchError(f"the arguments of outputlookup are malformed: {command.arguments}")
    if "key_field" in options:
        if not check.lookups.is_collection(rest[0]):
            raise SearchError(f"outputlookup {rest[0]}: key_field needs a collection")
        before.need([options["key_field"]], "outputlookup")
    check.lookups.check_written(rest[0], before, check.strict)
    return before


def fillnull(check: Context, command: Command, before: Fields) -> Fields:
    """`fillnull [value=x] [field ...]`: named fields exist afterwards, even if no event had them."""
    _, names = take_options(command, "value")
    return before.plus(map(bare, names))


def one_field(allowed: str) -> Rule:
    """The rule of a command that reads one field and keeps all fields."""

    def rule(check: Context, command: Command, before: Fields) -> Fields:
        _, names = take_options(command, allowed)
        if len(names) != 1:
            raise SearchError(f"the arguments of {command.name} are malformed: {command.arguments}")
        before.need(map(bare, names), command.name)
        return before

    return rule


def rex(check: Context, command: Command, before: Fields) -> Fields:
    """`rex field=f "(?<name>…)"`: adds the named groups."""
    options, rest = take_options(command, "field mode max_match offset_field")
    before.need([options.get("field", "_raw")], "rex")
    return before.plus(regular_expression(bare("".join(rest))).groupindex)


def append(check: Context, command: Command, before: Fields) -> Fields:
    """`append`, `appendcols` and `appendpipe`: adds the fields of the search in brackets."""
    of_pipe = "run_in_preview" if command.name == "appendpipe" else "maxtime maxout timeout extendtimerange override"
    take_options(command, of_pipe)
    if len(command.subsearches) != 1:
        raise SearchError(f"{command.name} needs one search in brackets")
    inner = check.pipeline(command.subsearches[0], before if command.name == "appendpipe" else None)
    return before.union(inner)


def addinfo(check: Context, command: Command, before: Fields) -> Fields:
    """`addinfo`."""
    return before.plus(["info_min_time", "info_max_time", "info_search_time", "info_sid"])


def untable(check: Context, command: Command, before: Fields) -> Fields:
    """`untable x name value` and `xyseries x name value`."""
    names = names_of(command.arguments)
    if len(names) != 3:
        raise SearchError(f"{command.name} takes three fields")
    before.need(names[:1] if command.name == "untable" else names, command.name)
    return Fields(frozenset(names)) if command.name == "untable" else Fields(frozenset(names[:1]), any_other=True)


def transpose(check: Context, command: Command, before: Fields) -> Fields:
    """`transpose [header_field=f] [column_name=c]`: the names of most columns are values."""
    options, _ = take_options(command, "header_field column_name include_empty")
    before.need(filter(None, [options.get("header_field")]), "transpose")
    return Fields(frozenset([options.get("column_name", "column")]), any_other=True)


def spath(check: Context, command: Command, before: Fields) -> Fields:
    """`spath [input=f] [output=g]`: without an output, the new fields are not known."""
    options, _ = take_options(command, "input output path")
    before.need([options.get("input", "_raw")], "spath")
    return before.plus([options["output"]]) if "output" in options else Fields(before.known, any_other=True)


def addcoltotals(check: Context, command: Command, before: Fields) -> Fields:
    """`addtotals` and `addcoltotals`."""
    options, names = take_options(command, "labelfield label row col fieldname")
    before.need(names, command.name)
    return before.plus(filter(None, [options.get("labelfield"), options.get("fieldname")]))


def accum(check: Context, command: Command, before: Fields) -> Fields:
    """`accum field [AS field]`."""
    source, *rest = names_of(command.arguments)
    if rest and (len(rest) != 2 or rest[0].lower() != "as"):
        raise SearchError(f"the arguments of accum are malformed: {command.arguments}")
    before.need([source], "accum")
    return before.plus(rest[1:])


def trendline(check: Context, command: Command, before: Fields) -> Fields:
    """`trendline sma5(x) [AS y]`."""
    found = re.fullmatch(r"((?:sma|ema|wma)\d+\((\S+)\))(?:\s+as\s+(\S+))?", command.arguments, re.IGNORECASE)
    if found is None:
        raise SearchError(f"the arguments of trendline are malformed: {command.arguments}")
    before.need([bare(found[2])], "trendline")
    return before.plus([bare(found[3] or found[1])])


def multisearch(check: Context, command: Command, before: Fields | None) -> Fields:
    """`multisearch [search] [search]`, `union [search] [search]`."""
    if not command.subsearches:
        raise SearchError(f"{command.name} needs searches in brackets")
    fields = before or NONE
    for inner in command.subsearches:
        fields = fields.union(check.pipeline(inner, None))
    return fields


def foreach(check: Context, command: Command, before: Fields) -> Fields:
    """`foreach a b [eval …<<FIELD>>…]`: the commands in brackets for each field in turn."""
    templates, names = brackets(command.arguments), words(without_brackets(command.arguments))
    if len(templates) != 1 or not names:
        raise SearchError(f"the arguments of foreach are malformed: {command.arguments}")
    before.need(names, "foreach")
    fields = before
    for name in names:
        fields = check.pipeline(parse("| " + templates[0].replace("<<FIELD>>", name)), fields)
    return fields
