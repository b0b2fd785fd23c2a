"""``sextant transfer``: between two sub-accounts of one owner."""

import argparse

from sextant.cli.numbers import whole
from sextant.cli.options import add_key_options, add_node_options
from sextant.cli.session import run_client
from sextant.cli.signing import print_receipt
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = "example: sextant transfer 50 --from 0 --to 1 --as alice"
    parser.add_argument("amount", metavar="USDC", help="how much, such as 50")
    parser.add_argument(
        "--from",
        dest="source",
        type=whole(0, 255),
        required=True,
        metavar="SUB",
        help="out of this one",
    )
    parser.add_argument(
        "--to",
        dest="target",
        type=whole(0, 255),
        required=True,
        metavar="SUB",
        help="into this one",
    )
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_transfer)


def run_transfer(arguments: argparse.Namespace) -> int:
    """Transfer."""
    receipt = run_client(
        arguments,
        lambda client: client.transfer(
            arguments.amount, source=arguments.source, target=arguments.target
        ),
        signs=True,
    )
    print_receipt(arguments, "transfer", receipt)
    return EXIT_OK
