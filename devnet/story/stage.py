"""What every chapter of the story stands on: people, controls, waiting, telling, checking."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final, TypeVar, final

from devnet.controls import Controls
from devnet.genesis import devnet_contract
from devnet.identities import identity_of
from devnet.layout import Layout
from devnet.prices import HeldPrices
from node.l1.adapter import GrpcL1
from prover.l1 import PostedClaim
from sextant.client.api import AsyncClient
from sextant.client.market import Market
from sextant.client.secret import Secret
from sextant.errors import ClientError
from statemachine.errors import SextantError

WAIT_SECONDS_MAX: Final = 60.0
POLL_S: Final = 0.1
MICROS: Final = 1_000_000
Found = TypeVar("Found")


class StoryFailed(SextantError):
    """A step of the story did not come true."""


@final
class Stage:
    """A running devnet with the story's people on it; close it when the story is over."""

    def __init__(self, layout: Layout, *, as_json: bool) -> None:
        self.layout = layout
        self.controls = Controls(layout)
        self.contract = devnet_contract()
        self.prices = HeldPrices(layout.prices)
        self.facts: dict[str, Any] = {}
        self._as_json = as_json
        self._step = 0
        self._started = time.monotonic()
        self._open = AsyncExitStack()
        self._clients: dict[str, AsyncClient] = {}

    async def close(self) -> None:
        """Close every connection of the story."""
        await self._open.aclose()

    async def client(self, name: str, service: str = "grpc") -> AsyncClient:
        """Return a person's client: receipts are verified against the sequencer's key."""
        place = f"{name}@{service}"
        if place not in self._clients:
            client = AsyncClient(
                self.layout.address(service),
                key=Secret(identity_of(name).key),
                sequencer=identity_of("sequencer").address,
            )
            self._clients[place] = await self._open.enter_async_context(client)
        return self._clients[place]

    def l1(self, name: str | None = None) -> GrpcL1:
        """Return an adapter to L1 that signs as ``name``, or only reads."""
        l1 = GrpcL1(self.layout.address("l1"), identity_of(name).key if name else b"")
        self._open.push_async_callback(l1.close)
        return l1

    def tell(self, chapter: str, text: str, **figures: object) -> None:
        """Print what was checked: one line for people, or one JSON object."""
        self._step += 1
        elapsed = time.monotonic() - self._started
        if self._as_json:
            line = {"schema": "sextant.demo.v1", "step": self._step, "chapter": chapter}
            sys.stdout.write(json.dumps({**line, "text": text, **figures}, default=str) + "\n")
        else:
            sys.stdout.write(f"{self._step:>3}  {elapsed:5.1f} s  {chapter:<11} {text}\n")
        sys.stdout.flush()

    def check(self, condition: bool, what: str) -> None:
        """Go on only if ``condition`` holds.

        Raises
        ------
        StoryFailed
            It does not.
        """
        if not condition:
            raise StoryFailed(what)

    async def until(
        self,
        probe: Callable[[], Awaitable[Found | None]],
        what: str,
        seconds: float = WAIT_SECONDS_MAX,
    ) -> Found:
        """Ask until ``probe`` finds something, and return it.

        Raises
        ------
        StoryFailed
            It did not in time; the last error of the client is named.
        """
        until = time.monotonic() + seconds
        last = ""
        while time.monotonic() < until:
            try:
                found = await probe()
            except (ClientError, SextantError) as error:
                found, last = None, f" ({error})"
            if found is not None:
                return found
            await asyncio.sleep(POLL_S)
        raise StoryFailed(f"waited {seconds:.0f} s for {what}, in vain{last}")

    async def hold_price(self, market: Market, price: str) -> None:
        """Hold the oracle at a price, and wait until the exchange has that index."""
        self.prices.hold(market.name, market.price(price))
        client = await self.client("alice")

        async def moved() -> bool | None:
            index = (await client.ticker(market)).index
            return (
                True if index is not None and market.price(index) == market.price(price) else None
            )

        await self.until(moved, f"the index of {market.name} to be {price}")

    async def open_market(self, client: AsyncClient, name: str) -> Market:
        """Return a market once it is active: it has a price, and takes orders."""

        async def active() -> Market | None:
            found = (await client.markets(fresh=True)).find(name)
            return found if found.state == "active" else None

        return await self.until(active, f"{name} to be active")

    async def claims(self) -> dict[int, PostedClaim]:
        """Return every claim on L1 by number."""
        l1 = self.l1()
        found: dict[int, PostedClaim] = {}
        while True:
            page = await l1.claims(len(found))
            if not page:
                return found
            found.update((posted.claim.number, posted) for posted in page)


def usdc(micros: int) -> str:
    """Return micro-USDC as text with cents, or more where there is more."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), MICROS)
    shown = f"{part:06d}"
    return f"{sign}{whole:,}.{shown[:2]}{shown[2:].rstrip('0')} USDC"


def short(data: bytes) -> str:
    """Return the beginning of a hash, enough to tell two apart."""
    return f"0x{data[:6].hex()}.."
