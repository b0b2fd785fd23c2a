"""What a trader is shown beforehand is what happens: previews against outcomes."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.service.answers import Answers
from node.service.books import BookView
from node.service.errors import Refused
from node.service.markets import market_view
from node.service.previews import Overlay, preview_action
from node.service.views import Views
from proto.sextant.v1 import query_pb2
from statemachine import keys
from statemachine.actions import (
    Action,
    ClosePosition,
    PlaceOrder,
    Withdraw,
    encode_transaction,
)
from statemachine.errors import Code
from statemachine.events import FundingPaid
from statemachine.identity.signing import address_of
from statemachine.records import Portfolio
from statemachine.risk.exposure import liquidation_price
from statemachine.risk.margin import margin_of, withdrawable
from statemachine.state import State
from statemachine.storage import MemoryStore
from statemachine.units import Lots, Micros, Price
from tests.exchange import Exchange
from tests.property.test_exchange_properties import TRADERS, Crowd
from tests.worlds import USDC, World, market_rules, trader_key, world_rules

BLANK = bytes(65)
IOC = 2
PRICE = 6_000_000


def draft_of(action: Action) -> bytes:
    return encode_transaction(action, 0, 0, BLANK)


def shown(views: Views, state: State, portfolio: Portfolio) -> query_pb2.PortfolioState:
    return views.portfolio_view(state, portfolio, with_orders=False)


@pytest.mark.parametrize("seed", range(3))
def test_a_preview_is_the_outcome(seed: int) -> None:
    crowd = Crowd(seed)
    world = crowd.world
    rng = Random(seed)
    views = Views(Exchange(world), Answers(world.rules.chain_id))
    codes: set[str] = set()
    for _ in range(150):
        for market in range(len(world.rules.markets)):
            crowd.price[market] += rng.randint(-3, 3) * 5_000
            world.run(world.prices(market, crowd.price[market]))
        trader = rng.randrange(TRADERS)
        action = crowd.action(trader)
        signer = address_of(trader_key(trader))
        before = dict(world.store.values)
        preview = preview_action(
            world.store,
            world.rules,
            signer,
            draft_of(action),
            world.cursor.height,
            world.now + 100,
        )
        assert world.store.values == before, "a preview changes nothing"
        transaction = world.sign(trader, action)
        result = world.run(transaction)
        made = [receipt for receipt in result.receipts if receipt.tx_hash == transaction.hash]
        assert [outcome_of(r) for r in preview.receipts] == [outcome_of(r) for r in made]
        codes.update(receipt.name for receipt in made)
        foreseen = State(preview.store, world.rules)
        account = world.account(trader)
        for sub in preview.subs_of(account):
            number = account << 8 | sub
            outcome = world.state.portfolio(number)
            preseen = foreseen.portfolio(number)
            if outcome is None or preseen is None:
                assert outcome is preseen
                continue
            assert shown(views, foreseen, preseen) == shown(views, world.state, outcome)
    assert len(codes) > 12, codes


def outcome_of(receipt: Any) -> tuple[object, ...]:
    """Return all that a receipt says but for the transaction it is of."""
    return (
        receipt.code,
        receipt.args,
        receipt.leg,
        receipt.order_id,
        receipt.filled,
        receipt.notional,
        receipt.fee,
    )


def test_what_cannot_be_a_transaction_has_no_preview() -> None:
    world = World()
    world.open(1)
    signer = address_of(trader_key(0))
    height, now = world.cursor.height, world.now + 1
    with pytest.raises(Refused, match="not a message"):
        preview_action(world.store, world.rules, signer, b"\xc1", height, now)
    prices = world.prices(0, PRICE)
    with pytest.raises(Refused, match="publishers"):
        preview_action(world.store, world.rules, signer, prices.data, height, now)
    unknown = preview_action(
        world.store, world.rules, bytes(20), draft_of(Withdraw(0, Micros(1))), height, now
    )
    assert unknown.receipts[0].code == Code.SIGNER_UNKNOWN


def test_a_nonce_that_is_used_does_not_spoil_a_preview() -> None:
    world = World()
    world.open(1)
    at = world.now + 100
    for counter in (1023, 1022):
        world.run(world.sign(0, Withdraw(0, Micros(USDC)), nonce=at << 10 | counter), advance=1)
    preview = preview_action(
        world.store,
        world.rules,
        address_of(trader_key(0)),
        draft_of(Withdraw(0, Micros(USDC))),
        world.cursor.height,
        at,
    )
    assert preview.receipts[0].code == Code.OK


@given(st.data())
def test_an_overlay_seeks_as_the_store_would_after_the_writes(data: st.DataObject) -> None:
    key = st.builds(lambda n: keys.due_key(0, n, 0), st.integers(0, 12))
    stored = data.draw(st.sets(key))
    writes = data.draw(st.dictionaries(key, st.sampled_from([b"x", None])))
    base = MemoryStore((k, b"v") for k in stored)
    overlay = Overlay(base, writes)
    after = MemoryStore((k, b"v") for k in stored)
    after.apply({k: v for k, v in writes.items() if v is not None or k in stored})
    for start in range(14):
        at = keys.due_key(0, start, 0)
        prefix = keys.due_range(0)
        assert overlay.seek(prefix, at) == after.seek(prefix, at)
        assert overlay.get(at) == after.get(at)


@given(
    size=st.integers(1, 3_000),
    side=st.sampled_from([1, -1]),
    balance=st.integers(600, 20_000),
    other=st.integers(-400, 400),
    tiers=st.booleans(),
)
def test_at_the_liquidation_price_and_not_before(
    size: int, side: int, balance: int, other: int, tiers: bool
) -> None:
    rules = world_rules(2)
    if tiers:
        graded = market_rules(0, tiers=((2_000 * USDC, 100_000, 50_000),))
        rules = replace(rules, markets=(graded, rules.markets[1]))
    world = World(rules)
    world.open(price=PRICE)
    state = world.state
    portfolio = state.open_portfolio(9 << 8)
    portfolio.balance = balance * USDC
    for number, lots in ((0, side * size), (1, other)):
        if lots:
            position = state.open_position(portfolio, number)
            position.size = lots
            position.cost = lots * PRICE
    now = margin_of(state, portfolio)
    if now.equity < now.maintenance:
        return
    price = liquidation_price(state, state.open_position(portfolio, 0), now)
    market = state.market(0)

    def liquidable(mark: int) -> bool:
        market.mark = mark
        margin = margin_of(state, portfolio)
        return margin.equity < margin.maintenance

    if price == 0:
        assert not liquidable(1), "a price of 0 says that none would do"
        return
    assert liquidable(max(1, price - 2 * side))
    assert not liquidable(max(1, price + 2 * side))


@pytest.mark.parametrize("seed", range(4))
def test_just_what_is_withdrawable_leaves(seed: int) -> None:
    rng = Random(seed)
    world = World(replace(world_rules(1), withdrawal_min=1))
    world.open(2, PRICE)
    size = Lots(rng.randint(100, 20_000))
    world.run(world.sign(1, PlaceOrder(0, 0, 1, Price(PRICE), size)))
    world.run(world.sign(0, PlaceOrder(0, 0, IOC, Price(PRICE), size)))
    world.run(world.prices(0, PRICE + rng.randint(-100, 100) * 1_000))
    state = world.state
    most = withdrawable(state, world.portfolio(0))
    assert world.act(0, Withdraw(0, Micros(most + 1))) == "BALANCE"
    assert world.act(0, Withdraw(0, Micros(most))) == "OK"
    assert withdrawable(world.state, world.portfolio(0)) == 0


@pytest.mark.parametrize("premium", [-20_000, 0, 30_000])
def test_the_next_funding_rate_is_the_one_paid(premium: int) -> None:
    world = World(replace(world_rules(1), oracle_age_ms_max=10_000_000))
    world.open(2, PRICE)
    for side, price in ((0, PRICE + premium - 5_000), (1, PRICE + premium + 5_000)):
        world.run(world.sign(side, PlaceOrder(0, 0, side, Price(price), Lots(50_000))))
    interval = world.rules.funding_interval_ms
    hour = world.now - world.now % interval + interval
    while world.now < hour - 10_000:
        world.run(advance=5_000)
    world.run(advance=hour - 1 - world.now)
    book = BookView(0, world.rules.markets[0].tick)
    book.load(world.store, world.cursor.height, world.cursor.time)
    foreseen = market_view(world.state, world.rules.markets[0], book).funding_next_ppb
    # The sample that falls due with the hour is the only thing yet to come.
    result = world.run(advance=1)
    paid = [event.rate for event in result.events if isinstance(event, FundingPaid)]
    assert paid, "an hour has passed"
    samples = interval // world.rules.premium_interval_ms
    assert abs(paid[0] - foreseen) <= 1_000_000_000 // samples
    assert (paid[0] > 100_000) == (premium > 0) or premium == 0


def test_a_preview_of_closing_says_what_closing_costs() -> None:
    world = World(world_rules(1))
    world.open(2, PRICE)
    world.run(world.sign(1, PlaceOrder(0, 0, 1, Price(PRICE), Lots(500))))
    world.run(world.sign(0, PlaceOrder(0, 0, IOC, Price(PRICE), Lots(300))))
    world.run(world.sign(1, PlaceOrder(0, 0, 0, Price(PRICE - 10_000), Lots(500))))
    action = ClosePosition(0, 0, Price(PRICE - 20_000))
    signer = address_of(trader_key(0))
    preview = preview_action(
        world.store, world.rules, signer, draft_of(action), world.cursor.height, world.now + 100
    )
    receipt = preview.receipts[0]
    assert (receipt.code, receipt.filled, receipt.notional) == (0, 300, 300 * (PRICE - 10_000))
    assert receipt.fee == -(-300 * (PRICE - 10_000) * 500 // 1_000_000)
    assert world.act(0, action) == "OK"
    assert world.position(0) is None
