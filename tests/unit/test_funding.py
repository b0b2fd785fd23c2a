"""Funding: premium, rate and accrual against plain fractions; settlements to the unit."""

from dataclasses import replace
from fractions import Fraction
from math import floor, trunc

import pytest

from statemachine.actions import PlaceOrder
from statemachine.events import FundingPaid
from statemachine.pricing.funding import (
    FUNDING_SHIFT,
    IMPACT_ORDERS_MAX,
    INTEREST,
    PARTS,
    premium_of,
    process_funding,
    rate_of,
    settle_funding,
    unsettled_funding,
)
from statemachine.records import Market
from statemachine.step import Step
from statemachine.units import Lots, Price
from tests.models.auditor import audit
from tests.worlds import GENESIS_MS, USDC, World, world_rules

PRICE = 6_000_000
HOUR = 3_600_000
NOTIONAL = 10_000 * USDC
"""500 USDC over 5%."""


def place(world: World, trader: int, side: int, price: int, size: int) -> None:
    order = PlaceOrder(0, 0, side, Price(price), Lots(size))
    assert world.act(trader, order) == "OK"


def world_with_book(bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> World:
    """Return a world with an index of PRICE and these (price, size) on its book."""
    world = World()
    world.open(2, PRICE)
    for side, orders in ((0, bids), (1, asks)):
        for price, size in orders:
            place(world, side, side, price, size)
    return world


def impact(orders: list[tuple[int, int]]) -> Fraction:
    """Return the mean price of trading NOTIONAL, what is not shown counting at PRICE."""
    left, lots = Fraction(NOTIONAL), Fraction(0)
    for price, size in orders[:IMPACT_ORDERS_MAX]:
        taken = min(left, Fraction(price * size))
        lots += taken / price
        left -= taken
    return Fraction(NOTIONAL) / (lots + left / PRICE)


DEEP = [(PRICE + 60_000, 2_000)]
BOOKS: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]] = [
    ([], []),
    ([(PRICE + 50_000, 5_000)], []),
    ([], [(PRICE - 50_000, 5_000)]),
    ([(PRICE + 50_000, 5_000)], DEEP),
    ([(PRICE - 60_000, 2_000)], [(PRICE - 50_000, 5_000)]),
    ([(PRICE - 50_000, 5_000)], DEEP),
    ([(PRICE + 50_000, 100)], DEEP),
    ([(PRICE + 50_000 - 10 * i, 10) for i in range(20)], DEEP),
    ([(PRICE + 50_000 - 10 * i, 77 + i) for i in range(20)], [(PRICE + 60_000, 5)]),
]


@pytest.mark.parametrize("place", range(len(BOOKS)))
def test_premium_is_the_mean_price_of_the_impact_notional(place: int) -> None:
    bids, asks = BOOKS[place]
    world = world_with_book(bids, asks)
    step = Step(world.state)
    step.begin(0)
    market = step.state.market(0)
    expected = Fraction(0)
    if bids and asks:
        expected = max(impact(bids) - PRICE, Fraction(0)) - max(PRICE - impact(asks), Fraction(0))
        expected = expected / PRICE * PARTS
    assert abs(premium_of(step, market) - floor(expected)) <= 1
    if not bids or not asks:
        assert premium_of(step, market) == 0


def test_no_more_than_sixteen_orders_a_side_are_read() -> None:
    bids = [(PRICE - 10 * i, 1) for i in range(30)]
    world = world_with_book(bids, [(PRICE + 10 + 10 * i, 1) for i in range(30)])
    step = Step(world.state)
    step.begin(0)
    premium_of(step, step.state.market(0))
    assert len(step.state.orders) == 2 * IMPACT_ORDERS_MAX
    assert step.cost == 2 * (IMPACT_ORDERS_MAX + 1)


def market_of(world: World) -> tuple[Step, Market]:
    step = Step(world.state)
    step.begin(0)
    return step, step.state.market(0)


@pytest.mark.parametrize(
    ("total", "rate"),
    [
        (0, INTEREST),
        (720 * 100_000, 100_000),
        (720 * 400_000, 100_000),  # within the clamp the interest rate holds
        (720 * 700_000, 200_000),
        (-720 * 400_000, 100_000),
        (-720 * 700_000, -200_000),
        (-719, INTEREST),  # a mean of less than a part is truncated
        (720 * 10**9, 120_000_000),  # 6 * (5% - 3%)
        (-720 * 10**9, -120_000_000),
        (700_000, INTEREST),  # one sample among missed ones
    ],
)
def test_rate_is_the_mean_over_a_fixed_count_clamped(total: int, rate: int) -> None:
    world = World()
    step, market = market_of(world)
    market.premium_sum = total
    assert rate_of(step, market) == rate


