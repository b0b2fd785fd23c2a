"""``sextant devnet``: a whole network on this machine, up, down, status, logs and the story."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devnet.l1.cli import RETENTION
from devnet.place import add_place, place_of
from sextant.cli.numbers import read_span, whole
from sextant.errors import EXIT_NO, EXIT_UNREACHABLE

if TYPE_CHECKING:
    from devnet.processes import Options

DOWN_SECONDS_MAX: Final = 5.0
LINES_MAX: Final = 1_000_000
SALT_MAX: Final = 99_999_999
"""As in :mod:`devnet.genesis`, which is heavy."""
FINAL_BLOCKS_MAX: Final = 255
BASE_FEE: Final = 1_000
"""Gwei per million gas: calls cost something, and nobody's 10 ETH are ever spent."""


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare the commands of ``sextant devnet``."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    up = commands.add_parser("up", help="start everything and watch it; ctrl-C stops it")
    add_place(up)
    up.add_argument("--seed", type=whole(), default=7, help="seed of prices and bots")
    up.add_argument("--prices", type=Path, help="price script: lines of SECONDS MARKET PRICE")
    up.add_argument("--makers", type=int, default=2, choices=range(3), help="market makers")
    up.add_argument("--takers", type=int, default=3, choices=range(4), help="takers")
    up.add_argument(
        "--block-time-ms", type=int, default=1_000, help="of the L1 (default %(default)s)"
    )
    up.add_argument(
        "--final-blocks",
        type=whole(1, FINAL_BLOCKS_MAX),
        default=2,
        help="how far L1's tag final trails, and how deep it may re-org (default %(default)s)",
    )
    up.add_argument(
        "--retention",
        type=read_span,
        default=RETENTION,
        metavar="SPAN",
        help="how long L1 keeps the bytes of batches, such as 10m (default %(default)s)",
    )
    up.add_argument(
        "--base-fee",
        type=whole(),
        default=BASE_FEE,
        metavar="GWEI",
        help="of a million gas on L1: where it begins, and how far it falls (default %(default)s)",
    )
    up.add_argument(
        "--salt",
        type=whole(0, SALT_MAX),
        metavar="N",
        help="of a new data directory: sets its chain id and contract address apart from those of "
        "other devnets (default: drawn; 0: chain id 7714001)",
    )
    up.add_argument("--plain", action="store_true", help="lines instead of a screen")
    up.set_defaults(run=run_up)
    down = commands.add_parser("down", help="stop a devnet that runs elsewhere")
    add_place(down)
    down.set_defaults(run=run_down)
    status = commands.add_parser("status", help="look once, and print")
    add_place(status)
    status.add_argument("--json", action="store_true", help="print one JSON object")
    status.set_defaults(run=run_status)
    logs = commands.add_parser("logs", help="show the end of the logs")
    add_place(logs)
    logs.add_argument("process", nargs="?", help="such as sequencer; without it, all")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until ctrl-C")
    logs.add_argument(
        "-n", "--lines", type=whole(0, LINES_MAX), default=20, help="lines each (default 20)"
    )
    logs.set_defaults(run=run_logs)
    demo = commands.add_parser("demo", help="the finite story, on an instance of its own")
    demo.add_argument("--keep", action="store_true", help="keep the data directory")
    demo.add_argument("--json", action="store_true", help="print one JSON object per step")
    demo.set_defaults(run=run_demo)


def options_of(arguments: argparse.Namespace) -> "Options":
    """Return what a command line varies, checked before anything starts."""
    from devnet.l1.cli import check_block_time
    from devnet.prices import PricesInvalid, check_script
    from devnet.processes import Options
    from sextant.errors import BadRequest

    try:
        check_block_time(arguments.block_time_ms)
        if arguments.prices is not None:
            check_script(arguments.prices)
    except ValueError as error:
        raise BadRequest("BLOCK_TIME", str(error)) from error
    except PricesInvalid as error:
        raise BadRequest("SCRIPT", str(error)) from error
    return Options(
        seed=arguments.seed,
        script=arguments.prices,
        block_time_ms=arguments.block_time_ms,
        final_blocks=arguments.final_blocks,
        retention_ms=arguments.retention,
        base_fee=arguments.base_fee,
        makers=arguments.makers,
        takers=arguments.takers,
    )


def run_up(arguments: argparse.Namespace) -> int:
    """Start everything, show it, stop it; returns the exit code."""
    import asyncio

    from devnet.session import watch

    layout, options = place_of(arguments), options_of(arguments)
    return asyncio.run(watch(layout, options, salt=arguments.salt, plain=arguments.plain))


def run_down(arguments: argparse.Namespace) -> int:
    """Ask a running supervisor to stop, and wait until it has."""
    import os
    import signal
    import time

    from devnet.supervisor import running_pid

    layout = place_of(arguments)
    pid = running_pid(layout)
    if pid is None:
        sys.stderr.write(f"no devnet runs in {layout.directory}\n")
        return EXIT_NO
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + DOWN_SECONDS_MAX
    while time.monotonic() < until:
        if running_pid(layout) is None:
            sys.stderr.write("stopped\n")
            return 0
        time.sleep(0.05)
    sys.stderr.write(f"pid {pid} is still stopping after {DOWN_SECONDS_MAX:.0f} s\n")
    return EXIT_NO


def run_status(arguments: argparse.Namespace) -> int:
    """Print the status once; exit code 3 if nothing answers."""
    import asyncio

    from devnet.session import look_once
    from devnet.supervisor import named

    layout = place_of(arguments)
    found = asyncio.run(look_once(layout, as_json=arguments.json))
    if found is None:
        sys.stderr.write(
            f"nothing answers at {layout.address('grpc')} or {layout.address('l1')}; "
            f"start it with {named('up', layout)}\n"
        )
        return EXIT_UNREACHABLE
    sys.stdout.write(found + "\n")
    return 0


def run_logs(arguments: argparse.Namespace) -> int:
    """Print the end of one log, or of all."""
    from devnet.tailing import follow, print_tail

    layout = place_of(arguments)
    logs = sorted(layout.logs.glob("*.log"))
    if arguments.process:
        logs = [log for log in logs if log.stem == arguments.process]
    if not logs:
        known = ", ".join(sorted(log.stem for log in layout.logs.glob("*.log"))) or "none"
        sys.stderr.write(f"no such log in {layout.logs}; known: {known}\n")
        return EXIT_UNREACHABLE
    for log in logs:
        print_tail(log, arguments.lines, named=len(logs) > 1)
    if arguments.follow:
        follow(logs)
    return 0


def run_demo(arguments: argparse.Namespace) -> int:
    """Play the story; exit code 0 only if each step was checked."""
    import asyncio

    from devnet.story.play import play

    return asyncio.run(play(keep=arguments.keep, as_json=arguments.json))
