"""What must not change when the same thing is said differently.

No expected figures here: two histories that differ in a way that must not
matter are both played, and their outcomes compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from statemachine import keys
from statemachine.actions import (
    FLAG_IOC,
    FLAG_SELL,
    Bulk,
    OracleMessage,
    OracleUpdate,
    PlaceOrder,
    Transaction,
    encode_transaction,
)
from statemachine.identity.signing import oracle_digest, sign_digest
from statemachine.keys import BUY, SELL
from statemachine.records import decode_oracle
from statemachine.risk.liquidation import zero_price
from statemachine.risk.margin import Margin, margin_of
from statemachine.rules import FLAG_FILL_BAND, FLAG_SELF_TRADE, MarketRules, Rules
from statemachine.units import Lots, Millis, Price
from tests.models.auditor import audit
from tests.worlds import PUBLISHER_KEYS, USDC, World, market_rules, trader_key, world_rules

MID = 6_000_000
RICH = 1_000_000 * USDC
HOUR = 3_600_000
quick = settings(max_examples=30, deadline=None, derandomize=True)


def order(size: int, price: int, flags: int = 0, market: int = 0) -> PlaceOrder:
    return PlaceOrder(0, market, flags, Price(price), Lots(size))


def equity(world: World, trader: int) -> int:
    state = world.state
    portfolio = state.portfolio(world.account(trader) << 8)
    assert portfolio is not None
    return margin_of(state, portfolio).equity


def size_and_cost(world: World, trader: int, market: int = 0) -> tuple[int, int]:
    position = world.position(trader, market)
    return (0, 0) if position is None else (position.size, position.cost)


# Long and short


@dataclass(frozen=True)
class Trade:
    """A maker and a taker, who meet in full at one price; then the price moves."""

    maker: int
    taker: int
    side: int
    size: int
    ticks: int
    permille: int
    wait: int


trades = st.lists(
    st.builds(
        Trade,
        maker=st.integers(0, 1),
        taker=st.integers(2, 3),
        side=st.integers(0, 1),
        size=st.integers(1, 500),
        ticks=st.integers(-1_000, 1_000),
        permille=st.integers(-20, 20),
        wait=st.sampled_from((100, 5_000, HOUR)),
    ),
    min_size=1,
    max_size=12,
)


def play(story: Sequence[Trade], mirror: int) -> tuple[World, int, list[tuple[int, ...]]]:
    """Play trades, with sides swapped if ``mirror``; return the world, fees and receipts.

    What the ramp takes after an outage is insurance's, and a fee like any other.
    """
    world = World(world_rules(1))
    world.open(4, MID, RICH)
    price = MID
    outcomes: list[tuple[int, ...]] = []
    for trade in story:
        price = price * (1_000 + trade.permille) // 10_000 * 10
        world.now += trade.wait
        world.run(world.prices(0, price), advance=0)
        side = trade.side ^ mirror
        at = price + 10 * trade.ticks
        world.run(world.sign(trade.maker, order(trade.size, at, 1 - side)))
        assert world.last is not None
        outcomes.append((world.last.receipts[0].code,))
        world.run(world.sign(trade.taker, order(trade.size, at, side | FLAG_IOC)))
        receipt = world.last.receipts[0]
        outcomes.append((receipt.code, receipt.filled, receipt.notional, receipt.fee))
        audit(world.store.values, world.rules)
    ledger = world.state.ledger()
    return world, ledger.fees + ledger.insurance, outcomes


@given(story=trades)
@quick
def test_what_longs_gain_shorts_lose(story: list[Trade]) -> None:
    world, fees, outcomes = play(story, 0)
    mirrored, fees_mirrored, outcomes_mirrored = play(story, 1)
    assert outcomes == outcomes_mirrored
    assert {outcome[0] for outcome in outcomes} == {0}
    assert fees == fees_mirrored
    lost = 0
    for trader in range(4):
        assert size_and_cost(world, trader)[0] == -size_and_cost(mirrored, trader)[0]
        lost += 2 * RICH - equity(world, trader) - equity(mirrored, trader)
    # Fees are lost twice; besides, each settlement of funding may floor a micro away.
    floors = 2 * (2 * len(story) + 4)
    assert 0 <= lost - 2 * fees <= floors


@given(
    mark=st.integers(1_000, 10**9).map(lambda ticks: 10 * ticks),
    maintenance=st.integers(1, 10**12),
    share=st.integers(0, 1_000),
)
@quick
def test_zero_prices_of_long_and_short_mirror_at_the_mark(
    mark: int, maintenance: int, share: int
) -> None:
    margin = Margin(maintenance * share // 1_000, 2 * maintenance, maintenance, maintenance)
    # The only position: all of the maintenance margin is its own.
    own = min(maintenance, 100 * mark)
    low, high = (zero_price(10, mark, size, own, margin) for size in (100, -100))
    assert low + high == 2 * mark
    assert low <= mark <= high


# Publishers


def update_of(world: World, said: Sequence[tuple[int, int, int]]) -> Transaction:
    """Return one update of (publisher, price, age) for the next block, now."""
    messages = []
    for publisher, price, age in said:
        time = world.now - age
        signature = sign_digest(
            PUBLISHER_KEYS[publisher], oracle_digest(world.domain, 0, price, time)
        )
        messages.append(OracleMessage(publisher, Price(price), Millis(time), signature))
    update = OracleUpdate(0, tuple(messages))
    return Transaction(update, 0, 0, b"", encode_transaction(update, 0, 0, b""))


said_by_all = st.tuples(
    *[st.tuples(st.just(p), st.integers(1_000, 9_000), st.integers(0, 70_000)) for p in range(3)]
)


def prices_of(updates: Sequence[Sequence[tuple[int, int, int]]]) -> tuple[object, ...]:
    """Return the market's record and what publishers said, after one block of updates.

    Not the average of the last hour, which bounds the index and follows the first
    update of a block, nor the slow price, which is that average; its bound is out of
    reach here.
    """
    world = World(world_rules(1, average_factor_max=100))
    world.now += 100_000
    world.run(*(update_of(world, update) for update in updates), advance=0)
    key = keys.oracle_key(0)
    oracle = decode_oracle(key, world.store.values[key])
    market = world.market(0)
    market.stable = 0
    return market.encode(), oracle.prices, oracle.times, oracle.pending


@given(said=said_by_all, seed=st.integers(0, 5))
@quick
def test_the_order_and_the_packing_of_messages_gain_nothing(
    said: tuple[tuple[int, int, int], ...], seed: int
) -> None:
    expected = prices_of([said])
    shuffled = Random(seed).sample(said, 3)
    assert prices_of([shuffled]) == expected
    assert prices_of([[message] for message in shuffled]) == expected
    assert prices_of([shuffled[:2], shuffled[2:]]) == expected
    assert prices_of([shuffled, shuffled[:1]]) == expected, "said twice counts once"


@given(said=said_by_all, seed=st.integers(0, 5))
@quick
def test_who_says_what_makes_no_difference_to_the_index(
    said: tuple[tuple[int, int, int], ...], seed: int
) -> None:
    mixed = Random(seed).sample(said, 3)
    renamed = [(publisher, price, age) for publisher, (_, price, age) in enumerate(mixed)]
    assert prices_of([renamed])[0] == prices_of([said])[0]


# Markets that have nothing to do with each other


@dataclass(frozen=True)
class Request:
    """An order of one of a market's own two traders."""

    trader: int
    flags: int
    size: int
    ticks: int


