"""Prices through L1's inbox: what a publisher does when the sequencer takes none.

Whoever has a position and leaves through L1 needs prices that were fresh when his exit
was queued.  So a publisher whose messages no sequencer takes, because it is dead, or
because it would rather have no prices, queues them on L1, which takes them from anyone.
It does so too if the sequencer takes them, and L1's log does not get them: a follower,
which derives all from L1, tells how old the prices are there.  Times are L1's: by its
clock a message is judged.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final, final

import structlog

from devnet.identities import Identity
from devnet.quotes import PriceSource
from proto.sextant.v1 import query_pb2
from prover.contract.calls import QueueOracle
from prover.l1 import L1, CallReceipt, L1Refused, L1Unreachable
from sextant.client.market import Market
from sextant.client.session import Session
from sextant.errors import ClientError
from statemachine.identity.signing import Domain, oracle_digest, sign_digest

POLL_S: Final = 0.2
LOOK_S: Final = 1.0
"""How often a follower is asked at most."""


@final
class LastResort:
    """Queues one publisher's prices on L1.

    Parameters
    ----------
    l1
        An adapter with the publisher's key, which pays for the calls.
    patience_s, period_s
        How long the sequencer is waited for, and the pause between two rounds; s.
    derived
        Tells when the log's prices are from: see :func:`oldest_index`; without it
        the sequencer is believed.
    """

    def __init__(
        self,
        l1: L1,
        identity: Identity,
        source: PriceSource,
        patience_s: float,
        period_s: float,
        derived: Callable[[Collection[int]], Awaitable[int | None]] | None = None,
    ) -> None:
        self.l1 = l1
        self.identity = identity
        self.source = source
        self.patience_s = patience_s
        self.period_s = period_s
        self.derived = derived
        self.taken_at = self.fresh_at = time.monotonic()
        self.look_at = 0.0
        self.acting = False
        self.next_at = 0.0
        self.log = structlog.get_logger().bind(publisher=source.number)

    async def act(self, over: Collection[int] = (), *, taken: bool) -> int:
        """Queue a round of prices if it is time; return how many L1 took.

        ``over`` are markets that take none any more; ``taken``: the sequencer just
        took a round.
        """
        now = time.monotonic()
        if taken:
            self.taken_at = now
        try:
            await self.look(over, now)
            heard_at = min(self.taken_at, self.fresh_at)
            if now - heard_at < self.patience_s:
                self.rest()
                return 0
            if now < self.next_at:
                return 0
            self.next_at = now + self.period_s
            if not self.acting:
                self.acting = True
                what = "takes" if heard_at == self.taken_at else "posts"
                text = f"no sequencer {what} prices, L1's inbox takes them"
                self.log.warning(text, seconds=round(now - heard_at, 1))
            return await self.queue(over)
        except (L1Unreachable, L1Refused) as error:
            self.log.warning("not published on L1", why=str(error))
            return 0

    def rest(self) -> None:
        """Take note that nobody has to tell L1."""
        if self.acting:
            self.acting = False
            self.log.info("the sequencer takes prices again, none go to L1 any more")

    async def look(self, over: Collection[int], now: float) -> None:
        """Take note of whether the log's prices are fresh, if anybody can tell."""
        if self.derived is None:
            self.fresh_at = now
        elif now >= self.look_at:
            self.look_at = now + LOOK_S
            told = await self.derived(over)
            clock = (await self.l1.head()).latest.time
            if told is None or clock - told < self.patience_s * 1_000:
                self.fresh_at = now

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


async def oldest_index(follower: Session, over: Collection[int]) -> int | None:
    """Return when (ms) the oldest price is from that a node has; ``None``: it does not say."""
    connection = follower.connection
    try:
        answer = await connection.call(connection.query.GetMarkets, query_pb2.GetMarketsRequest())
    except ClientError:
        return None
    return min((m.index_time_ms for m in answer.markets if m.market not in over), default=None)


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
