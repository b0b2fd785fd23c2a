"""``sextant deposit``: from L1 into a sub-account."""

import argparse

from sextant.cli.assets import add_asset, show_amount
from sextant.cli.options import add_key_options, add_l1_options, add_node_options, examples
from sextant.cli.output import print_json, print_pairs, say
from sextant.cli.session import run_client
from sextant.client.api import CREDIT_S, AsyncClient
from sextant.client.l1_sender import L1Receipt
from sextant.client.money import positive_micros
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples(
        "sextant deposit 1000 --as alice", "sextant deposit 2 --asset WSTETH --as alice"
    )
    parser.add_argument("amount", metavar="AMOUNT", help="how much, such as 1000 or 0.5")
    add_asset(parser)
    parser.add_argument("--owner", metavar="ADDRESS", help="whose account (default: the signer's)")
    parser.add_argument(
        "--no-wait", action="store_true", help="return once L1 has it, before it is credited"
    )
    add_l1_options(parser, sends=True)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_deposit)


def run_deposit(arguments: argparse.Namespace) -> int:
    """Deposit, and wait for the credit."""
    if arguments.asset is None:
        positive_micros(arguments.amount)

    async def work(client: AsyncClient) -> L1Receipt:
        receipt = await client.deposit(
            arguments.amount, owner=arguments.owner, asset=arguments.asset, wait_s=0
        )
        if not arguments.no_wait:
            say(
                f"inbox item {receipt.value} is on L1, in block {receipt.block}: waiting until the"
                " exchange has credited it; ctrl-C ends the wait alone"
            )
            await client.wait_inbox(receipt.value, CREDIT_S)
        return receipt

    receipt = run_client(arguments, work, signs=True)
    if arguments.json:
        print_json("deposit", {"credited": not arguments.no_wait, "l1": receipt})
        return EXIT_OK
    print_pairs(
        [
            ("deposited", show_amount(arguments)),
            ("state", "on L1" if arguments.no_wait else "credited"),
            ("L1 block", receipt.block),
            ("inbox item", receipt.value),
        ]
    )
    return EXIT_OK
