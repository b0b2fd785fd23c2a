"""``sextant tx``: how far a transaction has come, and what became of it."""

import argparse

from sextant.cli.options import add_node_options
from sextant.cli.output import print_json, print_pairs, print_table, show_time
from sextant.cli.session import run_client
from sextant.client.amounts import show_usdc
from sextant.client.api import AsyncClient
from sextant.client.chain import TransactionInfo
from sextant.client.models import Stage
from sextant.client.names import read_hash
from sextant.client.receipts import Receipt
from sextant.client.refusals import show_arguments
from sextant.errors import EXIT_NO, EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = "exit code 1: this node does not know it"
    parser.add_argument("hash", metavar="HASH", help="transaction hash, 64 hex digits")
    parser.add_argument(
        "--wait",
        choices=("sequenced", "posted", "final"),
        help="wait, at most three minutes, until it has come this far",
    )
    add_node_options(parser)
    parser.set_defaults(run=run_tx)


def run_tx(arguments: argparse.Namespace) -> int:
    """Show a transaction."""
    found = read_hash(arguments.hash)
    wait = Stage(arguments.wait) if arguments.wait else None

    async def work(client: AsyncClient) -> TransactionInfo:
        if wait is None:
            return await client.transaction(found)
        return await client.wait_stage(found, wait)

    info = run_client(arguments, work)
    if arguments.json:
        print_json("transaction", info)
    else:
        print_transaction(arguments, info)
    return EXIT_NO if info.stage in {Stage.UNKNOWN, Stage.REFUSED} else EXIT_OK


def print_transaction(arguments: argparse.Namespace, info: TransactionInfo) -> None:
    """Print a transaction and its receipts."""
    print_pairs(
        [
            ("transaction", info.transaction_hash),
            ("stage", f"{info.stage.value} {info.refusal}".strip()),
            ("block", info.height or None),
            *([("accepted", show_time(info.accepted_ms))] if info.accepted_ms else []),
            ("sequenced", show_time(info.sequenced_ms)),
            ("posted", show_time(info.posted_ms)),
            ("final", show_time(info.final_ms)),
        ]
    )
    if not info.receipts:
        return
    print_pairs([("", "")])
    print_table(
        arguments,
        [">LEG", "RESULT", ">ORDER", ">FILLED LOTS", ">NOTIONAL", ">FEE", "ARGUMENTS"],
        [row_of(receipt) for receipt in info.receipts],
    )


def row_of(receipt: Receipt) -> tuple[object, ...]:
    """Return a receipt's row; it does not say in which market it was, so sizes stay in lots."""
    return (
        receipt.leg,
        receipt.code_name,
        receipt.order_id or None,
        receipt.filled or None,
        show_usdc(receipt.notional) if receipt.notional else None,
        show_usdc(receipt.fee) if receipt.fee else None,
        ", ".join(show_arguments(receipt)) or None,
    )
