"""A taker: crosses the spread now and then, at random, and comes back from large positions."""

import asyncio
from random import Random
from typing import Final, final

import structlog

from devnet.bots.view import MarketView, look
from sextant.client.session import Session
from sextant.errors import ClientError
from statemachine.actions import FLAG_IOC, FLAG_SELL, PlaceOrder
from statemachine.units import Lots, Price

NOTIONAL_MIN: Final = 50_000_000
NOTIONAL_MAX: Final = 2_000_000_000
POSITION_NOTIONAL_MAX: Final = 20_000_000_000
SLIPPAGE_PPM: Final = 5_000
PAUSE_S_MIN: Final = 0.3
PAUSE_S_MAX: Final = 2.0
PPM: Final = 1_000_000
REPORT_EVERY: Final = 60


def compose_take(view: MarketView, random: Random) -> PlaceOrder | None:
    """Return an IOC order for a market, or None if there is nothing to take."""
    held = view.position * view.index
    sell = random.random() < 0.5 + 0.5 * max(-1.0, min(1.0, held / POSITION_NOTIONAL_MAX))
    best = view.best_bid if sell else view.best_ask
    if not best or not view.index:
        return None
    size = max(1, random.randint(NOTIONAL_MIN, NOTIONAL_MAX) // best)
    away = best * SLIPPAGE_PPM // PPM // view.tick * view.tick
    price = best - away if sell else best + away
    return PlaceOrder(
        0, view.market, FLAG_IOC | (FLAG_SELL if sell else 0), Price(price), Lots(size)
    )


@final
class Taker:
    """Takes until cancelled."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.random = Random(seed)
        self.taken = 0
        self.log = structlog.get_logger()

    async def run(self) -> None:
        """Look, take, wait a random while; a node that is away is waited for."""
        while True:
            try:
                view = self.random.choice(await look(self.session))
                order = compose_take(view, self.random)
                if order is not None:
                    sequenced = await self.session.submit(order)
                    self.taken += sequenced.receipt.accepted
                    if self.taken % REPORT_EVERY == 1:
                        self.log.info("taking", orders=self.taken)
            except ClientError as error:
                self.log.warning("not taking", error=str(error))
            await asyncio.sleep(self.random.uniform(PAUSE_S_MIN, PAUSE_S_MAX))
