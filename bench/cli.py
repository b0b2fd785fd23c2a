"""``sextant bench``: measure this machine, or compare engines on one input."""

import argparse
import os
import subprocess
import sys

EXIT_USAGE = 2


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add ``run`` and ``flow``."""
    commands = parser.add_subparsers(metavar="COMMAND")
    run = commands.add_parser(
        "run", help="run all benchmarks, or the named ones; same as make bench"
    )
    run.add_argument("names", nargs="*", metavar="NAME", help="a figure or a group of figures")
    run.add_argument("--list", action="store_true", help="list the figures and stop")
    run.set_defaults(run=run_benchmarks)
    flow = commands.add_parser(
        "flow",
        help="run a file of orders through the engine",
        description=(
            "Runs lines op,id,account,market,side,price,qty (op: L limit, I immediate-or-cancel, "
            "C cancel; side: 0 buy, 1 sell; integer ticks and lots) in file order, with unlimited "
            "collateral and nothing but price and time deciding."
        ),
    )
    flow.add_argument("file", metavar="FILE.csv", help="the orders")
    flow.add_argument("--json", action="store_true", help="print one object")
    flow.add_argument(
        "--form",
        choices=("best", "interpreted", "compiled"),
        default="best",
        help="which form of the state machine runs (best: compiled, if it is built)",
    )
    flow.set_defaults(run=run_flow)


def run_benchmarks(arguments: argparse.Namespace) -> int:
    """Run benchmarks as ``python -m bench`` does."""
    from bench.__main__ import run

    return run(arguments.names, listing=arguments.list)


def run_flow(arguments: argparse.Namespace) -> int:
    """Run a file of orders in a process that has the right form of the state machine."""
    from bench.measurements import Unavailable, environment_of

    wanted = {"best": None, "interpreted": False, "compiled": True}[arguments.form]
    try:
        environment = environment_of(compiled=wanted)
    except Unavailable as error:
        sys.stderr.write(f"sextant bench flow: {error}\n")
        return EXIT_USAGE
    file = os.path.realpath(arguments.file)
    command = [sys.executable, "-P", "-m", "bench.flow", file]
    if arguments.json:
        command.append("--json")
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - ours
