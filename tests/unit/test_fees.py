"""Fees: tiers, the ramp, and shares; what the vectors do not show figure by figure."""

from dataclasses import replace
from typing import Any

import pytest

from statemachine import keys
from statemachine.actions import (
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_SELL,
    ApproveAgent,
    ApproveBuilder,
    Bulk,
    PlaceOrder,
    Poke,
    SetReferrer,
    Terms,
)
from statemachine.errors import FrameInvalid
from statemachine.events import BALANCE_BUILDER, BALANCE_REFERRAL, BalanceChanged, Fill
from statemachine.fees.rates import lowered, maker_rate, ramp_excess, taker_rate
from statemachine.fees.standing import tier_of
from statemachine.identity.signing import address_of
from statemachine.records import Market, Standing, decode_standing
from statemachine.rules import decode_rules
from statemachine.units import PPM_ONE, Lots, Millis, Price
from tests.models.auditor import audit
from tests.worlds import USDC, World, market_rules, trader_key, world_rules

MID = 6_000_000
DAY = 86_400_000
TIERS = ((600 * USDC, 500_000, 800_000), (1_200 * USDC, 0, 700_000))
MAKER, TRADER, OTHER = 1, 0, 2


def order(size: int, flags: int = 0, price: int = MID, sub: int = 0, **terms: Any) -> PlaceOrder:
    return PlaceOrder(sub, 0, flags, Price(price), Lots(size), b"", Terms(**terms))


def opened(**rules: Any) -> World:
    world = World(world_rules(1, **rules))
    world.open(3, MID, 10_000 * USDC)
    return world


def trade(world: World, size: int, **terms: Any) -> Fill:
    """Let the trader buy and sell back ``size`` lots; return the second fill."""
    for side in (0, FLAG_SELL):
        assert world.act(MAKER, order(size, side ^ FLAG_SELL)) == "OK"
        assert world.act(TRADER, order(size, side | FLAG_IOC, **terms)) == "OK"
    audit(world.store.values, world.rules)
    assert world.last is not None
    return next(event for event in world.last.events if isinstance(event, Fill))


def standing(world: World, trader: int) -> Standing | None:
    key = keys.standing_key(world.account(trader))
    data = world.store.get(key)
    return None if data is None else decode_standing(key, data)


def later(world: World, days: int) -> None:
    world.run(world.prices(0, MID), advance=days * DAY)
    world.run(world.prices(0, MID))


# Rates


@pytest.mark.parametrize(
    ("base", "share", "rate"),
    [
        (500, 800_000, 400),
        (333, 500_000, 167),  # a fee's rate rounds up
        (-333, 500_000, -499),  # a rebate's rounds down, and grows
        (-100, 0, -200),
        (100, 0, 0),
        (0, 0, 0),
        (7, PPM_ONE, 7),
        (-7, PPM_ONE, -7),
    ],
)
def test_what_a_tier_leaves(base: int, share: int, rate: int) -> None:
    assert lowered(base, share) == rate


def test_a_higher_tier_never_pays_more() -> None:
    for maker in (100, 1, 0, -1, -77):
        rules = world_rules(1, fee_tiers=TIERS)
        market = market_rules(0, maker_ppm=maker, taker_ppm=499)
        for rate in (maker_rate, taker_rate):
            paid = [rate(rules, market, tier) for tier in range(3)]
            assert paid == sorted(paid, reverse=True)


def test_tiers_begin_at_their_volume() -> None:
    rules = world_rules(1, fee_tiers=TIERS)
    volumes = (0, 600 * USDC - 1, 600 * USDC, 1_200 * USDC - 1, 1_200 * USDC, 1 << 70)
    assert [tier_of(rules, volume) for volume in volumes] == [0, 0, 1, 1, 2, 2]
    assert tier_of(world_rules(1, fee_tiers=()), 1 << 70) == 0