@pytest.mark.parametrize(
    ("gap", "elapsed"), [(HOUR, HOUR), (HOUR // 2, HOUR // 2), (5 * HOUR, HOUR), (0, 0)]
)
@pytest.mark.parametrize("total", [0, 720 * 3_000_000, -720 * 3_000_000])
@pytest.mark.parametrize("index", [1, PRICE, (1 << 46) - 1])
def test_accrual_is_truncated_and_at_most_an_hour(
    gap: int, elapsed: int, total: int, index: int
) -> None:
    step, market = market_of(World())
    due = step.now - step.now % HOUR
    step.now = due + 17
    market.index = index
    market.funding_time = due - gap
    market.premium_sum = total
    rate = rate_of(step, market)
    process_funding(step, market, due)
    exact = Fraction(rate, PARTS) * Fraction(elapsed, 8 * HOUR) * index * 2**FUNDING_SHIFT
    assert market.funding_index == trunc(exact)
    assert (market.premium_sum, market.premium_count) == (0, 0)
    assert (market.funding_rate, market.funding_time) == (rate, due)


def test_an_outage_accrues_one_hour_and_the_next_hour_starts_on_time() -> None:
    world = World()
    world.open()
    start = world.now
    world.run(advance=5 * HOUR)
    first = world.market().funding_index
    assert first > 0
    due = start - start % HOUR + HOUR
    since = due - GENESIS_MS
    assert first == trunc(
        Fraction(INTEREST, PARTS) * Fraction(since, 8 * HOUR) * PRICE * 2**FUNDING_SHIFT
    )
    assert world.market().funding_time == world.now - world.now % HOUR
    world.run(advance=HOUR)
    assert world.market().funding_index - first == trunc(
        Fraction(INTEREST, PARTS) / 8 * PRICE * 2**FUNDING_SHIFT
    )


def test_longs_pay_shorts_lazily_and_dust_keeps_the_rest() -> None:
    world = World(world_rules(1))
    world.open(4, PRICE, 10_000 * USDC)
    place(world, 0, 1, PRICE, 333)
    for trader, size in ((1, 100), (2, 200), (3, 33)):
        place(world, trader, 0, PRICE, size)
    paid = 0
    for hour in range(4):
        world.run(world.prices(0, PRICE + 1_237 * hour))
        result = world.run(advance=HOUR)
        assert [e.rate for e in result.events if isinstance(e, FundingPaid)] == [INTEREST]
        audit(world.store.values, world.rules)
    world.run(world.prices(0, PRICE))
    market = world.market()
    for trader in range(4):
        position = world.position(trader)
        assert position is not None
        due = unsettled_funding(position, market)
        exact = Fraction(-position.size * market.funding_index, 2**FUNDING_SHIFT)
        assert due == floor(exact)
        assert (due > 0) == (trader == 0)
        paid += due
    assert -4 < paid <= 0
    for trader in range(4):
        state = world.state
        portfolio = state.portfolio(world.account(trader) << 8)
        assert portfolio is not None
        position = state.find_position(portfolio, 0)
        assert position is not None
        settle_funding(state, portfolio, position, state.market(0))
        world.store.apply(state.flush())
        audit(world.store.values, world.rules)
    # I3: what was settled and the dust sum to zero.
    assert (paid << FUNDING_SHIFT) + world.market().funding_dust == 0


@pytest.mark.parametrize(
    ("price", "lot", "rate_ppm", "hours", "published"),
    [
        # (micro-USDC per lot, base quanta in a lot, ppm per 8 h, hours, published)
        (1, 1_000, 1_001_999, 8, 1_001),
        (1, 1_000, -1_001_999, 8, -1_001),
        (10_000_000, 1, -1_001_999, 4, -5_009_995_000_000),
        (1_000, 1, -1_001_999, 1, -125_249_875),
    ],
)
def test_accrual_is_that_of_dydx(
    price: int, lot: int, rate_ppm: int, hours: int, published: int
) -> None:
    # Source: dydxprotocol/v4-chain, x/perpetuals/funding/funding_test.go, the cases of
    # TestGetFundingIndexDelta: millionths of quote quanta (micro-USDC) per base quantum, truncated.
    # Ours are per lot, and an hour at most accrues at a time.
    wide = replace(world_rules(1).markets[0], initial_ppm=1_000_000, maintenance_ppm=1)
    step, market = market_of(World(replace(world_rules(1), markets=(wide,))))
    due = step.now - step.now % HOUR
    market.index = price
    market.funding_time = due
    for _ in range(hours):
        due += HOUR
        step.now = due
        market.premium_sum = 720 * (1_000 * rate_ppm + (500_000 if rate_ppm > 0 else -500_000))
        assert rate_of(step, market) == 1_000 * rate_ppm
        process_funding(step, market, due)
    exact = Fraction(market.funding_index * 1_000_000, 2**FUNDING_SHIFT * lot)
    assert abs(exact - published) < 1  # they truncate to a whole one, we at 2**-32
