"""Atomic bulks: one step, all of it or nothing, whatever came before it."""

from dataclasses import replace

import pytest

from statemachine import keys
from statemachine.actions import (
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_SELL,
    ApproveAgent,
    Bracket,
    Bulk,
    Cancel,
    Leg,
    Modify,
    PlaceOrder,
    PoolSupply,
    Terms,
)
from statemachine.block import Block
from statemachine.costs import COST_MAX
from statemachine.identity.signing import address_of
from statemachine.transition import apply_block, apply_segment
from statemachine.units import Lots, Micros, Millis, Price
from statemachine.working_set import WorkingSet
from tests.counting import CountingStore
from tests.exchange_vectors.lending import LOW, lending
from tests.models.auditor import audit
from tests.worlds import USDC, World, market_rules, trader_key, world_rules

MID = 6_000_000
CID = b"0123456789abcdef"
GONE = Cancel(0, 0, 1 << 40)


@pytest.fixture
def world() -> World:
    made = World(world_rules(2))
    made.open(3)
    return made


def place(
    size: int, price: int, flags: int = 0, client_id: bytes = b"", market: int = 0
) -> PlaceOrder:
    return PlaceOrder(0, market, flags, Price(price), Lots(size), client_id)


def whole(*legs: Leg) -> Bulk:
    return Bulk(0, legs, atomic=True)


def offers(world: World, count: int) -> None:
    """Let trader 1 offer ``count`` single lots at MID."""
    for _ in range(count):
        assert world.act(1, place(1, MID, FLAG_SELL)) == "OK"


def state_of(world: World) -> dict[bytes, bytes]:
    """Return the state, but for the cursor and nonces."""
    tables = (keys.TABLE_CURSOR, keys.TABLE_NONCES)
    return {key: value for key, value in world.store.values.items() if key[0] not in tables}


def receipts(world: World) -> list[tuple[str, tuple[int, ...], int]]:
    assert world.last is not None
    return [(receipt.name, receipt.args, receipt.leg) for receipt in world.last.receipts]


def test_one_step_with_a_receipt_for_each_leg(world: World) -> None:
    offers(world, 2)
    codes = world.codes(world.sign(0, whole(place(2, MID), place(3, MID - 10), place(1, MID - 20))))
    assert codes == ["OK"] * 3
    assert world.last is not None
    assert [(r.leg, r.filled) for r in world.last.receipts] == [(0, 2), (1, 0), (2, 0)]
    assert world.book() == ([(MID - 10, 3), (MID - 20, 1)], [])


def test_a_refused_leg_undoes_the_others(world: World) -> None:
    offers(world, 3)
    world.act(0, place(5, MID - 100, client_id=CID))
    before = state_of(world)
    legs = (
        place(2, MID),
        Cancel(0, 0, CID),
        place(1, MID - 10, client_id=CID),
        place(7, MID - 50, market=1),
        GONE,
        place(1, MID - 30),
    )
    assert world.codes(world.sign(0, whole(*legs)), advance=0)[4] == "ORDER_UNKNOWN"
    assert receipts(world) == [
        ("ATOMIC", (4, 33), leg) if leg != 4 else ("ORDER_UNKNOWN", (), 4) for leg in range(6)
    ]
    assert state_of(world) == before
    assert world.last is not None
    assert world.last.events == []


def test_an_order_of_the_same_block_is_met_again_after_its_cancel_was_undone(world: World) -> None:
    world.run(
        world.sign(1, place(3, MID, FLAG_SELL, client_id=CID)),
        world.sign(1, whole(place(1, MID - 500), Cancel(0, 0, CID), GONE)),
        world.sign(0, place(3, MID, FLAG_IOC)),
        advance=100,
    )
    assert [name for name, _, _ in receipts(world)] == [
        "OK",
        "ATOMIC",
        "ATOMIC",
        "ORDER_UNKNOWN",
        "OK",
    ]
    assert world.last is not None
    assert world.last.receipts[-1].filled == 3


@pytest.mark.parametrize("before", [True, False])
def test_a_loan_that_a_leg_took_is_undone(*, before: bool) -> None:
    world = lending()
    world.act(1, place(2_000, LOW))
    stood = state_of(world)
    block = [world.sign(3, PoolSupply(0, Micros(USDC)))] if before else []
    loss = place(2_000, LOW, FLAG_SELL | FLAG_IOC)
    world.run(*block, world.sign(0, whole(loss, GONE)), advance=0)
    assert receipts(world)[-1][0] == "ORDER_UNKNOWN"
    pool = world.state.pool()
    assert (pool.lent, pool.shares) == (0, 1_000 * USDC + (USDC if before else 0))
    assert before or state_of(world) == stood
    audit(world.store.values, world.rules)
    world.run(world.sign(0, whole(loss)), advance=0)
    assert world.state.pool().lent == -world.portfolio(0).balance > 0
    audit(world.store.values, world.rules)


