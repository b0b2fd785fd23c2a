"""From recorded events to transactions: the delta between two books, and takers.

A diff becomes the legs that make the exchange's own book equal to the recorded
one, on every level that either of them changed: cancels and shrinking modifies
first, then growing modifies and places, so that no new order meets one that should
already be gone.  Legs go out in bulks of at most 64, one or more for each maker; a
bulk never holds legs of two events.

All of it is of one class (see ``statemachine.frame``), so that a block keeps the
order of the recording: no order is post-only, and a bulk that only cancels begins by
modifying one of its orders to the size it has.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, final

from devnet.replay.capture import Trade
from devnet.replay.ladder import ASKS, BIDS, Place
from devnet.replay.mirror import Mirror, OwnOrder
from devnet.replay.recorded import RecordedBook
from statemachine.actions import (
    BULK_LEGS_MAX,
    FLAG_IOC,
    FLAG_SELL,
    Bulk,
    Cancel,
    Leg,
    Modify,
    PlaceOrder,
)
from statemachine.units import Lots, Price

MAKER_ORDERS_MAX: Final = 1_000
"""Of the 1,024 that a portfolio may have."""
MAKER_TICKS: Final = 1_000
"""Neighbouring prices are one maker's, so that most diffs need one signature."""


@final
@dataclass(slots=True)
class Wanted:
    """One leg, and what its receipt should say: which order it is about, lots filled."""

    leg: Leg
    order: OwnOrder | None
    filled: int = 0


@final
@dataclass(slots=True)
class Planned:
    """One transaction of an event: who signs, which legs; a taker has one leg."""

    maker: int
    taker: int
    wanted: list[Wanted]

    @property
    def action(self) -> Bulk | Leg:
        """What is signed."""
        if self.maker < 0:
            return self.wanted[0].leg
        return Bulk(0, tuple(wanted.leg for wanted in self.wanted))


@final
@dataclass(slots=True)
class Step:
    """What one recorded event became.

    After a diff, ``best`` is the recording's best bid and ask, ``own_best`` the
    exchange's if all goes as planned.  A side whose best is not within the prices of
    the snapshot, where alone the recording is complete, is 0 in both; ``outside`` says
    that both sides are.
    """

    line: int
    time_ns: int
    planned: list[Planned]
    best: tuple[int, int] | None = None
    own_best: tuple[int, int] = (0, 0)
    outside: bool = False


@final
@dataclass(slots=True)
class Legs:
    """One maker's share of an event."""

    removing: list[Wanted] = field(default_factory=list)
    adding: list[Wanted] = field(default_factory=list)