@pytest.mark.parametrize(
    ("passed", "excess"),
    [(0, 1_000), (1, 1_000), (601, 999), (150_000, 750), (599_999, 1), (600_000, 0)],
)
def test_the_ramp_falls_to_nothing(passed: int, excess: int) -> None:
    rules = world_rules(1)
    market = Market(keys.market_key(0), False, 0)
    for name in ("resumed_at", "jumped_at"):
        market.resumed_at = market.jumped_at = 5
        setattr(market, name, 1_000)
        assert ramp_excess(rules, market, 500, 1_000 + passed) == excess


def test_the_ramp_takes_no_more_than_everything() -> None:
    market = Market(keys.market_key(0), False, 0)
    market.jumped_at = 1_000
    assert ramp_excess(world_rules(1), market, 400_000, 1_000) == 600_000


def test_no_ramp_before_anything_happened() -> None:
    market = Market(keys.market_key(0), False, 0)
    assert ramp_excess(world_rules(1), market, 500, 7) == 0
    market.resumed_at = 7
    for nothing in ({"fee_ramp_factor": 1}, {"fee_ramp_ms": 0}):
        assert ramp_excess(world_rules(1, **nothing), market, 500, 7) == 0


# Rules


@pytest.mark.parametrize(
    "bad",
    [
        {"fee_tiers": ((0, 1, 1),)},
        {"fee_tiers": ((5, 1, 1), (5, 1, 1))},
        {"fee_tiers": ((5, 1, 1), (6, 2, 1))},
        {"fee_tiers": ((5, 1, 1), (6, 1, 2))},
        {"fee_tiers": ((5, PPM_ONE + 1, 1),)},
        {"fee_tiers": ((1 << 63, 1, 1),)},
        {"fee_tiers": tuple((place + 1, 1, 1) for place in range(9))},
        {"fee_ramp_factor": 0},
        {"fee_ramp_factor": 11},
        {"fee_ramp_ms": -1},
        {"referral_ppm": PPM_ONE + 1},
        {"builder_ppm_max": -1},
    ],
)
def test_rules_that_cannot_work(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="need"):
        world_rules(1, **bad)


def test_rules_with_tiers_are_read_back() -> None:
    rules = world_rules(1, fee_tiers=TIERS)
    assert decode_rules(rules.encode()) == rules
    broken = replace(rules, fee_tiers=()).encode()
    assert decode_rules(broken) != rules
    with pytest.raises(FrameInvalid):
        decode_rules(rules.encode()[:-1])


# Volume


def test_a_tier_is_of_14_complete_days() -> None:
    world = opened(fee_tiers=TIERS, fee_ramp_factor=1)
    assert trade(world, 50).taker_fee == 150_000
    assert trade(world, 1).taker_fee == 3_000, "today counts from tomorrow"
    later(world, 1)
    fill = trade(world, 1)
    assert (fill.taker_fee, fill.maker_fee) == (2_400, 300)
    assert world.portfolio(TRADER).fee_tier == world.portfolio(MAKER).fee_tier == 1
    later(world, 13)
    assert trade(world, 1).taker_fee == 2_400
    later(world, 1)
    assert trade(world, 1).taker_fee == 3_000


def test_nothing_is_written_before_the_first_volume() -> None:
    world = opened()
    assert world.act(MAKER, order(10, FLAG_SELL)) == "OK"
    assert standing(world, MAKER) is None
    trade(world, 10)
    assert standing(world, MAKER) is None, "the day is in the portfolio"
    later(world, 1)
    assert world.act(MAKER, order(10, FLAG_SELL)) == "OK"
    found = standing(world, MAKER)
    assert found is not None
    assert found.volumes == [20 * MID, *[0] * 13]
    assert world.portfolio(MAKER).traded == 0


def test_sub_accounts_count_together_once_they_report() -> None:
    world = opened(fee_tiers=TIERS, fee_ramp_factor=1)
    world.deposit(TRADER, 1_000 * USDC, sub=1)
    world.run()
    for sub in (0, 1):
        assert world.act(MAKER, order(60, FLAG_SELL)) == "OK"
        assert world.act(TRADER, order(60, FLAG_IOC, sub=sub)) == "OK"
    later(world, 1)
    assert world.act(TRADER, order(1, FLAG_POST_ONLY, MID - 10)) == "OK"
    assert world.portfolio(TRADER).fee_tier == 0, "the other one has not reported"
    assert world.act(TRADER, order(1, FLAG_POST_ONLY, MID - 10, sub=1)) == "OK"
    assert world.portfolio(TRADER, 1).fee_tier == 1
    audit(world.store.values, world.rules)