def test_the_nonce_is_burnt_all_the_same(world: World) -> None:
    undone = world.sign(0, whole(place(1, MID - 10), GONE))
    assert world.codes(undone)[0] == "ATOMIC"
    assert world.codes(undone) == ["NONCE_USED"]


def test_legs_share_eight_visits(world: World) -> None:
    offers(world, 20)
    assert world.codes(world.sign(0, whole(place(4, MID), place(4, MID)))) == ["OK", "OK"]
    assert world.codes(world.sign(0, whole(place(4, MID), place(5, MID)))) == [
        "ATOMIC",
        "FILL_LIMIT",
    ]
    assert receipts(world)[1] == ("FILL_LIMIT", (1,), 1)
    assert world.cursor.continuation == world.cursor.filled == world.cursor.remaining == 0
    # What comes next in the block starts anew, with visits of its own.
    after = world.sign(0, place(12, MID))
    failing = world.sign(0, whole(place(9, MID)))
    assert world.codes(failing, after) == ["FILL_LIMIT", "OK"]
    assert world.book() == ([], [])


def test_what_the_block_did_before_stays(world: World) -> None:
    """Records that the same segment changed already come back as they were, not as stored."""
    offers(world, 6)
    first = world.sign(0, place(2, MID))
    rested = world.sign(0, place(5, MID - 100, client_id=CID))
    undone = world.sign(0, whole(Cancel(0, 0, CID), place(3, MID), place(1, MID - 10), GONE))
    then = world.sign(0, Modify(0, 0, 0, CID, Price(MID - 100), Lots(4)))
    last = world.sign(0, place(1, MID))
    codes = world.codes(first, rested, undone, then, last)
    assert codes == ["OK", "OK", "ATOMIC", "ATOMIC", "ATOMIC", "ORDER_UNKNOWN", "OK", "OK"]
    position = world.position(0)
    assert position is not None
    assert (position.size, position.bids) == (3, 4)
    assert world.book() == ([(MID - 100, 4)], [(MID, 1)] * 3)


@pytest.mark.parametrize("steps", [1, 2, 3, 64])
def test_what_an_earlier_segment_did_stays(steps: int) -> None:
    """The store of a run is as old as its block: what segments wrote since is remembered."""
    world = World(world_rules(1, segment_steps_max=steps))
    world.open(3)
    offers(world, 6)
    world.act(0, place(5, MID - 100, client_id=CID))
    transactions = (
        # The client id's leaf goes in one segment, comes and goes again in an undone bulk.
        world.sign(0, Cancel(0, 0, CID)),
        world.sign(0, place(2, MID)),
        world.sign(0, whole(place(2, MID), place(9, MID - 100, client_id=CID), GONE)),
        world.sign(0, place(5, MID - 200, client_id=CID)),
        world.sign(0, whole(Cancel(0, 0, CID), place(1, MID), GONE)),
        world.sign(0, place(1, MID)),
    )
    known = WorkingSet()
    block = world.block(transactions)
    result = apply_block(world.store, world.rules, block, known)
    world.store.apply(result.writes)
    names = [receipt.name for receipt in result.receipts]
    undone = ["ATOMIC", "ATOMIC", "ORDER_UNKNOWN"]
    assert names == ["OK", "OK", *undone, "OK", *undone, "OK"]
    assert world.book() == ([(MID - 200, 5)], [(MID, 1)] * 3)
    # What the working set holds is what the store holds.
    empty = Block(None, block.time + 1_000, [])
    again = apply_block(world.store, world.rules, empty, known)
    assert again.writes == apply_block(world.store, world.rules, empty).writes


def test_brackets_and_sleepers_are_undone_too(world: World) -> None:
    terms = Terms(trigger=1, trigger_price=Price(MID - 60_000))
    stop = PlaceOrder(0, 0, FLAG_SELL | FLAG_IOC, Price(MID - 90_000), Lots(5), b"", terms)
    assert world.act(0, Bracket(0, place(5, MID - 100, client_id=CID), (stop,))) == "OK"
    before = state_of(world)
    undone = whole(stop, Cancel(0, 0, CID), GONE)
    assert world.codes(world.sign(0, undone), advance=0)[0] == "ATOMIC"
    assert state_of(world) == before
    offers(world, 0)
    world.act(1, place(5, MID - 100, FLAG_SELL))
    world.run()
    assert world.state.ledger().sleepers == 1, "the bracket still hears of its entry"


