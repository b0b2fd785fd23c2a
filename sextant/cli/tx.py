"""``sextant tx``: how far a transaction has come, and what became of it."""

import argparse
from collections.abc import Sequence

from sextant.cli.options import add_node_options, node_target
from sextant.cli.output import print_json, print_pairs, print_table, say, show_time
from sextant.cli.session import run_client
from sextant.client.amounts import show_decimal, show_usdc
from sextant.client.api import AsyncClient
from sextant.client.chain import TransactionInfo
from sextant.client.market import Market
from sextant.client.models import Stage
from sextant.client.names import read_hash
from sextant.client.receipts import Receipt
from sextant.client.refusals import show_arguments
from sextant.errors import EXIT_NO, EXIT_OK
from statemachine.actions import (
    Action,
    Bracket,
    Bulk,
    ClosePosition,
    Modify,
    PlaceOrder,
    Scale,
)


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

    async def work(client: AsyncClient) -> tuple[TransactionInfo, list[Market | None]]:
        if wait is None:
            info = await client.transaction(found)
        else:
            info = await client.wait_stage(found, wait)
        filled = any(receipt.filled for receipt in info.receipts)
        action = await client.action(info) if filled and not arguments.json else None
        numbers = [market_of(action, receipt.leg) for receipt in info.receipts]
        return info, [None if n is None else await client.market(n) for n in numbers]

    info, markets = run_client(arguments, work)
    if arguments.json:
        print_json("transaction", info)
    else:
        print_transaction(arguments, info, markets)
    if info.stage is Stage.UNKNOWN:
        say(
            f"the node at {node_target(arguments)} does not know it: is the hash whole, and of this"
            " exchange? what was sent a moment ago may be on its way: `--wait sequenced`;"
            " sending the same bytes again never does anything twice"
        )
    return EXIT_NO if info.stage in {Stage.UNKNOWN, Stage.REFUSED} else EXIT_OK


def market_of(action: Action | None, leg: int) -> int | None:
    """Return the market in which a leg of an action trades, if it names one."""
    if isinstance(action, Bulk):
        return action.legs[leg].market if leg < len(action.legs) else None
    if isinstance(action, Bracket):
        return action.exits[0].market
    if isinstance(action, PlaceOrder | Modify | ClosePosition | Scale):
        return action.market
    return None


def print_transaction(
    arguments: argparse.Namespace, info: TransactionInfo, markets: Sequence[Market | None]
) -> None:
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
        [">LEG", "RESULT", ">ORDER", ">FILLED", ">NOTIONAL", ">FEE", "ARGUMENTS"],
        [row_of(*pair) for pair in zip(info.receipts, markets, strict=True)],
    )


def row_of(receipt: Receipt, market: Market | None) -> tuple[object, ...]:
    """Return a receipt's row.

    A receipt does not say in which market it was: without the action, sizes stay in
    lots, and prices in micro-USDC per lot.
    """
    filled = f"{receipt.filled} lots"
    if market is not None:
        filled = f"{show_decimal(market.show_size(receipt.filled))} {market.name}"
    return (
        receipt.leg,
        receipt.code_name,
        receipt.order_id or None,
        filled if receipt.filled else None,
        show_usdc(receipt.notional) if receipt.notional else None,
        show_usdc(receipt.fee) if receipt.fee else None,
        ", ".join(show_arguments(receipt, market)) or None,
    )
