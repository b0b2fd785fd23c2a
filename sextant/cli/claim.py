"""``sextant claim``: collect a final withdrawal on L1, against a proof."""

import argparse

from sextant.cli.numbers import whole
from sextant.cli.options import add_key_options, add_l1_options, add_node_options, examples
from sextant.cli.output import print_json, print_pairs
from sextant.cli.session import run_client
from sextant.client.api import AsyncClient
from sextant.client.l1_sender import L1Receipt
from sextant.client.models import Withdrawal
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant claim 0 --as alice", note="the owner is paid, whoever calls")
    parser.add_argument(
        "index", type=whole(), metavar="INDEX", help="withdrawal: see `sextant withdraw --list`"
    )
    parser.add_argument(
        "--ahead",
        action="store_true",
        help="at once, under a claim that attesters vouch for: see `sextant attester list`",
    )
    add_l1_options(parser, sends=True)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_claim)


def run_claim(arguments: argparse.Namespace) -> int:
    """Prove a withdrawal to L1."""

    async def work(client: AsyncClient) -> tuple[L1Receipt, Withdrawal]:
        receipt = await client.claim_withdrawal(arguments.index, ahead=arguments.ahead)
        return receipt, await client.withdrawal(arguments.index)

    receipt, paid = run_client(arguments, work, signs=True)
    if arguments.json:
        print_json("claim", {"paid": paid.amount, "asset": paid.asset, "l1": receipt})
    else:
        print_pairs([("paid", f"{paid.amount:,f} {paid.asset}"), ("L1 block", receipt.block)])
    return EXIT_OK