def test_more_legs_than_the_rules_allow_are_refused_before_any_runs() -> None:
    world = World(world_rules(1, atomic_legs_max=1))
    world.open(1)
    assert world.codes(world.sign(0, whole(place(1, MID), place(1, MID)))) == ["FIELD", "ATOMIC"]
    assert receipts(world)[0] == ("FIELD", (2, 1), 0)
    assert world.codes(world.sign(0, whole(place(1, MID - 10)))) == ["OK"]


def test_a_stranger_has_one_receipt(world: World) -> None:
    assert world.codes(world.sign(40, whole(place(1, MID), place(1, MID)))) == ["SIGNER_UNKNOWN"]
    assert world.codes(world.sign(0, Bulk(9, (GONE, GONE), atomic=True))) == [
        "ORDER_UNKNOWN",
        "ATOMIC",
    ]


def test_a_budget_that_was_used_stays_used(world: World) -> None:
    agent = trader_key(30)
    key = ApproveAgent(address_of(agent), Millis(world.now + 9_000), 62, 0, Micros(20 * USDC))
    assert world.act(0, key) == "OK"
    assert world.codes(world.sign(agent, whole(place(2, MID - 10), GONE)))[0] == "ATOMIC"
    assert world.act(agent, place(2, MID - 10)) == "AGENT_NOTIONAL"


def test_a_quote_is_moved_in_one_step(world: World) -> None:
    world.act(1, place(5, MID - 10, FLAG_POST_ONLY))
    world.act(1, place(5, MID + 10, FLAG_SELL | FLAG_POST_ONLY))
    assert world.last is not None
    ask = world.last.receipts[0].order_id
    quotes = (
        Modify(0, 0, FLAG_POST_ONLY, ask - 1, Price(MID + 10), Lots(5)),
        Modify(0, 0, FLAG_SELL | FLAG_POST_ONLY, ask, Price(MID + 20), Lots(5)),
    )
    assert world.codes(world.sign(1, whole(*quotes))) == ["POST_ONLY_CROSSES", "ATOMIC"]
    assert world.codes(world.sign(1, whole(*reversed(quotes)))) == ["OK", "OK"]
    assert world.book() == ([(MID + 10, 5)], [(MID + 20, 5)])


def test_a_market_keeps_its_tiers() -> None:
    """Half of its notional as margin above 100 USDC: whatever was undone in its market."""
    tiers = ((100 * USDC, 500_000, 250_000),)
    world = World(replace(world_rules(1), markets=(market_rules(0, tiers=tiers),)))
    world.open(3, amount=1_000 * USDC)
    offers(world, 9)
    trade = world.sign(0, place(2, MID))
    undone = world.sign(0, whole(place(2, MID), GONE))
    large = world.sign(0, place(500, MID))
    assert world.codes(trade, undone, large) == ["OK", "ATOMIC", "ORDER_UNKNOWN", "MARGIN"]


MARKETS = 16


def full_world() -> tuple[World, list[Leg]]:
    """Return a portfolio in 16 markets, and 8 modifies in 8 of them that take a lot each.

    Each maker is another one, with a client id, and gone once he is met.
    """
    world = World(world_rules(MARKETS, segment_steps_max=1))
    world.open(10)
    legs: list[Leg] = []
    for market in range(MARKETS):
        name = bytes([market]) * 16
        assert world.act(0, place(1, MID - 10, client_id=name, market=market)) == "OK"
        if market < 8:
            ask = place(1, MID, FLAG_SELL, bytes([100 + market]) * 16, market)
            assert world.act(1 + market, ask) == "OK"
            legs.append(Modify(0, market, 0, name, Price(MID), Lots(2)))
    return world, legs


@pytest.mark.parametrize("fails", [False, True])
def test_a_large_one_touches_no_more_leaves_than_it_pays_for(*, fails: bool) -> None:
    world, legs = full_world()
    agent = trader_key(30)
    budgets = Micros(10**12), Micros(10**12)
    key = ApproveAgent(address_of(agent), Millis(world.now + 9_000), 62, 0, *budgets)
    assert world.act(0, key) == "OK"
    if fails:
        legs[-1] = GONE
    block = world.block([world.sign(agent, whole(*legs))])
    store = CountingStore(world.store)
    while True:
        segment = apply_segment(store, world.rules, block)
        if segment.receipts:
            break
        world.store.apply(segment.writes)
        store.touched.clear()
    codes = [receipt.name for receipt in segment.receipts]
    assert codes == (["ATOMIC"] * 7 + ["ORDER_UNKNOWN"] if fails else ["OK"] * 8)
    touched = store.touched | set(segment.writes)
    units = sum(1 + len(world.store.get(key) or b"") // 129 for key in touched)
    assert 100 < units <= segment.cost <= COST_MAX
    if fails:
        tables = {key[0] for key in segment.writes}
        assert tables <= {keys.TABLE_CURSOR, keys.TABLE_NONCES, keys.TABLE_SIGNER}
