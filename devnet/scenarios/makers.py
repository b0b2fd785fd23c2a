"""Makers: a ladder on both sides of the true price, as wide and deep as the scenario says."""

from typing import Final, final

from devnet.identities import Identity
from devnet.scenarios.scenario import ASKS_ONLY, BIDS_ONLY, NO_SIDE, PPM, Quoting
from devnet.scenarios.scene import Scene
from statemachine.actions import (
    FLAG_POST_ONLY,
    FLAG_SELL,
    Bulk,
    CancelAll,
    Leg,
    PlaceOrder,
)
from statemachine.rules import MarketRules
from statemachine.units import Lots, Price

LADDER: Final = ((500, 1), (1_100, 2), (2_000, 3), (3_500, 4), (5_500, 5), (9_000, 5))
"""(distance from the centre in ppm, share of the depth)."""
SHARES: Final = sum(share for _, share in LADDER)
MOVE_PPM: Final = 400
"""A centre that has moved by less than this is not worth new orders."""
STAGGER_PPM: Final = 70
"""How far the ladders of two makers are apart."""


@final
class Maker:
    """One maker of one market."""

    def __init__(self, who: Identity, rules: MarketRules, depth: int, number: int) -> None:
        self.who = who
        self.rules = rules
        self.depth = depth
        self.number = number
        self.portfolio = 0
        self.quoted = 0
        self.way: Quoting | None = None

    def act(self, scene: Scene) -> list[bytes]:
        """Return new quotes, if the old ones are not good any more."""
        way = scene.scenario.quoting_at(scene.second)
        centre = scene.price(self.rules.market) * (PPM + way.premium) // PPM
        moved = abs(centre - self.quoted) * PPM >= self.quoted * MOVE_PPM
        if not moved and way == self.way and self.portfolio not in scene.touched:
            return []
        self.quoted, self.way = centre, way
        signed = [scene.hand.sign(self.who, CancelAll(0, self.rules.market))]
        legs = [] if way.sides == NO_SIDE else self.legs(centre, way)
        if legs:
            signed.append(scene.hand.sign(self.who, Bulk(0, tuple(legs))))
        return signed

    def legs(self, centre: int, way: Quoting) -> list[Leg]:
        """Return the orders of the whole ladder."""
        tick = self.rules.tick
        found: list[Leg] = []
        for distance, share in LADDER:
            away = centre * (distance + STAGGER_PPM * self.number) // PPM * way.spread // PPM
            lots = self.depth * share // SHARES * way.depth // PPM // centre
            if lots * (centre - away) < self.rules.notional_min:
                continue
            if way.sides != ASKS_ONLY:
                bid = Price((centre - away) // tick * tick)
                found.append(PlaceOrder(0, self.rules.market, FLAG_POST_ONLY, bid, Lots(lots)))
            if way.sides != BIDS_ONLY:
                ask = Price(-(-(centre + away) // tick) * tick)
                flags = FLAG_POST_ONLY | FLAG_SELL
                found.append(PlaceOrder(0, self.rules.market, flags, ask, Lots(lots)))
        return found
