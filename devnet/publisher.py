"""An oracle publisher: signs a price per market every second and hands it to the sequencer.

Times are the chain's: on a warped devnet the next message is fresh again.  What the sequencer does
not take, or not post, for long goes through L1 (:mod:`devnet.last_resort`).
"""

import asyncio
import time
from typing import Final, final

import structlog

from devnet.genesis import CHAIN_ID
from devnet.identities import Identity
from devnet.last_resort import LastResort
from devnet.quotes import PriceSource
from proto.sextant.v1 import sequencer_pb2
from sextant.client.session import Session
from sextant.errors import ClientError
from statemachine.actions import OracleMessage, OracleUpdate, encode_transaction
from statemachine.errors import Code
from statemachine.identity.signing import Domain, oracle_digest, sign_digest
from statemachine.units import Millis, Price

HELD_POLL_S: Final = 0.1
REPORT_EVERY: Final = 60


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
        self,
        identity: Identity,
        source: PriceSource,
        session: Session,
        period_ms: int,
        last_resort: LastResort | None = None,
    ) -> None:
        self.identity = identity
        self.source = source
        self.session = session
        self.period_ms = period_ms
        self.last_resort = last_resort
        self.published = 0
        self.over: set[int] = set()
        self.log = structlog.get_logger().bind(publisher=source.number)

    async def run(self) -> None:
        """Publish every period, and at once when a held price changes."""
        self.log.info("publishing", address="0x" + self.identity.address.hex(), chain=CHAIN_ID)
        while True:
            started = time.monotonic()
            held = dict(self.source.held.read())
            taken = False
            try:
                taken = await self.publish()
            except ClientError as error:
                self.log.warning("not published", error=str(error))
            if self.last_resort is not None:
                await self.last_resort.act(self.over, taken=taken)
            await self._pause(started + self.period_ms / 1000, held)

    async def _pause(self, until: float, held: dict[str, int]) -> None:
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, HELD_POLL_S))
            if dict(self.source.held.read()) != held:
                return

    async def publish(self) -> bool:
        """Send one message per market in one batch; return whether none was turned away."""
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
            return True
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
        return not refused
