"""The command line of bin/bench."""

import argparse
import sys

from . import builds, checks, instructions, micro, report, startup
from .contenders import Contender, Field, Part
from .feeder import Failure, Feeder

PARTS = ["narrow", "twice", "wide", "kinds", "map", "reduce", "startup", "instructions", "checks", "micro"]
SLOW_RUNS = 3


def main(description: str) -> None:
    options = read_options(description)
    try:
        bench(options)
    except Failure as failure:
        sys.exit(f"bench: {failure}")


def read_options(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--only", metavar="PART,...", default=",".join(PARTS[:-1]), help=f"of {', '.join(PARTS)}; all but the last")
    add("--contenders", metavar="WORD,...", default="", help="those with one of these words in their names")
    add("--runs", type=int, help=f"how often each contender is run (5; slow ones {SLOW_RUNS} times at most)")
    add("--events", type=int, help="how many events the narrow stream has (1000000); the wide one has a tenth")
    add("--quick", action="store_true", help="100,000 events and 3 runs, which is rougher")
    add("--beside", metavar="PROGRAM", action="append", default=[], help="another build of the program to measure too")
    add("--one-core", action="store_true", help="confine each contender to one core")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(PARTS):
        parser.error(f"the part {', '.join(unknown)} is unknown: use {', '.join(PARTS)}")
    options.runs = options.runs or (3 if options.quick else 5)
    options.events = options.events or (100_000 if options.quick else 1_000_000)
    return options


def bench(options: argparse.Namespace) -> None:
    made = builds.make()
    feeder = Feeder(made.floors / "measured", options.one_core)
    field = Field(made, feeder, options.events, options.beside)
    results = report.Report(vars(options))
    for name, make in field.parts().items():
        if name in options.only:
            part = make()
            race(part, feeder, options)
            results.part(part)
    if "startup" in options.only:
        results.startup(startup.measure(field, 40 if options.quick else 100))
    if "instructions" in options.only:
        results.instructions(instructions.measure(field))
    if "checks" in options.only:
        results.checks(checks.check(field, feeder))
    if "micro" in options.only:
        micro.run()
    results.aims()
    if options.only != ["micro"]:
        results.write()


def race(part: Part, feeder: Feeder, options: argparse.Namespace) -> None:
    """Runs the contenders in turn, in another order each round."""
    words = options.contenders.split(",")
    part.contenders = [contender for contender in part.contenders if any(word in contender.name for word in words)]
    for number in range(options.runs):
        start = number % max(1, len(part.contenders))
        for contender in part.contenders[start:] + part.contenders[:start]:
            run(contender, feeder, number)


def run(contender: Contender, feeder: Feeder, number: int) -> None:
    if contender.slow and number >= SLOW_RUNS:
        return
    first, *rest = [feeder.streamed(step) for step in contender.steps]
    contender.streamed.append(sum(rest, first))
    if contender.replies and not (contender.slow and number > 0):
        first, *rest = [feeder.lockstep(step) for step in contender.steps]
        contender.lockstep.append(sum(rest, first))
    outs = [sample.out for sample in contender.streamed + contender.lockstep]
    # Not to the byte: a sum in the order of a hash map differs in the last digits of a float.
    if max(outs) > min(outs) * 1.01:
        raise Failure(f"{contender.name} returns different output from run to run")
