"""Random markets through the replay's planner and the real engine: the books stay equal."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.replay.capture import Diff, Snapshot, Trade
from devnet.replay.ladder import ASKS, BIDS, PriceLadder
from devnet.replay.mirror import Mirror
from devnet.replay.plan import Planned, Planner, Step
from devnet.replay.recorded import Grid, RecordedBook
from devnet.replay.settlement import Settlement
from devnet.replay.tally import Tally
from proto.sextant.v1 import sequencer_pb2
from sextant.client.market import Market
from statemachine.actions import BULK_LEGS_MAX, Cancel
from statemachine.frame import CLASS_OTHER, class_of
from statemachine.keys import TABLE_ORDER, order_place
from statemachine.records import decode_order
from tests.worlds import USDC, World, world_rules

MARKET = Market(id=1, name="BTC", lot_decimals=4, tick=10, minimum_notional=USDC)
MAKERS = 3
MID = 600_000  # in ticks of 0.1 USD


def text(ticks: int) -> str:
    return f"{ticks // 10}.{ticks % 10}0"


class Exchange:
    """A world whose traders are those of a replay, and what its receipts said."""

    def __init__(self) -> None:
        rules = world_rules(2)
        self.world = World(rules)
        for trader in range(MAKERS + 2):
            self.world.deposit(trader, 10**9 * USDC)
        self.world.run(self.world.prices(1, MID * 10))

    def run(self, planned: list[Planned]) -> sequencer_pb2.BatchOutcome:
        """Run transactions as one block; return what a node would answer."""
        signed = [
            self.world.sign(p.maker if p.maker >= 0 else MAKERS + p.taker, p.action)
            for p in planned
        ]
        receipts = [r for r in self.world.run(*signed).receipts if r.leg != 255]
        outcome = sequencer_pb2.BatchOutcome()
        for transaction in signed:
            found = [r for r in receipts if r.tx_hash == transaction.hash]
            outcome.receipt_counts.append(len(found))
            outcome.codes.extend(r.code for r in found)
            outcome.order_ids.extend(r.order_id for r in found)
            outcome.filled_lots.extend(r.filled for r in found)
            outcome.notional_micros.extend(r.notional for r in found)
        return outcome

    def book(self) -> dict[tuple[int, int], int]:
        """Return the lots at each level, from the state."""
        found: dict[tuple[int, int], int] = {}
        for key, value in self.world.store.values.items():
            if key[0] == TABLE_ORDER:
                market, side, price, _ = order_place(key)
                assert market == MARKET.id
                found[side, price] = (
                    found.get((side, price), 0) + decode_order(key, value).remaining
                )
        return found


class Market_:  # noqa: N801 - the name of what it makes up is taken
    """A made-up recording: a true book that moves, and the messages that tell of it."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw = draw
        self.mid = MID
        self.book: dict[tuple[int, int], int] = {}
        self.id = 100
        self.line = 0

    def sizes(self) -> int:
        return int(self.draw(st.sampled_from([1, 5, 20, 300])))

    def snapshot(self) -> Snapshot:
        for away in range(1, self.draw(st.integers(1, 40)) + 1):
            self.book[BIDS, self.mid - away] = self.sizes()
            self.book[ASKS, self.mid + away] = self.sizes()
        self.line += 1
        bids = tuple((text(p), f"0.{n:04}") for (s, p), n in self.book.items() if s == BIDS)
        asks = tuple((text(p), f"0.{n:04}") for (s, p), n in self.book.items() if s == ASKS)
        return Snapshot(self.line, self.line, self.id, bids, asks)

    def diff(self) -> Diff:
        """Move the mid, then change some levels around it."""
        self.mid += self.draw(st.integers(-15, 15))
        changed = {place: 0 for place in self.book if (place[1] > self.mid) != (place[0] == ASKS)}
        for _ in range(self.draw(st.integers(1, 12))):
            side = self.draw(st.sampled_from([BIDS, ASKS]))
            away = self.draw(st.integers(1, 12))
            price = self.mid + away if side == ASKS else self.mid - away + 1
            changed[side, price] = self.draw(st.sampled_from([0, 1, 5, 20, 300]))
        for place, size in changed.items():
            if size:
                self.book[place] = size
            else:
                self.book.pop(place, None)
        previous, self.id = self.id, self.id + 10
        self.line += 1
        sides = [
            tuple((text(p), f"0.{n:04}") for (s, p), n in changed.items() if s == side)
            for side in (BIDS, ASKS)
        ]
        return Diff(self.line, self.line, previous + 1 - 5, self.id, previous, *sides)

    def trade(self) -> Trade:
        """Trade near the mid: more than there is, or where there is nothing, too."""
        self.line += 1
        price = self.mid + self.draw(st.integers(-6, 6))
        size = self.draw(st.sampled_from([1, 7, 30, 900]))
        return Trade(self.line, self.line, text(price), f"0.{size:04}", self.draw(st.booleans()))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_exchange_follows_the_recording(data: st.DataObject) -> None:
    market = Market_(data.draw)
    recorded = RecordedBook(Grid(MARKET))
    mirror, tally = Mirror(MAKERS, 7), Tally()
    planner = Planner(recorded, mirror, MARKET.id, 2, MARKET.tick)
    exchange = Exchange()
    snapshot = market.snapshot()
    steps = [planner.plan_diff(1, 1, recorded.begin(snapshot))]
    for _ in range(data.draw(st.integers(1, 8))):
        if data.draw(st.booleans()):
            trade = market.trade()
            steps.append(Step(trade.line, 0, planner.plan_trade(trade)))
        else:
            diff = market.diff()
            steps.append(planner.plan_diff(diff.line, 0, recorded.apply(diff) or set()))
            assert mirror.ladder.lots == recorded.ladder.lots
        if data.draw(st.booleans()):
            settle(exchange, steps, mirror, tally)
            steps = []
    settle(exchange, steps, mirror, tally)
    assert not tally.differences, tally.examples
    assert set(tally.codes) <= {"IOC_UNFILLED"}
    diff = market.diff()
    step = planner.plan_diff(diff.line, 0, recorded.apply(diff) or set())
    settle(exchange, [step], mirror, tally)
    low, high = recorded.reach
    true = {
        (side, price * 10): size
        for (side, price), size in market.book.items()
        if low <= price * 10 <= high and size * price * 10 >= MARKET.minimum_notional
    }
    assert exchange.book() == true == mirror.ladder.lots


