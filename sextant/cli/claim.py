"""``sextant claim``: collect a final withdrawal on L1, against a proof."""

import argparse

from sextant.cli.numbers import whole
from sextant.cli.options import add_key_options, add_l1_options, add_node_options
from sextant.cli.output import print_json, print_pairs
from sextant.cli.session import run_client
from sextant.client.amounts import from_micros, show_usdc
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = "example: sextant claim 0 --as alice   (the owner is paid, whoever calls)"
    parser.add_argument(
        "index", type=whole(), metavar="INDEX", help="withdrawal: see `sextant withdraw --list`"
    )
    add_l1_options(parser)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_claim)


def run_claim(arguments: argparse.Namespace) -> int:
    """Prove a withdrawal to L1."""
    receipt = run_client(
        arguments, lambda client: client.claim_withdrawal(arguments.index), signs=True
    )
    if arguments.json:
        print_json("claim", {"paid": from_micros(receipt.value), "l1": receipt})
    else:
        print_pairs([("paid", show_usdc(receipt.value)), ("L1 block", receipt.block)])
    return EXIT_OK
