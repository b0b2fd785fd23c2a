"""``sextant leverage``: a bound of one's own on what a position in one market may be."""

import argparse

from sextant.cli.numbers import U16_MAX, whole
from sextant.cli.options import add_key_options, add_node_options, examples
from sextant.cli.signing import sign_and_print


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant leverage BTC 5 --as alice")
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    parser.add_argument(
        "leverage",
        metavar="N",
        type=whole(0, U16_MAX),
        help="at most N times the margin; 0: no bound",
    )
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_leverage)


def run_leverage(arguments: argparse.Namespace) -> int:
    """Set it."""
    return sign_and_print(
        arguments,
        "leverage",
        lambda client: client.set_leverage(arguments.market, arguments.leverage),
    )
