"""The command line of bin/bench."""

import argparse
import sys

from . import builds, checks, instructions, report, startup
from .contenders import Contender, Field, Part
from .feeder import Failure, Feeder

OTHERS = ["checks", "startup", "instructions"]


def main(description: str) -> None:
    options = read_options(description)
    try:
        bench(options)
    except Failure as failure:
        sys.exit(f"bench: {failure}")


def read_options(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="WORD,...", default="", help="parts (narrow, wide, map, reduce, checks, startup, "
                        "instructions), or parts of contenders' names (dnsentropy, echo)")  # fmt: skip
    parser.add_argument("--runs", type=int, help="how often each contender is run (5; slow ones 3 times at most)")
    parser.add_argument("--events", type=int, help="how many events the narrow stream has (1000000)")
    parser.add_argument("--quick", action="store_true", help="100,000 events and 3 runs: half a minute, rougher")
    parser.add_argument("--beside", metavar="PROGRAM", action="append", default=[], help="measure this build of the program too")
    options = parser.parse_args()
    options.only = [word for word in options.only.split(",") if word]
    options.runs = options.runs or (3 if options.quick else 5)
    options.events = options.events or (100_000 if options.quick else 1_000_000)
    return options


def bench(options: argparse.Namespace) -> None:
    made = builds.make()
    feeder = Feeder(made.floors / "measured")
    field = Field(made, feeder, options.events, options.beside)
    results: dict[str, object] = {"machine": report.machine(), "options": vars(options), "parts": {}}
    for name, make in field.parts().items():
        if part := choose(name, make, options.only):
            race(part, feeder, options.runs)
            results["parts"][name] = report.print_part(part)
    wanted = [name for name in OTHERS if not options.only or name in options.only]
    if "startup" in wanted:
        results["startup_ms"] = startup.measure(field, 20 if options.quick else 100)
        report.print_list("from the start to the getinfo reply", results["startup_ms"], "ms")
    if "instructions" in wanted:
        results["instructions_per_event"] = instructions.measure(field, options.beside)
        report.print_list("callgrind", results["instructions_per_event"] or {"there is no valgrind": 0}, "instructions/event")
    if "checks" in wanted:
        results["checks"] = checks.check(field, feeder)
        report.print_checks(results["checks"])
    report.write(results)


def choose(name: str, make, only: list[str]) -> Part | None:
    """The part with the contenders that are asked for, or None."""
    if only and all(word in OTHERS for word in only):
        return None
    part = make()
    if only and name not in only:
        part.contenders = [c for c in part.contenders if any(word in c.name for word in only)]
    return part if part.contenders else None


def race(part: Part, feeder: Feeder, runs: int) -> None:
    """Runs all contenders in turn, in another order each round."""
    for number in range(runs):
        start = number % len(part.contenders)
        for contender in part.contenders[start:] + part.contenders[:start]:
            run(contender, feeder, number)


def run(contender: Contender, feeder: Feeder, number: int) -> None:
    if contender.slow and number >= 3:
        return
    first, *rest = [feeder.streamed(step) for step in contender.steps]
    contender.streamed.append(sum(rest, first))
    if contender.chunked and not (contender.slow and number > 0):
        first, *rest = [feeder.lockstep(step) for step in contender.steps]
        contender.lockstep.append(sum(rest, first))
    outs = [sample.out for sample in contender.streamed + contender.lockstep]
    # Not to the byte: who sums up in the order of a hash map does not give the last digit of a float twice.
    if max(outs) > min(outs) * 1.001:
        raise Failure(f"{contender.name} does not give the same each time")
