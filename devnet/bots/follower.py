"""A market maker whose quotes follow the index by themselves: pegged orders.

It wants the same ladder as :mod:`devnet.bots.maker`, but says it in offsets from
the index, so that a moving price asks for nothing.  Each round it renews one level
of a market in one bulk: the old quotes go, and new ones lean against what it holds
by now.
"""

from typing import Final, final

from devnet.bots.maker import LEVELS, PPM, Maker, Quote, target_of
from devnet.bots.view import MarketView
from statemachine.actions import (
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_SELL,
    FLAG_SLIDE,
    Bulk,
    Cancel,
    Leg,
    PlaceOrder,
    Terms,
)
from statemachine.units import Lots, Price

LIMIT_PPM: Final = 20_000
"""How far beyond the index the hard limit of a quote lies."""


def quote_of(view: MarketView, side: int, level: int, offset_ppm: int) -> PlaceOrder:
    """Return the pegged order that the ladder wants at a place."""
    price, size = target_of(view, side, level)
    shift = price * offset_ppm // PPM
    away = (price + shift if side else price - shift) - view.index
    tick = view.tick
    offset = -(-away // tick) * tick if side else away // tick * tick
    reach = view.index * LIMIT_PPM // PPM
    limit = view.index - reach if side else view.index + reach
    flags = FLAG_PEG | FLAG_POST_ONLY | FLAG_SLIDE | (FLAG_SELL if side else 0)
    limit = max(tick, limit // tick * tick)
    terms = Terms(offset=offset)
    return PlaceOrder(0, view.market, flags, Price(limit), Lots(size), b"", terms)


@final
class Follower(Maker):
    """Quotes every market with pegged orders until cancelled."""

    async def quote(self, view: MarketView) -> None:
        """Renew one level of a market's ladder, in one bulk."""
        ladder = self.ladders.setdefault(
            view.market, [Quote(side, level) for level in range(LEVELS) for side in (0, 1)]
        )
        turn = self.rounds % LEVELS
        quotes = [quote for quote in ladder if quote.level == turn or not quote.order_id]
        old = [quote for quote in quotes if quote.order_id]
        legs: list[Leg] = [Cancel(0, view.market, quote.order_id) for quote in old]
        for quote in quotes:
            legs.append(quote_of(view, quote.side, quote.level, self.offset_ppm))
            quote.order_id = 0
        sequenced = await self.session.submit(Bulk(0, tuple(legs)))
        self.note(quotes, legs[len(old) :], sequenced.receipts[len(old) :])
