"""Signed orders for a running exchange, made before anything is timed.

The mix is the engine's (see ``bench.engine``): 55% limit orders that rest near the
mid, 35% cancels, 10% takers.  A cancel names its order by client id, and an order that
was sent long enough before, since within a block cancels come first.
"""

import random
from collections import deque
from typing import Final, final

from devnet.identities import Identity
from sextant.client.clock import NodeClock
from sextant.client.nonces import NonceSource
from statemachine.actions import (
    FLAG_IOC,
    FLAG_SELL,
    Action,
    Bulk,
    Cancel,
    Leg,
    PlaceOrder,
)
from statemachine.identity.signing import Domain, sign_action
from statemachine.units import Lots, Price

CANCEL_SHARE: Final = 0.35
TAKER_SHARE: Final = 0.1
REACH_TICKS: Final = 50
LOTS_MAX: Final = 50
BULK_LEGS: Final = 50


@final
class Load:
    """A seeded crowd of accounts around one mid price.

    Parameters
    ----------
    lag
        Orders that lie between an order and its cancel, at least.
    """

    def __init__(
        self,
        identities: list[Identity],
        domain: Domain,
        clock: NodeClock,
        *,
        market: int,
        mid: int,
        tick: int,
        lag: int,
    ) -> None:
        self.rng = random.Random("load")
        self.identities = identities
        self.domain = domain
        self.nonces = [NonceSource(clock) for _ in identities]
        self.market = market
        self.mid = mid
        self.tick = tick
        self.lag = lag
        self.resting: list[deque[bytes]] = [deque() for _ in identities]
        self.count = 0

    def singles(self, count: int) -> list[bytes]:
        """Return signed transactions of one order each."""
        signed = []
        for _ in range(count):
            who = self.rng.randrange(len(self.identities))
            signed.append(self.sign(who, self.leg(who, self.lag // len(self.identities))))
        return signed

    def bulks(self, count: int) -> list[bytes]:
        """Return signed bulks of 50 legs each, the accounts in turn."""
        signed = []
        for number in range(count):
            who = number % len(self.identities)
            legs = tuple(self.leg(who, 2 * BULK_LEGS) for _ in range(BULK_LEGS))
            signed.append(self.sign(who, Bulk(0, legs)))
        return signed

    def leg(self, who: int, lag: int) -> Leg:
        """Return the next order of one account."""
        rng, resting = self.rng, self.resting[who]
        draw = rng.random()
        if draw < CANCEL_SHARE and len(resting) > lag:
            return Cancel(0, self.market, resting.popleft())
        is_taker = draw >= 1 - TAKER_SHARE
        side = rng.randrange(2)
        away = self.tick * rng.randint(1, REACH_TICKS)
        price = self.mid - away if (side == 0) != is_taker else self.mid + away
        flags = (FLAG_SELL if side else 0) | (FLAG_IOC if is_taker else 0)
        client_id = b""
        if not is_taker:
            self.count += 1
            client_id = self.nonces[who].draw().to_bytes(8, "big") + self.count.to_bytes(8, "big")
            resting.append(client_id)
        lots = Lots(rng.randint(2, LOTS_MAX))
        return PlaceOrder(0, self.market, flags, Price(price), lots, client_id)

    def sign(self, who: int, action: Action) -> bytes:
        """Return an action as one account signs it."""
        key = self.identities[who].key
        return sign_action(self.domain, key, action, self.nonces[who].draw()).data