def test_a_refused_order_reports_nothing() -> None:
    world = opened(fee_tiers=TIERS, fee_ramp_factor=1)
    trade(world, 60)
    later(world, 1)
    before = world.store.get(keys.portfolio_key(world.account(TRADER) << 8))
    assert world.act(TRADER, order(10, max_fee_ppm=399)) == "FEE_MAX"
    assert world.last is not None
    assert world.last.receipts[0].args == (400,), "judged by the tier that it would have"
    assert world.store.get(keys.portfolio_key(world.account(TRADER) << 8)) == before


def test_a_liquidation_is_not_its_victims_volume() -> None:
    world = World(world_rules(1))
    world.open(2, MID, 10_000 * USDC)
    world.deposit(OTHER, 40 * USDC)
    world.run()
    assert world.act(MAKER, order(100, FLAG_SELL)) == "OK"
    assert world.act(OTHER, order(100)) == "OK"
    traded = world.portfolio(OTHER).traded
    assert world.act(TRADER, order(400, 0, MID - 300_000)) == "OK"
    for _ in range(4):
        world.run(world.prices(0, MID - 300_000), advance=1_000)
    assert world.act(TRADER, Poke(world.account(OTHER), 0)) == "OK"
    assert world.portfolio(TRADER).traded > 0
    assert world.portfolio(OTHER).traded == traded


# Shares


def shares_paid(world: World) -> list[tuple[int, int, int]]:
    assert world.last is not None
    return [
        (event.portfolio >> 8, event.amount, event.reason)
        for event in world.last.events
        if isinstance(event, BalanceChanged) and event.reason in (BALANCE_BUILDER, BALANCE_REFERRAL)
    ]


