"""``sextant modify``: give an order a new price, a new remaining size, or both."""

import argparse

from sextant.cli.options import add_key_options, add_node_options, add_rounding, examples
from sextant.cli.session import run_client
from sextant.cli.signing import print_placed
from sextant.client.amounts import Rounding
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples(
        "sextant modify 1234 --limit 64990.5", note="prints the order's new id"
    )
    parser.add_argument("ref", metavar="ORDER", help="order id, or client id in hex")
    parser.add_argument("--limit", metavar="PRICE", help="new price")
    parser.add_argument("--size", metavar="SIZE", help="new remaining size")
    add_rounding(parser)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_modify)


def run_modify(arguments: argparse.Namespace) -> int:
    """Modify an order."""
    rounding = Rounding(arguments.rounding) if arguments.rounding else None
    placed = run_client(
        arguments,
        lambda client: client.modify(
            arguments.ref, limit=arguments.limit, size=arguments.size, rounding=rounding
        ),
        signs=True,
    )
    print_placed(arguments, placed)
    return EXIT_OK
