"""The exchange's own book, as its receipts tell it: one order per level, all of them ours.

An order is known by a client id from the moment it is sent, and by the exchange's
order id once a receipt named it.  While receipts are under way the mirror holds what
they should say; each is compared when it comes.
"""

from dataclasses import dataclass
from typing import Final, final

from devnet.replay.ladder import ASKS, BIDS, Place, PriceLadder

CLIENT_ID_BYTES: Final = 16


@final
@dataclass(slots=True)
class OwnOrder:
    """A resting order: whose it is, where, and how much is left."""

    place: Place
    lots: int
    maker: int
    client_id: bytes
    order_id: int = 0

    @property
    def ref(self) -> int | bytes:
        """How a cancel or a modify names it: shorter by order id, once that is known."""
        return self.order_id or self.client_id


@final
class Mirror:
    """Our resting orders by level.

    ``stale`` are the levels that something other than a diff has changed: they are
    compared with the recording at the next diff, whether it names them or not.
    """

    __slots__ = ("_next", "_prefix", "counts", "ladder", "orders", "stale")

    def __init__(self, makers: int, run: int) -> None:
        self.orders: dict[Place, OwnOrder] = {}
        self.ladder = PriceLadder()
        self.counts = [0] * makers
        self.stale: set[Place] = set()
        self._prefix = run.to_bytes(8, "big")
        self._next = 0

    def add(self, place: Place, lots: int, maker: int) -> OwnOrder:
        """Add an order on a level that has none."""
        self._next += 1
        client_id = self._prefix + self._next.to_bytes(8, "big")
        order = OwnOrder(place, lots, maker, client_id)
        self.keep(order)
        return order

    def keep(self, order: OwnOrder) -> None:
        """Take note of an order on a level that has none."""
        self.orders[order.place] = order
        self.counts[order.maker] += 1
        self.ladder.set(order.place, order.lots)

    def resize(self, order: OwnOrder, lots: int) -> None:
        """Give an order another size; larger, it gets a new order id that is not known yet."""
        if lots > order.lots:
            order.order_id = 0
        order.lots = lots
        self.ladder.set(order.place, lots)

    def remove(self, order: OwnOrder) -> None:
        """Take an order away."""
        del self.orders[order.place]
        self.counts[order.maker] -= 1
        self.ladder.set(order.place, 0)

    def take(self, taker_side: int, limit: int, lots: int) -> int:
        """Fill a taker from the best level on, down to its limit; return the lots filled."""
        side = ASKS if taker_side == BIDS else BIDS
        left = lots
        while left:
            price = self.ladder.best(side)
            if not price or (price > limit if side == ASKS else price < limit):
                break
            order = self.orders[side, price]
            self.stale.add(order.place)
            size = min(left, order.lots)
            left -= size
            if size == order.lots:
                self.remove(order)
            else:
                order.lots -= size
                self.ladder.set(order.place, order.lots)
        return lots - left

    def forget(self) -> None:
        """Drop everything: the exchange is about to be asked what there is."""
        self.orders.clear()
        self.ladder.clear()
        self.counts = [0] * len(self.counts)
