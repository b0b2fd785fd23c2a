"""An oracle publisher: signs a price per market every second and hands it to the sequencer.

Where a price comes from, the first that has one wins: held by hand, the script, the seeded walk.
Each publisher adds a little noise of its own, so that the median has something to do.  Times are
the chain's: on a warped devnet the next message is fresh again.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import structlog

from devnet.genesis import CHAIN_ID
from devnet.identities import Identity
from devnet.prices import BASE_USD, HeldPrices, ScriptLine, height_of, scripted, walk
from proto.sextant.v1 import sequencer_pb2
from sextant.client.market import Market
from sextant.client.session import Session
from sextant.errors import ClientError
from statemachine.actions import OracleMessage, OracleUpdate, encode_transaction
from statemachine.errors import Code
from statemachine.identity.signing import Domain, oracle_digest, sign_digest
from statemachine.units import Millis, Price

NOISE_PPM: Final = 20
PPM: Final = 1_000_000
BASE_USD_UNKNOWN: Final = 100
HELD_POLL_S: Final = 0.1
REPORT_EVERY: Final = 60


@final
@dataclass(frozen=True, slots=True)
class PriceSource:
    """What one publisher believes, in the order of precedence."""

    held: HeldPrices
    script: Sequence[ScriptLine]
    seed: int
    number: int
    started_ms: int

    def price_of(self, market: Market, now_ms: int) -> int:
        """Return micro-USDC per lot of ``market`` at a chain time."""
        held = self.held.read().get(market.name)
        if held is not None:
            return held
        written = scripted(self.script, market.name, now_ms - self.started_ms)
        if written is not None:
            return market.price(written)
        base = market.price(BASE_USD.get(market.name, BASE_USD_UNKNOWN))
        price = walk(self.seed, market.id, base, now_ms)
        noise = height_of(self.seed + self.number + 1, market.id, 0, now_ms // 1000)
        return max(1, price + price * noise * NOISE_PPM // PPM // PPM)


def compose_update(
    identity: Identity, number: int, market: int, price: int, now_ms: int, domain: Domain
) -> bytes:
    """Return an oracle update with one publisher's signed message."""
    signature = sign_digest(identity.key, oracle_digest(domain, market, price, now_ms))
    message = OracleMessage(number, Price(price), Millis(now_ms), signature)
    return encode_transaction(OracleUpdate(market, (message,)), 0, 0, b"")


@final
class Publisher:
    """Publishes until cancelled; a node that is away is waited for."""

    def __init__(
        self, identity: Identity, source: PriceSource, session: Session, period_ms: int
    ) -> None:
        self.identity = identity
        self.source = source
        self.session = session
        self.period_ms = period_ms
        self.published = 0
        self.over: set[int] = set()
        self.log = structlog.get_logger().bind(publisher=source.number)

    async def run(self) -> None:
        """Publish every period, and at once when a held price changes."""
        self.log.info("publishing", address="0x" + self.identity.address.hex(), chain=CHAIN_ID)
        while True:
            started = time.monotonic()
            held = dict(self.source.held.read())
            try:
                await self.publish()
            except ClientError as error:
                self.log.warning("not published", error=str(error))
            await self._pause(started + self.period_ms / 1000, held)

    async def _pause(self, until: float, held: dict[str, int]) -> None:
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, HELD_POLL_S))
            if dict(self.source.held.read()) != held:
                return

    async def publish(self) -> None:
        """Send one message per market in one batch."""
        now_ms = await self.session.sync_clock()
        domain = await self.session.domain()
        markets = [m for m in await self.session.markets() if m.id not in self.over]
        updates = [
            compose_update(
                self.identity,
                self.source.number,
                market.id,
                self.source.price_of(market, now_ms),
                now_ms,
                domain,
            )
            for market in markets
        ]
        if not updates:
            return
        connection = self.session.connection
        outcome = await connection.call(
            connection.sequencer.SubmitBatch,
            sequencer_pb2.SubmitBatchRequest(transactions=updates),
            sends=True,
        )
        refused = [item.refusal.message for item in outcome.refusals]
        over = {
            m.id
            for m, code in zip(markets, outcome.codes, strict=False)
            if code == Code.MARKET_STATE
        }
        if over:
            # A settled market takes no price any more.
            self.over |= over
            self.log.info("over", markets=sorted(over))
        elif refused or any(outcome.codes):
            self.log.warning("refused", refusals=refused, codes=list(outcome.codes))
        self.published += 1
        if self.published % REPORT_EVERY == 1:
            self.log.info("published", rounds=self.published, time=now_ms)
