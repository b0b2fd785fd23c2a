"""Sending an action, or with ``--dry-run`` only showing what would be signed."""

import argparse
import json
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sextant.cli.output import print_json, print_pairs
from sextant.cli.session import run_client
from sextant.client.amounts import show_usdc
from sextant.client.api import AsyncClient
from sextant.client.receipts import Placed, Receipt
from sextant.client.session import EXPIRY_MS
from sextant.client.typed_data import typed_data_of
from sextant.errors import EXIT_OK
from statemachine.actions import Action
from statemachine.identity.signing import digest_of

Answer = TypeVar("Answer")


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add ``--dry-run``."""
    parser.add_argument(
        "--dry-run", action="store_true", help="show the typed data that would be signed, and stop"
    )


def show_dry(
    arguments: argparse.Namespace, compose: Callable[[AsyncClient], Awaitable[Action]]
) -> int:
    """Print what would be signed; nothing is signed or sent."""

    async def work(client: AsyncClient) -> dict[str, object]:
        domain = await client.domain()
        action = await compose(client)
        nonce, expiry = client.nonces.draw(), client.clock.now_ms() + EXPIRY_MS
        return {
            "action": repr(action),
            "digest": digest_of(domain, action, nonce, expiry),
            "typed_data": typed_data_of(domain, action, nonce, expiry),
        }

    shown = run_client(arguments, work)
    if arguments.json:
        print_json("dry-run", shown)
    else:
        sys.stdout.write(json.dumps(shown["typed_data"], indent=2) + "\n")
    return EXIT_OK


def print_placed(arguments: argparse.Namespace, placed: Placed) -> None:
    """Print an order that was taken."""
    if arguments.json:
        print_json("order.placed", placed)
        return
    rows: list[tuple[str, object]] = [("order", placed.order_id)]
    if placed.client_id:
        rows.append(("client id", placed.client_id))
    rows.append(("filled", placed.filled))
    if placed.average_price is not None:
        rows.append(("average price", placed.average_price))
        rows.append(("fee", show_usdc(placed.receipt.fee)))
    if placed.existed:
        rows.append(("note", "this client id was live already: nothing was doubled"))
    rows += receipt_rows(placed.receipt)
    print_pairs(rows)


def print_receipt(arguments: argparse.Namespace, schema: str, receipt: Receipt) -> None:
    """Print the receipt of an action that is not an order."""
    if arguments.json:
        print_json(schema, {"receipt": receipt})
    else:
        print_pairs([("result", receipt.code_name), *receipt_rows(receipt)])


def receipt_rows(receipt: Receipt) -> list[tuple[str, object]]:
    """Return what names a receipt."""
    return [("block", receipt.height), ("transaction", receipt.transaction_hash)]
