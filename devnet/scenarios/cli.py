"""``sextant scenario``: play a crash on the real node, and say what became of everybody."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devnet.place import add_place, place_of
from sextant.cli.numbers import U32_MAX, whole

if TYPE_CHECKING:
    from devnet.scenarios.scenario import Scenario

EXIT_UNREADABLE: Final = 3
ACCOUNTS_MAX: Final = 20_000
SPEED_MAX: Final = 100_000


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare the command."""
    parser.description = (
        "Plays a crash on an exchange that is started for it: a leveraged crowd, makers, keepers "
        "and vault depositors with keys of their own, real blocks, real liquidations. Without a "
        "name it lists the scenarios. The same seed gives the same report. Exit code 1 says that "
        "something was lost, or did not end: the report says what."
    )
    add = parser.add_argument
    add(
        "scenario",
        nargs="?",
        metavar="NAME|FILE",
        help="a scenario, or a file of candles or trades to make one of",
    )
    add("--accounts", type=whole(10, ACCOUNTS_MAX), default=2_000, help="traders (%(default)s)")
    add("--seed", type=whole(0, U32_MAX), default=7, help="of everything drawn (%(default)s)")
    add("--out", type=Path, metavar="DIR", help="write report, samples and charts here")
    add("--no-charts", dest="charts", action="store_false", help="write no charts")
    add("--minutes", type=whole(1, 480), help="stop the path after so many minutes")
    add("--market", default="BTC", help="which market a file is about (%(default)s)")
    add(
        "--speed",
        type=whole(1, SPEED_MAX),
        default=1,
        help="seconds of a file in one second of chain time (%(default)s)",
    )
    add("--keep", type=Path, metavar="DIR", help="keep the files of the exchange here")
    add_place(parser)
    add("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the scenarios, or play one; returns the exit code."""
    import asyncio
    from dataclasses import replace

    from devnet.scenarios.session import Request, run_scenario
    from devnet.supervisor import DevnetBlocked

    if arguments.scenario is None:
        return show_list(as_json=arguments.json)
    try:
        scenario = find(arguments)
    except OSError as error:
        sys.stderr.write(f"sextant scenario: {arguments.scenario}: {error.strerror}\n")
        return EXIT_UNREADABLE
    if arguments.minutes is not None:
        scenario = replace(scenario, seconds=min(scenario.seconds, 60 * arguments.minutes))
    request = Request(
        scenario=scenario,
        accounts=arguments.accounts,
        seed=arguments.seed,
        instance=place_of(arguments).instance,
        out=arguments.out,
        keep=arguments.keep,
        charts=arguments.charts,
        as_json=arguments.json,
    )
    try:
        return asyncio.run(run_scenario(request))
    except DevnetBlocked as error:
        sys.stderr.write(f"sextant scenario: {error}\n")
    return EXIT_UNREADABLE


def find(arguments: argparse.Namespace) -> "Scenario":
    """Return the scenario of that name, or the one that a file makes.

    Raises
    ------
    BadRequest
        There is neither.
    """
    from devnet.prices import BASE_USD
    from devnet.scenarios.library import LIBRARY
    from devnet.scenarios.recordings import read_scenario
    from sextant.errors import BadRequest

    name = arguments.scenario
    known = LIBRARY.get(name)
    if known is not None:
        return known
    if not Path(name).is_file():
        raise BadRequest(
            "SCENARIO",
            f"there is no scenario {name!r}, and no such file",
            advice=f"there are {', '.join(LIBRARY)}",
        )
    market = arguments.market.upper()
    if market not in BASE_USD:
        raise BadRequest(
            "MARKET", f"there is no market {market}", advice=f"there are {', '.join(BASE_USD)}"
        )
    return read_scenario(Path(name), market, arguments.speed)


def show_list(*, as_json: bool) -> int:
    """Print the names and what each is about."""
    import json

    from devnet.scenarios.library import LIBRARY

    if as_json:
        told = [
            {"name": one.name, "story": one.story, "path_seconds": one.seconds}
            for one in LIBRARY.values()
        ]
        sys.stdout.write(json.dumps({"schema": "sextant.scenarios/1", "scenarios": told}) + "\n")
        return 0
    for one in LIBRARY.values():
        sys.stdout.write(f"{one.name:<17} {one.seconds // 60:>4} min  {one.story}\n")
    return 0
