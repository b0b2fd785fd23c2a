"""A market maker: a ladder of post-only quotes around the index, replaced in one bulk per market.

Each market is one bulk under one signature: a modify for every quote that rests, a place for every
quote that is missing.  Quotes lean against the inventory, so that what was bought is offered again
a little cheaper.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import structlog

from devnet.bots.view import MarketView, look
from sextant.client.receipts import Receipt
from sextant.client.session import Session
from sextant.errors import ClientError
from statemachine.actions import (
    FLAG_POST_ONLY,
    FLAG_SELL,
    MARKET_EVERY,
    Bulk,
    CancelAll,
    Leg,
    Modify,
    PlaceOrder,
)
from statemachine.errors import Code
from statemachine.units import Lots, Price

LEVELS: Final = 5
HALF_SPREAD_PPM: Final = 250
STEP_PPM: Final = 400
LEVEL_NOTIONAL: Final = 4_000_000_000
INVENTORY_NOTIONAL_MAX: Final = 200_000_000_000
SKEW_PPM_MAX: Final = 800
REQUOTE_PPM: Final = 80
PERIOD_S: Final = 1.0
PPM: Final = 1_000_000
REPORT_EVERY: Final = 60
GONE: Final = frozenset({Code.ORDER_UNKNOWN})


@final
@dataclass(slots=True)
class Quote:
    """One place of the ladder: what rests there, if anything."""

    side: int
    level: int
    order_id: int = 0
    price: int = 0
    size: int = 0


def target_of(view: MarketView, side: int, level: int) -> tuple[int, int]:
    """Return (price, lots) that the ladder wants at a place."""
    notional = view.position * view.index
    lean = max(-PPM, min(PPM, notional * PPM // INVENTORY_NOTIONAL_MAX))
    middle = view.index - view.index * lean * SKEW_PPM_MAX // PPM // PPM
    away = middle * (HALF_SPREAD_PPM + STEP_PPM * level) // PPM
    tick = view.tick
    if side:
        price = -(-(middle + away) // tick) * tick
    else:
        price = max(tick, (middle - away) // tick * tick)
    return price, max(1, LEVEL_NOTIONAL * (level + 1) // view.index)


class Maker:
    """Quotes every market until cancelled."""

    def __init__(self, session: Session, offset_ppm: int) -> None:
        self.session = session
        self.offset_ppm = offset_ppm
        self.ladders: dict[int, list[Quote]] = {}
        self.rounds = 0
        self.log = structlog.get_logger()

    async def run(self) -> None:
        """Quote, wait, quote again; a node that is away is waited for."""
        fresh = True
        while True:
            try:
                if fresh:
                    await self.session.submit(CancelAll(0, MARKET_EVERY))
                    self.ladders, fresh = {}, False
                for view in await look(self.session):
                    if view.index:
                        await self.quote(view)
                self.rounds += 1
                if self.rounds % REPORT_EVERY == 1:
                    self.log.info("quoting", rounds=self.rounds)
            except ClientError as error:
                self.log.warning("not quoting", error=str(error))
                fresh = True
            await asyncio.sleep(PERIOD_S)

    async def quote(self, view: MarketView) -> None:
        """Bring one market's ladder to where it should be, in one bulk."""
        ladder = self.ladders.setdefault(
            view.market, [Quote(side, level) for level in range(LEVELS) for side in (0, 1)]
        )
        quotes: list[Quote] = []
        legs: list[Leg] = []
        for quote in ladder:
            leg = self._leg(view, quote)
            if leg is not None:
                quotes.append(quote)
                legs.append(leg)
        if not legs:
            return
        sequenced = await self.session.submit(Bulk(0, tuple(legs)))
        self.note(quotes, legs, sequenced.receipts)

    def _leg(self, view: MarketView, quote: Quote) -> Leg | None:
        price, size = target_of(view, quote.side, quote.level)
        shift = price * self.offset_ppm // PPM // view.tick * view.tick
        price = max(view.tick, price + shift if quote.side else price - shift)
        flags = FLAG_POST_ONLY | (FLAG_SELL if quote.side else 0)
        if not quote.order_id:
            return PlaceOrder(0, view.market, flags, Price(price), Lots(size))
        if abs(price - quote.price) * PPM < REQUOTE_PPM * view.index:
            return None
        return Modify(0, view.market, flags, quote.order_id, Price(price), Lots(size))

    def note(
        self, quotes: Sequence[Quote], legs: Sequence[Leg], receipts: Sequence[Receipt]
    ) -> None:
        """Remember what rests now; a quote that was refused or filled is placed anew next time."""
        for quote, leg, receipt in zip(quotes, legs, receipts, strict=False):
            if receipt.accepted and isinstance(leg, PlaceOrder | Modify):
                quote.order_id = receipt.order_id
                quote.price, quote.size = leg.price, leg.size
            elif receipt.code in GONE or not quote.order_id:
                quote.order_id = 0