@final
class Planner:
    """Plans steps against the mirror, and moves the mirror as if they succeeded."""

    def __init__(
        self, recorded: RecordedBook, mirror: Mirror, market: int, takers: int, tick: int
    ) -> None:
        self.recorded = recorded
        self.mirror = mirror
        self.market = market
        self.tick = tick
        self.takers = takers
        self._next_taker = 0

    def plan_diff(self, line: int, time_ns: int, touched: Iterable[Place]) -> Step:
        """Return the step of a snapshot or a diff that changed some places."""
        recorded, own = self.recorded, self.mirror.ladder
        step = Step(line, time_ns, self.plan_book(touched))
        inside = [recorded.in_span(recorded.best(side)) for side in (BIDS, ASKS)]
        step.best = (inside[0] * recorded.best(BIDS), inside[1] * recorded.best(ASKS))
        step.own_best = (inside[0] * own.best(BIDS), inside[1] * own.best(ASKS))
        step.outside = not any(inside)
        return step

    def plan_book(self, touched: Iterable[Place]) -> list[Planned]:
        """Return what makes the exchange's book equal to the recorded one."""
        mirror, wanted_lots = self.mirror, self.recorded.ladder.lots
        places = set(touched) | mirror.stale
        mirror.stale.clear()
        changes = []
        for place in sorted(places):
            order = mirror.orders.get(place)
            have = 0 if order is None else order.lots
            want = wanted_lots.get(place, 0)
            if want != have:
                changes.append((place, order, want))
        crossing = self.crosses(place for place, order, want in changes if want and order is None)
        shares: dict[int, Legs] = {}
        for place, known, want in changes:
            order = known
            if order is None:
                order = mirror.add(place, want, self.maker_of(place))
                leg: Leg = self.place(order)
                shares.setdefault(order.maker, Legs()).adding.append(Wanted(leg, order))
                continue
            share = shares.setdefault(order.maker, Legs())
            if want == 0:
                share.removing.append(Wanted(Cancel(0, self.market, order.ref), order))
                mirror.remove(order)
                continue
            grows = want > order.lots
            leg = self.modify(order, want)
            mirror.resize(order, want)
            (share.adding if grows else share.removing).append(Wanted(leg, order))
        return bulks_of(shares, apart=crossing and len(shares) > 1)

    def crosses(self, places: Iterable[Place]) -> bool:
        """Return whether a new level would meet what still rests on the other side."""
        bid, ask = self.mirror.ladder.best(BIDS), self.mirror.ladder.best(ASKS)
        return any(
            (ask and price >= ask) if side == BIDS else (bid and price <= bid)
            for side, price in places
        )

    def plan_trade(self, trade: Trade) -> list[Planned]:
        """Return the taker of a recorded trade; nothing if the market cannot express it."""
        grid = self.recorded.grid
        price, lots = grid.price(trade.price), grid.lots(trade.quantity)
        if not price or not lots:
            return []
        if not grid.is_worth_resting(price, lots):
            grid.seen["trade below the minimum notional"] += 1
            return []
        side = ASKS if trade.is_sell else BIDS
        flags = FLAG_IOC | (FLAG_SELL if trade.is_sell else 0)
        filled = self.mirror.take(side, price, lots)
        self._next_taker = (self._next_taker + 1) % self.takers
        leg = PlaceOrder(0, self.market, flags, Price(price), Lots(lots))
        return [Planned(-1, self._next_taker, [Wanted(leg, None, filled)])]

    def maker_of(self, place: Place) -> int:
        """Return who places a new order at a price: neighbours' maker, or who has room."""
        counts = self.mirror.counts
        maker = place[1] // (self.tick * MAKER_TICKS) % len(counts)
        if counts[maker] < MAKER_ORDERS_MAX:
            return maker
        return min(range(len(counts)), key=counts.__getitem__)

    def place(self, order: OwnOrder) -> PlaceOrder:
        """Return the leg that places an order."""
        side, price = order.place
        flags = FLAG_SELL if side else 0
        return PlaceOrder(0, self.market, flags, Price(price), Lots(order.lots), order.client_id)

    def modify(self, order: OwnOrder, lots: int) -> Modify:
        """Return the leg that gives an order another size."""
        side, price = order.place
        flags = FLAG_SELL if side else 0
        return Modify(0, self.market, flags, order.ref, Price(price), Lots(lots))


def bulks_of(shares: dict[int, Legs], *, apart: bool) -> list[Planned]:
    """Return the bulks of an event; ``apart``: all that is removed before all that is added."""
    planned: list[Planned] = []
    if apart:
        for maker, legs in shares.items():
            planned += chunks_of(maker, legs.removing)
        for maker, legs in shares.items():
            planned += chunks_of(maker, legs.adding)
    else:
        for maker, legs in shares.items():
            planned += chunks_of(maker, legs.removing + legs.adding)
    return planned


def chunks_of(maker: int, legs: list[Wanted]) -> list[Planned]:
    """Return the legs of one maker in bulks, none of which only cancels."""
    planned = []
    while legs:
        chunk, legs = legs[:BULK_LEGS_MAX], legs[BULK_LEGS_MAX:]
        if all(isinstance(wanted.leg, Cancel) for wanted in chunk):
            if len(chunk) == BULK_LEGS_MAX:
                legs = [chunk.pop(), *legs]
            chunk.insert(0, unchanged(chunk[0]))
        planned.append(Planned(maker, -1, chunk))
    return planned


def unchanged(wanted: Wanted) -> Wanted:
    """Return a leg that modifies an order, about to be cancelled, to the size it has."""
    cancel, order = wanted.leg, wanted.order
    if not isinstance(cancel, Cancel) or order is None:
        raise TypeError("only a cancel of an order has an order to leave unchanged")
    side, price = order.place
    flags = FLAG_SELL if side else 0
    leg = Modify(0, cancel.market, flags, cancel.ref, Price(price), Lots(order.lots))
    return Wanted(leg, order)
