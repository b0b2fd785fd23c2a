"""Prices through L1's inbox: what a publisher does when the sequencer takes none.

Whoever has a position and leaves through L1 needs prices that were fresh when his exit
was queued.  So a publisher whose messages no sequencer takes, because it is dead, or
because it would rather have no prices, queues them on L1, which takes them from anyone.
Times are L1's: by its clock a message is judged.
"""

import asyncio
import time
from collections.abc import Collection
from typing import Final, final

import structlog

from devnet.identities import Identity
from devnet.quotes import PriceSource
from prover.contract.calls import QueueOracle
from prover.l1 import L1, CallReceipt, L1Refused, L1Unreachable
from sextant.client.market import Market
from sextant.client.session import Session
from sextant.errors import ClientError
from statemachine.identity.signing import Domain, oracle_digest, sign_digest

POLL_S: Final = 0.2


@final
class LastResort:
    """Queues one publisher's prices on L1.

    Parameters
    ----------
    l1
        An adapter with the publisher's key, which pays for the calls.
    patience_s, period_s
        How long the sequencer is waited for, and the pause between two rounds; s.
    """

    def __init__(
        self, l1: L1, identity: Identity, source: PriceSource, patience_s: float, period_s: float
    ) -> None:
        self.l1 = l1
        self.identity = identity
        self.source = source
        self.patience_s = patience_s
        self.period_s = period_s
        self.taken_at = time.monotonic()
        self.acting = False
        self.next_at = 0.0
        self.log = structlog.get_logger().bind(publisher=source.number)

    def note_taken(self) -> None:
        """Take note that the sequencer takes prices."""
        self.taken_at = time.monotonic()
        if self.acting:
            self.acting = False
            self.log.info("the sequencer takes prices again, none go to L1 any more")

    async def act(self, over: Collection[int] = ()) -> int:
        """Queue a round of prices if it is time; return how many L1 took.

        ``over`` are markets that take none any more.
        """
        now = time.monotonic()
        if now - self.taken_at < self.patience_s or now < self.next_at:
            return 0
        self.next_at = now + self.period_s
        if not self.acting:
            self.acting = True
            waited = round(now - self.taken_at, 1)
            self.log.warning("no sequencer takes prices, L1's inbox does", seconds=waited)
        try:
            return await self.queue(over)
        except (L1Unreachable, L1Refused) as error:
            self.log.warning("not published: neither the sequencer nor L1 answers", why=str(error))
            return 0

    async def queue(self, over: Collection[int]) -> int:
        """Queue one message for each market; return how many L1 took.

        Raises
        ------
        L1Unreachable, L1Refused
            L1 does not answer, or the publisher's key holds no ETH there.
        """
        rules = (await self.l1.deployment()).rules
        domain = Domain(rules.chain_id, rules.rollup)
        now_ms = (await self.l1.head()).latest.time

        async def say(market: Market) -> CallReceipt:
            price = self.source.price_of(market, now_ms)
            signature = sign_digest(
                self.identity.key, oracle_digest(domain, market.id, price, now_ms)
            )
            number = self.source.number
            return await self.l1.send(QueueOracle(market.id, number, price, now_ms, signature))

        markets = [
            Market(
                id=market.market,
                name=market.symbol.decode(),
                lot_decimals=market.lot_decimals,
                tick=market.tick,
            )
            for market in rules.markets
            if market.market not in over
        ]
        receipts = await asyncio.gather(*(say(market) for market in markets))
        refused = [receipt.message for receipt in receipts if not receipt.ok]
        if refused:
            self.log.warning("L1 refuses", refusals=refused)
        taken = len(receipts) - len(refused)
        self.log.info("published on L1", messages=taken, time=now_ms)
        return taken


async def wait_for_clock(session: Session, l1: L1 | None) -> int:
    """Return the chain's time, ms: the sequencer's, or L1's if there is none."""
    while True:
        try:
            return await session.sync_clock()
        except ClientError:
            pass
        if l1 is not None:
            try:
                return (await l1.head()).latest.time
            except (L1Unreachable, L1Refused):
                pass
        await asyncio.sleep(POLL_S)