def settle(exchange: Exchange, steps: list[Step], mirror: Mirror, tally: Tally) -> None:
    """Run steps in one block, as their classes would order them, and settle them."""
    planned = [planned for step in steps for planned in step.planned]
    for one in planned:
        assert len(one.wanted) <= BULK_LEGS_MAX
        assert class_of(one.action) == CLASS_OTHER, "one class, so that a block keeps the order"
    outcome = exchange.run(planned)
    assert Settlement(outcome, mirror, tally).settle(steps) == ""
    assert exchange.book() == mirror.ladder.lots


@given(
    changes=st.lists(
        st.tuples(st.sampled_from([BIDS, ASKS]), st.integers(1, 12), st.integers(0, 3)), max_size=60
    )
)
def test_ladder(changes: list[tuple[int, int, int]]) -> None:
    ladder, model = PriceLadder(), dict[tuple[int, int], int]()
    for side, price, lots in changes:
        ladder.set((side, price), lots)
        model[side, price] = lots
    model = {place: lots for place, lots in model.items() if lots}
    bids = sorted(((p, n) for (s, p), n in model.items() if s == BIDS), reverse=True)
    asks = sorted((p, n) for (s, p), n in model.items() if s == ASKS)
    assert ladder.lots == model
    assert ladder.levels(BIDS, 99) == bids
    assert ladder.levels(ASKS, 2) == asks[:2]
    assert ladder.best(BIDS) == (bids[0][0] if bids else 0)
    assert ladder.best(ASKS) == (asks[0][0] if asks else 0)


def test_a_bulk_that_only_cancels_begins_with_a_modify() -> None:
    recorded = RecordedBook(Grid(MARKET))
    mirror = Mirror(1, 1)
    planner = Planner(recorded, mirror, MARKET.id, 1, MARKET.tick)
    levels = tuple((text(MID - away), "0.1000") for away in range(1, 131))
    planner.plan_diff(1, 1, recorded.begin(Snapshot(1, 1, 5, levels, ())))
    gone = tuple((price, "0") for price, _ in levels)
    step = planner.plan_diff(2, 2, recorded.apply(Diff(2, 2, 5, 9, 4, gone, ())) or set())
    assert [len(planned.wanted) for planned in step.planned] == [64, 64, 5]
    cancels = [w for p in step.planned for w in p.wanted if isinstance(w.leg, Cancel)]
    assert len(cancels) == 130
    assert all(class_of(planned.action) == CLASS_OTHER for planned in step.planned)
    assert not mirror.orders


def test_a_recording_that_skips_is_counted() -> None:
    recorded = RecordedBook(Grid(replace(MARKET, minimum_notional=0)))
    early = [Diff(1, 1, 1, 4, 0, (("1.00", "1"),), ()), Diff(2, 2, 5, 12, 4, (("2.00", "1"),), ())]
    for diff in early:
        assert recorded.apply(diff) is None
    too_old = Diff(2, 2, 1, 9, 0, (("1.00", "7"),), ())
    assert recorded.apply(too_old) is None
    recorded.begin(Snapshot(3, 3, 10, (("1.00", "1"), ("3.00", "1")), (("4.00", "1"),)))
    assert {price for side, price in recorded.ladder.lots} == {100 * p for p in (1, 2, 3, 4)}
    assert (recorded.gaps, recorded.last_id) == (0, 12)
    assert recorded.ladder.lots[BIDS, 100] == 10_000
    assert recorded.apply(too_old) is None
    assert recorded.ladder.lots[BIDS, 100] == 10_000
    assert recorded.apply(Diff(4, 4, 13, 20, 12, (), ())) == set()
    assert recorded.gaps == 0
    recorded.apply(Diff(5, 5, 31, 40, 30, (), ()))
    assert recorded.gaps == 1


@pytest.mark.parametrize(
    ("price", "quantity", "what"),
    [
        ("60000.05", "1", "price between two ticks"),
        ("60000.00", "0.0001", "level below the minimum notional"),
        ("60000.00", "1.00001", "quantity between two lots"),
        ("90000.00", "1", "level out of reach"),
    ],
)
def test_what_a_market_cannot_express_is_counted(price: str, quantity: str, what: str) -> None:
    recorded = RecordedBook(Grid(replace(MARKET, minimum_notional=10 * USDC)))
    bids = (("59990.00", "1"),)
    recorded.begin(Snapshot(1, 1, 10, bids, (("60010.00", "1"),)))
    recorded.apply(Diff(2, 2, 9, 12, 8, ((price, quantity),), ()))
    assert recorded.grid.seen[what] == 1
    if what == "quantity between two lots":
        assert recorded.ladder.lots[BIDS, 6_000_000] == 10_000
    elif what == "level out of reach":
        assert recorded.best(BIDS) == 5_999_000
    else:
        assert (recorded.best(BIDS), recorded.ladder.best(BIDS)) == (
            6_000_005 if "ticks" in what else 6_000_000,
            5_999_000,
        )
