"""Sending an action; or only showing what would be signed, or what it would do."""

import argparse
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from sextant.cli.output import print_json, print_pairs
from sextant.cli.portfolios import print_positions
from sextant.cli.session import run_client
from sextant.client.amounts import show_usdc
from sextant.client.api import AsyncClient
from sextant.client.history import Preview
from sextant.client.models import Portfolio
from sextant.client.receipts import Placed, Receipt
from sextant.client.refusals import rejection_of
from sextant.client.session import EXPIRY_MS
from sextant.client.typed_data import typed_data_of
from sextant.errors import EXIT_NO, EXIT_OK
from statemachine.actions import Action
from statemachine.identity.signing import digest_of

Answer = TypeVar("Answer")
DRY_RUN: Final = "dry-run"
PREVIEW: Final = "preview"


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add ``--dry-run`` and ``--preview``; either sets ``dry_run``, so that nothing is sent."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--dry-run",
        action="store_const",
        const=DRY_RUN,
        help="show the typed data that would be signed, and stop",
    )
    group.add_argument(
        "--preview",
        dest="dry_run",
        action="store_const",
        const=PREVIEW,
        help="show what it would do if it came next, as the exchange itself says, and stop",
    )


def show_dry(
    arguments: argparse.Namespace, compose: Callable[[AsyncClient], Awaitable[Action]]
) -> int:
    """Print what would be signed, or what it would do; nothing is signed or sent."""
    if arguments.dry_run == PREVIEW:
        return show_preview(arguments, compose)

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


def show_preview(
    arguments: argparse.Namespace, compose: Callable[[AsyncClient], Awaitable[Action]]
) -> int:
    """Print what an action would do if it came next; exit code 1 if it would be refused."""

    async def work(client: AsyncClient) -> Preview:
        return await client.preview(await compose(client))

    preview = run_client(arguments, work, signs=True)
    accepted = all(receipt.accepted or receipt.filled for receipt in preview.receipts)
    if arguments.json:
        print_json("preview", preview)
        return EXIT_OK if accepted else EXIT_NO
    for receipt in preview.receipts:
        said = rejection_of(receipt)
        rows: list[tuple[str, object]] = [("would be", receipt.code_name)]
        if not receipt.accepted:
            rows.append(("because", said.message))
        if receipt.filled:
            rows.append(("would trade", f"{show_usdc(receipt.notional)} ({receipt.filled} lots)"))
            rows.append(("fee", show_usdc(receipt.fee)))
        print_pairs(rows)
    for portfolio in preview.after:
        print_after(arguments, portfolio)
    return EXIT_OK if accepted else EXIT_NO


def print_after(arguments: argparse.Namespace, portfolio: Portfolio) -> None:
    """Print a sub-account as it would be."""
    print_pairs(
        [
            (f"sub-account {portfolio.sub}", "afterwards"),
            ("equity", f"{portfolio.equity:,f} USDC"),
            ("initial margin", f"{portfolio.initial_margin:,f} USDC"),
            ("maintenance", f"{portfolio.maintenance_margin:,f} USDC"),
            ("withdrawable", f"{portfolio.withdrawable:,f} USDC"),
        ]
    )
    if any(position.size for position in portfolio.positions):
        print_positions(arguments, [portfolio])


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


def sign_and_print(
    arguments: argparse.Namespace,
    schema: str,
    send: Callable[[AsyncClient], Awaitable[Receipt]],
) -> int:
    """Sign and send an action that is not an order, and print its receipt."""
    print_receipt(arguments, schema, run_client(arguments, send, signs=True))
    return EXIT_OK


def print_receipt(arguments: argparse.Namespace, schema: str, receipt: Receipt) -> None:
    """Print the receipt of an action that is not an order."""
    if arguments.json:
        print_json(schema, {"receipt": receipt})
    else:
        print_pairs([("result", receipt.code_name), *receipt_rows(receipt)])


def receipt_rows(receipt: Receipt) -> list[tuple[str, object]]:
    """Return what names a receipt."""
    return [("block", receipt.height), ("transaction", receipt.transaction_hash)]
