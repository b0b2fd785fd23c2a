"""How an asset comes in, moves and leaves."""

from dataclasses import replace

from statemachine import keys
from statemachine.actions import TransferAsset, Withdraw, WithdrawAsset
from statemachine.errors import Code
from statemachine.identity.signing import address_of
from statemachine.records import decode_withdrawal
from statemachine.units import Micros
from tests.exchange_vectors.assets import (
    FREE,
    HELD,
    LENT,
    LOT,
    ORACLE_ONLY,
    STAKED,
    deposit_asset,
    holding,
    levered,
)
from tests.exchange_vectors.scene import MAKER, MID, TRADER, place
from tests.models.auditor import audit
from tests.unit.assets.scene import act, held, margin
from tests.worlds import USDC, World, market_rules, trader_key


def test_what_comes_in_is_counted_while_there_is_room() -> None:
    world = holding()
    for asset in (2, 3, 4, 5):
        deposit_asset(world, LOT, asset)
    world.run()
    audit(world.store.values, world.rules)
    portfolio = world.portfolio(TRADER)
    assert portfolio.assets == 0b1111
    assert held(world, asset=5) == LOT
    collateral = margin(world).collateral
    # Room is made, and the next unit that comes in brings all of it to count.
    assert act(world, TRADER, WithdrawAsset(0, 4, LOT)) == "OK"
    assert world.portfolio(TRADER).assets == 0b0111
    deposit_asset(world, 1, 5)
    world.run()
    assert world.portfolio(TRADER).assets == 0b10111
    assert margin(world).collateral >= collateral


def test_markets_and_assets_share_a_bound() -> None:
    world = holding(100_000 * USDC)
    markets = tuple(market_rules(number) for number in range(16) if number != ORACLE_ONLY)
    rules = replace(
        world.rules,
        markets=tuple(sorted((*markets, world.rules.markets[1]), key=lambda market: market.market)),
    )
    world = World(rules)
    world.deposit(TRADER, 100_000 * USDC)
    deposit_asset(world, HELD)
    world.run(*(world.prices(market.market, MID) for market in rules.markets))
    for market in markets:
        assert act(world, TRADER, place(1, MID - 100_000, 4, market=market.market)) == "OK"
    # 15 markets and an asset: the sixteenth of either has to stay out.
    deposit_asset(world, 1, 3)
    world.run()
    audit(world.store.values, world.rules)
    assert world.portfolio(TRADER).assets == 1
    assert held(world, asset=3) == 1


def test_all_that_is_free_leaves_and_no_more() -> None:
    world = levered()
    assert act(world, TRADER, WithdrawAsset(0, STAKED, FREE)) == "OK"
    found = margin(world)
    assert 0 <= found.free < LENT // 1_000
    assert act(world, TRADER, WithdrawAsset(0, STAKED, 1)) == "BALANCE"
    data = world.store.get(keys.withdrawal_key(0))
    assert data is not None
    owner = address_of(trader_key(TRADER))
    assert decode_withdrawal(data) == (owner, FREE, world.now - 100, STAKED)


def test_usdc_leaves_against_assets_but_never_below_zero() -> None:
    world = holding()
    assert act(world, TRADER, Withdraw(0, Micros(10 * USDC))) == "OK"
    assert act(world, TRADER, Withdraw(0, Micros(USDC))) == "BALANCE"


def test_a_deficit_cuts_no_asset() -> None:
    world = holding()
    world.lose(900_000 * USDC)
    receipt = world.run(world.sign(TRADER, WithdrawAsset(0, STAKED, HELD))).receipts[0]
    assert (receipt.name, receipt.notional, receipt.fee) == ("OK", HELD, 0)


def test_what_leaves_uses_up_capacity() -> None:
    world = holding(velocity_min=300 * USDC, velocity_ppm=0)
    assert act(world, TRADER, WithdrawAsset(0, STAKED, 40 * LOT)) == "OK"
    receipt = world.run(world.sign(TRADER, WithdrawAsset(0, STAKED, 11 * LOT))).receipts[0]
    assert receipt.code == Code.VELOCITY
    assert receipt.args[0] // USDC == 60
    assert act(world, MAKER, Withdraw(0, Micros(59 * USDC))) == "OK"


def test_a_transfer_carries_its_value_along() -> None:
    world = holding()
    assert act(world, TRADER, TransferAsset(0, 5, STAKED, 30 * LOT)) == "OK"
    assert (held(world), held(world, sub=5)) == (70 * LOT, 30 * LOT)
    assert margin(world, sub=5).equity_initial == 30 * MID * 8 // 10
    assert act(world, TRADER, TransferAsset(0, 5, STAKED, 70 * LOT)) == "OK"
    assert world.portfolio(TRADER).assets == 0
