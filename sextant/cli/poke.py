"""``sextant poke``: ask the exchange to look at a portfolio, anybody's."""

import argparse

from sextant.cli.numbers import U32_MAX, whole
from sextant.cli.options import add_key_options, add_node_options
from sextant.cli.signing import sign_and_print


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = (
        "closes what it still holds in settled markets; else begins a liquidation\n"
        "that is due, and may earn a reward for it"
    )
    parser.add_argument(
        "account", metavar="ACCOUNT", type=whole(0, U32_MAX), help="number of the account"
    )
    parser.add_argument(
        "--of-sub",
        dest="of_sub",
        type=whole(0, 255),
        default=0,
        metavar="N",
        help="which of its sub-accounts (default 0)",
    )
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_poke)


def run_poke(arguments: argparse.Namespace) -> int:
    """Poke."""
    return sign_and_print(
        arguments, "poke", lambda client: client.poke(arguments.account, arguments.of_sub)
    )
