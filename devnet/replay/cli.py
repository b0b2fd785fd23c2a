"""``sextant replay``: feed a recorded market through the running exchange."""

import argparse
import sys
from pathlib import Path
from typing import Final

from devnet.place import add_place, place_of

EXIT_UNREADABLE: Final = 3
FORMATS: Final = ("binance-futures-raw",)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare the command."""
    parser.description = (
        "Feeds a recorded market through the exchange that runs here, or through one that is "
        "started for it: the recorded book becomes maker orders, recorded trades become takers, "
        "quotes become signed index prices. Exit code 1 says that the books differed."
    )
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="the capture, compressed with gzip or not")
    add("--format", choices=FORMATS, default=FORMATS[0], help="how it is written (%(default)s)")
    add("--symbol", help="which symbol of the capture (default: the first)")
    add("--market", help="which market here (default: the symbol's, or its base asset's)")
    add(
        "--speed",
        type=float,
        default=4.0,
        help="seconds of recording per second of chain time (default %(default)g)",
    )
    add("--seconds", type=float, help="stop after so many seconds of the recording")
    malformed = parser.add_mutually_exclusive_group()
    malformed.add_argument(
        "--skip-malformed", action="store_true", help="report malformed lines, and go on"
    )
    malformed.add_argument(
        "--fatal-malformed",
        dest="skip_malformed",
        action="store_false",
        help="report the first malformed line, and stop before anything is sent (default)",
    )
    add_place(parser)
    exchange = parser.add_mutually_exclusive_group()
    exchange.add_argument(
        "--own",
        action="store_const",
        const=True,
        default=None,
        help="start an exchange for this replay alone, whatever runs here",
    )
    exchange.add_argument(
        "--running",
        dest="own",
        action="store_const",
        const=False,
        help="use the exchange that runs here, or fail",
    )
    add("--keep", type=Path, metavar="DIR", help="keep the files of an exchange of its own here")
    add("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_replay)


def run_replay(arguments: argparse.Namespace) -> int:
    """Replay; returns the exit code."""
    import asyncio

    from devnet.replay.capture import Malformed
    from devnet.replay.session import replay
    from devnet.replay.survey import Request
    from devnet.supervisor import DevnetBlocked
    from sextant.errors import BadRequest

    if arguments.speed <= 0:
        raise BadRequest("SPEED", f"speed {arguments.speed:g} is not positive")
    request = Request(
        file=arguments.file,
        layout=place_of(arguments),
        own=arguments.own,
        keep=arguments.keep,
        symbol=arguments.symbol,
        market=arguments.market,
        speed=arguments.speed,
        seconds=arguments.seconds,
        skip_malformed=arguments.skip_malformed,
        as_json=arguments.json,
    )
    try:
        arguments.file.open("rb").close()
    except OSError as error:
        sys.stderr.write(f"sextant replay: {arguments.file}: {error.strerror}\n")
        return EXIT_UNREADABLE
    try:
        return asyncio.run(replay(request))
    except Malformed as error:
        sys.stderr.write(f"sextant replay: {arguments.file}: {error}\n")
    except DevnetBlocked as error:
        sys.stderr.write(f"sextant replay: {error}\n")
    return EXIT_UNREADABLE
