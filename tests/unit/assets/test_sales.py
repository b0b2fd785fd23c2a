"""When, and in what order, assets pay a debt."""

from dataclasses import replace
from itertools import pairwise

from statemachine.actions import Poke, VaultDeposit
from statemachine.events import (
    BALANCE_COLLATERAL_SOLD,
    BALANCE_INTEREST,
    STAGE_COLLATERAL,
    STAGE_DEFICIT,
    STAGE_DELEVERAGE,
    STAGE_FLAGGED,
    STAGE_RELEASED,
    STAGE_SLICE,
    AssetChanged,
    BalanceChanged,
)
from statemachine.records import PORTFOLIO_LIQUIDATING
from statemachine.risk.vaults import vault_portfolio
from statemachine.units import Micros
from tests.exchange_vectors.assets import FALLEN, HELD, LOT, ORACLE_ONLY, indebted, levered
from tests.exchange_vectors.scene import MAKER, MID, OTHER, SELL, TRADER, do, fall_to, place
from tests.models.auditor import audit
from tests.unit.assets.scene import act, held, margin, stages, vault_held
from tests.worlds import USDC


def test_positions_go_before_collateral() -> None:
    world = levered(slice_ppm=1_000_000)
    do(world, OTHER, VaultDeposit(0, ORACLE_ONLY, Micros(100_000 * USDC)))
    fall_to(world, MID - 250_000)
    do(world, MAKER, place(1_500, MID - 250_000))
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    assert world.position(TRADER) is None
    assert STAGE_RELEASED in stages(world)
    # The debt stands, covered by what the asset counts for; nothing was sold.
    assert world.portfolio(TRADER).balance < 0
    assert held(world) == HELD
    assert margin(world).equity > 0


def test_nobody_is_deleveraged_for_who_could_sell_assets() -> None:
    world = levered(slice_ppm=1_000_000)
    do(world, OTHER, VaultDeposit(0, ORACLE_ONLY, Micros(100_000 * USDC)))
    # The loss is more than the asset counts for, and less than a sale of it brings in.
    fall_to(world, MID - 370_000)
    assert margin(world).equity < 0
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    assert stages(world) == [STAGE_FLAGGED, STAGE_SLICE]
    assert world.position(MAKER) is not None
    # Somebody buys, and the asset pays: no deficit is left, and something of the asset.
    do(world, MAKER, place(1_500, MID - 370_000))
    for _ in range(2):
        world.run(
            world.prices(0, MID - 370_000),
            world.prices(ORACLE_ONLY, MID),
            advance=world.rules.slice_interval_ms,
        )
        audit(world.store.values, world.rules)
    assert world.position(TRADER) is None
    assert world.portfolio(TRADER).balance >= 0
    assert 0 < held(world) < HELD
    assert world.market().deficit == 0


def test_insurance_pays_nothing_for_who_has_assets() -> None:
    world = levered(slice_ppm=500_000)
    insured = 10_000 * USDC
    world.insure(insured)
    fall_to(world, MID - 370_000)
    assert margin(world).equity < 0
    do(world, MAKER, place(750, MID - 370_000))
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    assert stages(world) == [STAGE_FLAGGED, STAGE_SLICE]
    position = world.position(TRADER)
    assert position is not None
    assert position.size == 750
    assert world.state.ledger().insurance >= insured


def test_who_gained_pays_for_what_no_asset_would() -> None:
    world = levered(slice_ppm=1_000_000)
    fall_to(world, MID - 500_000)
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    assert STAGE_DELEVERAGE in stages(world)
    assert world.position(TRADER) is None
    # What the price left him is what the sale of the asset brings in, and not a unit more.
    debt = -world.portfolio(TRADER).balance
    assert debt - 100 * MID * 96 // 100 in range(-1_500, 1)


def test_a_debt_is_paid_with_as_much_as_it_asks_for() -> None:
    world = indebted()
    debt = -world.portfolio(TRADER).balance
    before = margin(world)
    assert before.equity < 0
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    assert stages(world) == [STAGE_FLAGGED, STAGE_COLLATERAL, STAGE_RELEASED]
    sold = HELD - held(world)
    unit = FALLEN * 96 // 100  # 4% below the index, for LOT units
    assert sold == -(-debt * LOT // unit)
    assert vault_held(world) == sold
    assert 0 <= world.portfolio(TRADER).balance < unit
    assert not world.portfolio(TRADER).flags & PORTFOLIO_LIQUIDATING
    assert margin(world).equity > before.equity
    assert world.last is not None
    moved = [event for event in world.last.events if isinstance(event, AssetChanged)]
    assert (moved[0].amount, moved[0].reason) == (-sold, BALANCE_COLLATERAL_SOLD)
    paid = [
        event.amount
        for event in world.last.events
        if isinstance(event, BalanceChanged) and event.reason != BALANCE_INTEREST
    ]
    assert sum(paid) == 0


def test_sales_come_in_slices() -> None:
    world = indebted(slice_notional_min=50 * USDC)
    world.rules = replace(world.rules, slice_ppm=100_000)
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    assert held(world) == HELD - -(-50 * LOT * USDC // FALLEN)
    equities = [margin(world).equity]
    steps = 0
    while world.portfolio(TRADER).flags & PORTFOLIO_LIQUIDATING:
        world.run(
            world.prices(0, MID - 300_000),
            world.prices(ORACLE_ONLY, FALLEN),
            advance=world.rules.slice_interval_ms,
        )
        audit(world.store.values, world.rules)
        equities.append(margin(world).equity)
        steps += 1
    assert steps > 2
    assert all(before <= after for before, after in pairwise(equities))


def test_nobody_sells_at_an_old_price_or_to_an_empty_vault() -> None:
    world = indebted()
    world.run(world.prices(0, MID - 300_000), advance=60_001)
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    assert stages(world) == [STAGE_FLAGGED]
    world.run(advance=world.rules.slice_interval_ms)
    assert held(world) == HELD
    world.run(world.prices(0, MID - 300_000), world.prices(ORACLE_ONLY, FALLEN))
    world.run(advance=world.rules.slice_interval_ms)
    audit(world.store.values, world.rules)
    assert STAGE_COLLATERAL in stages(world)


def test_a_vault_pays_with_what_is_free() -> None:
    world = levered(slice_ppm=1_000_000)
    do(world, OTHER, VaultDeposit(0, ORACLE_ONLY, Micros(20 * USDC)))
    fall_to(world, MID - 300_000)
    do(world, MAKER, place(1_500, MID - 300_000))
    do(world, TRADER, place(1_500, MID - 300_000, SELL | 8))
    fall_to(world, FALLEN, ORACLE_ONLY)
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    backer = world.state.portfolio(vault_portfolio(ORACLE_ONLY))
    assert backer is not None
    assert 0 <= backer.balance < FALLEN // LOT
    assert vault_held(world) == 20 * USDC * LOT // (FALLEN * 96 // 100)
    assert world.portfolio(TRADER).flags & PORTFOLIO_LIQUIDATING


def test_what_no_asset_pays_is_a_deficit() -> None:
    world = indebted()
    fall_to(world, MID // 2, ORACLE_ONLY)
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    assert held(world) == 0
    assert STAGE_DEFICIT in stages(world)
    assert world.portfolio(TRADER).balance == 0
    assert world.market().deficit > 0
