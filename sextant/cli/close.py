"""``sextant close``: close a position, whatever its size by then."""

import argparse

from sextant.cli.numbers import read_share
from sextant.cli.options import add_key_options, add_node_options, examples
from sextant.cli.output import print_json, say
from sextant.cli.session import run_client
from sextant.cli.signing import print_placed
from sextant.errors import EXIT_NO, EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant close BTC")
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    parser.add_argument("--limit", metavar="PRICE", help="worst price; without it: near mark")
    parser.add_argument(
        "--slippage",
        type=read_share,
        default=read_share("1%"),
        metavar="SHARE",
        help="how far from mark to go, such as 0.5%% (default: 1%%)",
    )
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_close)


def run_close(arguments: argparse.Namespace) -> int:
    """Close a position."""
    placed = run_client(
        arguments,
        lambda client: client.close_position(
            arguments.market,
            limit=arguments.limit,
            slippage=arguments.slippage,
            sub=arguments.sub,
        ),
        signs=True,
    )
    if placed is not None:
        print_placed(arguments, placed)
        return EXIT_OK
    if arguments.json:
        print_json("order.placed", {"placed": None})
    say(f"no position in {arguments.market} to close")
    return EXIT_NO
