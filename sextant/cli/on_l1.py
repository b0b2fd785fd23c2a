"""Commands about what L1 keeps beside the exchange: sales, attesters, its end."""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from sextant.cli.output import print_json, print_pairs
from sextant.cli.session import run_client
from sextant.client.api import AsyncClient
from sextant.client.l1_sender import L1Receipt
from sextant.errors import EXIT_OK

Opened = TypeVar("Opened")
Answer = TypeVar("Answer")


def run_on_l1(
    arguments: argparse.Namespace,
    open_beside: Callable[[AsyncClient], AbstractAsyncContextManager[Opened]],
    work: Callable[[Opened], Awaitable[Answer]],
    *,
    signs: bool = True,
) -> Answer:
    """Open a client and, beside it, what has a connection to L1 of its own; do the work."""

    async def run(client: AsyncClient) -> Answer:
        async with open_beside(client) as opened:
            return await work(opened)

    return run_client(arguments, run, signs=signs)


def print_calls(
    arguments: argparse.Namespace, schema: str, receipts: Sequence[L1Receipt], title: str
) -> int:
    """Print in which blocks of L1 calls are."""
    if arguments.json:
        print_json(schema, {"l1": receipts})
    else:
        print_pairs([(title, receipt.block) for receipt in receipts] or [(title, "none")])
    return EXIT_OK