def test_shares_are_floored_once_over_all_fills() -> None:
    rules = replace(world_rules(1), markets=(market_rules(0, tick=1, notional_min=1),))
    world = World(rules)
    world.open(3, 1_237, 10_000 * USDC)
    other = world.account(OTHER)
    assert world.act(TRADER, SetReferrer(0, other)) == "OK"
    for place in range(20):
        assert world.act(MAKER, order(9, FLAG_SELL, 1_238 + place)) == "OK"
    fees = world.state.ledger().fees
    assert world.act(TRADER, order(180, FLAG_IOC, 1_260)) == "OK"
    assert world.last is not None
    assert len([e for e in world.last.events if isinstance(e, Fill)]) == 20, "two steps"
    paid = world.last.receipts[0].fee
    assert shares_paid(world) == [(other, paid // 10, BALANCE_REFERRAL)]
    maker = sum(e.maker_fee for e in world.last.events if isinstance(e, Fill))
    assert world.state.ledger().fees - fees == paid + maker - paid // 10
    audit(world.store.values, world.rules)


def test_an_agent_sends_for_builders_and_approves_none() -> None:
    world = opened()
    agent = trader_key(40)
    kinds = 1 << 1
    approve = ApproveAgent(address_of(agent), Millis(world.now + DAY), kinds, 0)
    assert world.act(TRADER, approve) == "OK"
    other = world.account(OTHER)
    assert world.act(agent, ApproveBuilder(other, 300)) == "AGENT_ACTION"
    assert world.act(agent, SetReferrer(0, other)) == "AGENT_ACTION"
    assert world.act(TRADER, ApproveBuilder(other, 300)) == "OK"
    assert world.act(MAKER, order(10, FLAG_SELL)) == "OK"
    assert world.act(agent, order(10, builder=other, builder_ppm=300)) == "OK"
    assert shares_paid(world) == [(other, 18_000, BALANCE_BUILDER)]
    for kind in (22, 23):
        bad = ApproveAgent(address_of(trader_key(41)), Millis(world.now + DAY), 1 << kind, 0)
        assert world.act(TRADER, bad) == "FIELD"


def test_a_lowered_bound_of_the_rules_binds_what_was_approved() -> None:
    world = opened()
    other = world.account(OTHER)
    assert world.act(TRADER, ApproveBuilder(other, 900)) == "OK"
    world.rules = replace(world.rules, builder_ppm_max=500)
    assert world.act(TRADER, order(10, builder=other, builder_ppm=501)) == "BUILDER"
    assert world.last is not None
    assert world.last.receipts[0].args == (500, 501)


@pytest.mark.parametrize(
    ("maker_ppm", "deficit", "share"),
    [(100, 0, 30_000), (-200, 0, 18_000), (100, 160_000, 20_000), (100, 70_000, 29_000)],
)
def test_a_referrer_shares_in_what_is_kept(maker_ppm: int, deficit: int, share: int) -> None:
    rules = replace(world_rules(1), markets=(market_rules(0, maker_ppm=maker_ppm),))
    world = World(rules)
    world.open(3, MID, 10_000 * USDC)
    other = world.account(OTHER)
    assert world.act(TRADER, SetReferrer(0, other)) == "OK"
    world.lose(deficit)
    assert world.act(MAKER, order(100, FLAG_SELL)) == "OK"
    assert world.act(TRADER, order(100)) == "OK"
    assert shares_paid(world) == [(other, share, BALANCE_REFERRAL)]
    audit(world.store.values, world.rules)


def test_a_builder_is_paid_for_every_step_and_floored_at_each_fill() -> None:
    rules = replace(world_rules(1), markets=(market_rules(0, tick=1, notional_min=1),))
    world = World(rules)
    world.open(3, 1_237, 10_000 * USDC)
    other = world.account(OTHER)
    assert world.act(TRADER, ApproveBuilder(other, 777)) == "OK"
    for place in range(20):
        assert world.act(MAKER, order(9, FLAG_SELL, 1_238 + place)) == "OK"
    built = order(180, FLAG_IOC, 1_260, builder=other, builder_ppm=777)
    assert world.act(TRADER, built) == "OK"
    paid = sum(9 * (1_238 + place) * 777 // PPM_ONE for place in range(20))
    assert shares_paid(world) == [(other, paid, BALANCE_BUILDER)]


def test_the_ramp_goes_to_insurance_and_deficits_come_first() -> None:
    def ramped(deficit: int) -> tuple[int, int, int]:
        world = opened()
        world.run(advance=61_000)  # an outage
        world.run(world.prices(0, MID))
        world.lose(deficit)
        assert world.act(MAKER, order(100, FLAG_SELL)) == "OK"
        assert world.act(TRADER, order(100)) == "OK"
        audit(world.store.values, world.rules)
        ledger = world.state.ledger()
        return ledger.fees, ledger.insurance, world.market().deficit

    fees, insurance, _ = ramped(0)
    assert fees == 360_000
    assert insurance == 600_000, "twice the fee, on top of it"
    assert ramped(100_000) == (260_000, insurance, 0)
    assert ramped(400_000) == (0, insurance - 40_000, 0)
    assert ramped(2_000_000) == (0, 0, 2_000_000 - 360_000 - insurance)


def test_an_undone_bulk_leaves_standings_and_shares_as_they_were() -> None:
    world = opened(fee_ramp_factor=1)
    other = world.account(OTHER)
    assert world.act(TRADER, ApproveBuilder(other, 300)) == "OK"
    trade(world, 20)
    later(world, 1)
    assert world.act(MAKER, order(10, FLAG_SELL)) == "OK"
    before = dict(world.store.values)
    legs = (order(10, builder=other, builder_ppm=300), order(0))
    codes = world.codes(world.sign(TRADER, Bulk(0, legs, atomic=True)))
    assert codes == ["ATOMIC", "SIZE_RANGE"]
    for key in (keys.portfolio_key(world.account(t) << 8) for t in (TRADER, MAKER, OTHER)):
        assert world.store.values[key] == before[key]
    assert standing(world, TRADER) is None, "the maker reported today, the trader did not"
    assert world.act(TRADER, order(10, builder=other, builder_ppm=300)) == "OK"
    found = standing(world, TRADER)
    assert found is not None
    assert found.volumes[0] == 40 * MID
    audit(world.store.values, world.rules)