requests = st.lists(
    st.builds(
        Request,
        trader=st.integers(0, 1),
        flags=st.sampled_from((0, 1, 0, 1, 2, 3, 4, 5, 8, 9)),
        size=st.integers(1, 400),
        ticks=st.integers(-400, 400),
    ),
    max_size=8,
)


def trade_apart(
    stories: Sequence[list[Request]], markets: Sequence[int], seed: int
) -> dict[str, object]:
    """Play story i in market ``markets[i]`` by traders 2i, 2i + 1; stories mixed by ``seed``."""
    world = World(world_rules(2, flags=FLAG_FILL_BAND | FLAG_SELF_TRADE))
    world.open(4, MID, 10_000 * USDC)
    signed = [
        [
            world.sign(
                2 * group + request.trader,
                order(request.size, MID + 10 * request.ticks, request.flags, market),
            )
            for request in story
        ]
        for group, (story, market) in enumerate(zip(stories, markets, strict=True))
    ]
    # A random merge that keeps the order within each story.
    turns = [group for group, story in enumerate(signed) for _ in story]
    Random(seed).shuffle(turns)
    waiting = [iter(story) for story in signed]
    result = world.run(*(next(waiting[group]) for group in turns))
    world.run(advance=5_000)
    audit(world.store.values, world.rules)
    outcomes = {
        receipt.tx_hash: (receipt.code, receipt.args, receipt.filled, receipt.notional, receipt.fee)
        for receipt in result.receipts
    }
    return {
        "receipts": [[outcomes[transaction.hash] for transaction in story] for story in signed],
        "balances": [world.portfolio(trader).balance for trader in range(4)],
        "positions": [size_and_cost(world, t, markets[t // 2]) for t in range(4)],
        "books": [world.book(market) for market in markets],
        "markets": [world.store.get(keys.market_key(market)) for market in markets],
    }


@given(first=requests, second=requests, seed=st.integers(1, 100))
@quick
def test_independent_markets_do_not_see_each_other(
    first: list[Request], second: list[Request], seed: int
) -> None:
    expected = trade_apart((first, second), (0, 1), 0)
    assert trade_apart((first, second), (0, 1), seed) == expected
    assert trade_apart((first, second), (1, 0), seed) == expected, "market numbers are names"


# Orders in parts


def buy_in_parts(
    parts: Sequence[int], asks: Sequence[int], maker_ppm: int, *, together: bool
) -> World:
    """Let one trader buy ``parts`` of odd-priced asks of another."""
    rules = replace(
        world_rules(1), markets=(market_rules(0, tick=1, maker_ppm=maker_ppm, notional_min=1),)
    )
    world = World(rules)
    world.open(2, 1_237, RICH)
    for place, size in enumerate(asks):
        world.act(1, order(size, 1_231 + 3 * place, FLAG_SELL))
    legs = tuple(order(size, 1_260, FLAG_IOC) for size in parts)
    if together:
        world.run(world.sign(0, Bulk(0, legs)))
    else:
        world.run(world.sign(0, order(sum(parts), 1_260, FLAG_IOC)))
    audit(world.store.values, world.rules)
    return world


@given(
    parts=st.lists(st.integers(1, 60), min_size=2, max_size=8),
    asks=st.lists(st.integers(1, 90), min_size=1, max_size=6),
    maker_ppm=st.sampled_from((100, 0, -200, -500)),
)
@quick
def test_splitting_an_order_makes_no_money(
    parts: list[int], asks: list[int], maker_ppm: int
) -> None:
    whole = buy_in_parts(parts, asks, maker_ppm, together=False)
    split = buy_in_parts(parts, asks, maker_ppm, together=True)
    assert size_and_cost(whole, 0) == size_and_cost(split, 0)
    assert size_and_cost(whole, 1) == size_and_cost(split, 1)
    more_fills = len(parts)
    for trader in (0, 1):
        assert 0 <= equity(whole, trader) - equity(split, trader) <= more_fills


@given(
    size=st.integers(1, 500),
    price=st.integers(590_000, 610_000).map(lambda ticks: 10 * ticks),
    maker_ppm=st.sampled_from((100, 0, -200, -500)),
)
@quick
def test_opening_and_closing_at_one_price_costs_the_fees(
    size: int, price: int, maker_ppm: int
) -> None:
    rules = replace(world_rules(1), markets=(market_rules(0, maker_ppm=maker_ppm),))
    world = World(rules)
    world.open(2, MID, RICH)
    paid = 0
    for side in (BUY, SELL):
        world.act(1, order(size, price, 1 - side))
        assert world.act(0, order(size, price, side | FLAG_IOC)) == "OK"
        assert world.last is not None
        paid += world.last.receipts[0].fee
    assert world.portfolio(0).balance == RICH - paid
    assert world.portfolio(0).balance + world.portfolio(1).balance == (
        2 * RICH - world.state.ledger().fees
    )


# Lots of another size


def scaled(rules: Rules, factor: int) -> Rules:
    """Return rules whose lots are ``factor`` times smaller."""

    def scale(market: MarketRules) -> MarketRules:
        return replace(market, tick=market.tick // factor)

    return replace(rules, markets=tuple(scale(market) for market in rules.markets))


def trade_in_lots(story: Sequence[Request], falls: Sequence[int], factor: int) -> list[object]:
    """Play a story with lots ``factor`` times smaller; return what money says about it."""
    base = replace(world_rules(1), markets=(market_rules(0, tick=1_000, maker_ppm=-200),))
    world = World(scaled(base, factor))
    world.open(3, MID // factor, 100 * USDC)
    told: list[object] = []
    for place, request in enumerate(story):
        price = (MID + 1_000 * (request.ticks // 4)) // factor
        # All within a second: a sample's fixed-point basis would round at another place.
        fall = falls[place % len(falls)] * 1_000 // factor
        world.now += 10
        world.run(world.prices(0, MID // factor - fall), advance=0)
        world.run(
            world.sign(
                request.trader + place % 2,
                order(request.size * factor, price, request.flags),
                nonce=world.nonce(),
            ),
            advance=10,
        )
        assert world.last is not None
        receipt = world.last.receipts[0]
        told.append((receipt.code, receipt.filled // factor, receipt.notional, receipt.fee))
        audit(world.store.values, world.rules)
    for trader in range(3):
        size, cost = size_and_cost(world, trader)
        told.append((world.portfolio(trader).balance, equity(world, trader), size // factor, cost))
    return told


@given(story=requests, falls=st.lists(st.integers(-100, 100), min_size=1, max_size=4))
@quick
def test_money_does_not_know_how_large_a_lot_is(story: list[Request], falls: list[int]) -> None:
    expected = trade_in_lots(story, falls, 1)
    assert trade_in_lots(story, falls, 10) == expected
    assert trade_in_lots(story, falls, 1_000) == expected


def test_keys_are_names() -> None:
    """Whose key is whose changes nothing but the addresses."""

    def story(first: int, second: int) -> list[int]:
        world = World(world_rules(1))
        for trader in (first, second):
            world.deposit(trader, RICH)
        world.run(world.prices(0, MID))
        world.act(trader_key(second), order(100, MID, FLAG_SELL))
        world.act(trader_key(first), order(100, MID))
        return [equity(world, first), equity(world, second)]

    assert story(0, 1) == story(9, 3)
