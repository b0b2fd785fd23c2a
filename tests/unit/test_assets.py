"""Assets beyond USDC: what they count for, how they leave, and how a debt is paid with them."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from statemachine import keys
from statemachine.actions import (
    ApproveAgent,
    BuyCollateral,
    Kind,
    Poke,
    Transfer,
    TransferAsset,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    WithdrawAsset,
)
from statemachine.assets import AssetRules
from statemachine.errors import Code
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
    Liquidated,
)
from statemachine.identity.signing import address_of
from statemachine.records import PORTFOLIO_LIQUIDATING, decode_withdrawal
from statemachine.risk.collateral import holding_of
from statemachine.risk.margin import Margin, margin_of
from statemachine.risk.vaults import values_of, vault_portfolio
from statemachine.rules import decode_rules
from statemachine.stakes import SHARES_DELAYED, SHARES_PAID, SharesChanged
from statemachine.states import STATE_CANCEL_ONLY
from statemachine.units import Micros, Millis, Price
from tests.exchange_vectors.assets import (
    COIN,
    FALLEN,
    FREE,
    HELD,
    LENT,
    LOT,
    ORACLE_ONLY,
    PRICE,
    STAKED,
    at_its_margin,
    deposit_asset,
    holding,
    indebted,
    levered,
    offered,
    staked_rules,
)
from tests.exchange_vectors.scene import MAKER, MID, OTHER, SELL, TRADER, do, fall_to, place
from tests.models.auditor import audit
from tests.worlds import USDC, World, market_rules, trader_key, world_rules


def margin(world: World, trader: int = TRADER, sub: int = 0) -> Margin:
    return margin_of(world.state, world.portfolio(trader, sub))


def held(world: World, trader: int = TRADER, asset: int = STAKED, sub: int = 0) -> int:
    portfolio = world.account(trader) << 8 | sub
    return holding_of(world.state, portfolio, asset).amount


def vault_held(world: World, asset: int = STAKED) -> int:
    return holding_of(world.state, vault_portfolio(ORACLE_ONLY), asset).amount


def stages(world: World) -> list[int]:
    assert world.last is not None
    return [event.stage for event in world.last.events if isinstance(event, Liquidated)]


def act(world: World, trader: int, action: Any) -> str:
    name = world.act(trader, action)
    audit(world.store.values, world.rules)
    return name


# Rules


@pytest.mark.parametrize(
    "change",
    [
        {"asset": 0},
        {"asset": 9},
        {"symbol": b""},
        {"decimals": 10},
        {"initial_weight_ppm": 900_001},
        {"weight_ppm": 960_001},
        {"penalty_ppm": -1},
        {"cap": 0},
        {"cap": 1 << 63},
        {"deposit_min": 0},
    ],
)
def test_an_asset_that_could_not_work_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"need"):
        staked_rules(**{"asset": 1} | change)


@pytest.mark.parametrize(
    "assets",
    [
        (staked_rules(2), staked_rules(1)),
        (staked_rules(1, 9),),
        (staked_rules(1, lot_units=10),),
        (staked_rules(1, decimals=3, lot_units=1),),
        tuple(staked_rules(number) for number in range(1, 6)),
    ],
    ids=["order", "market", "units", "coarse", "a vault's room"],
)
def test_assets_have_to_fit_the_markets(assets: tuple[AssetRules, ...]) -> None:
    rules = world_rules(1)
    with pytest.raises(ValueError, match=r"asset|market"):
        replace(rules, markets=(market_rules(ORACLE_ONLY),), assets=assets)


def test_rules_with_assets_are_read_again() -> None:
    rules = holding().rules
    assert decode_rules(rules.encode()) == rules


# Prices and values


def test_a_market_that_only_prices_an_asset_never_opens() -> None:
    world = holding()
    assert world.market(ORACLE_ONLY).state == STATE_CANCEL_ONLY
    assert world.market(ORACLE_ONLY).mark == MID


def test_two_valuations() -> None:
    world = holding()
    found = margin(world)
    assert found.equity == 10 * USDC + 100 * MID * 9 // 10
    assert found.equity_initial == 10 * USDC + LENT
    assert found.collateral == 100 * MID * 9 // 10
    # A lower price counts at once in both; a higher one, in one of them, as slowly as the mean.
    fall_to(world, MID - 600_000, ORACLE_ONLY)
    found = margin(world)
    assert found.collateral == 100 * (MID - 600_000) * 9 // 10
    assert found.equity_initial == 10 * USDC + 100 * (MID - 600_000) * 8 // 10
    fall_to(world, 2 * MID, ORACLE_ONLY)
    found = margin(world)
    assert found.collateral == 100 * 2 * MID * 9 // 10
    stable = world.market(ORACLE_ONLY).stable
    assert MID - 1_000 < stable < MID + 1_000
    assert found.equity_initial == 10 * USDC + 100 * stable * 8 // 10


def test_silence_lends_nothing_and_liquidates_nobody() -> None:
    world = levered()
    before = margin(world)
    world.run(advance=30_000)
    world.run(world.prices(0, MID), advance=30_001)
    after = margin(world)
    assert after.equity == before.equity
    assert after.equity_initial == before.equity_initial - LENT
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "NOTHING_TO_DO"
    # What was on the book, and could add to a position, may not be there now either.
    world.run(world.prices(ORACLE_ONLY, MID))
    assert margin(world).equity_initial == before.equity_initial


def test_an_agent_is_not_blamed_for_the_price_of_collateral() -> None:
    world = holding()
    agent = trader_key(40)
    expiry = Millis(world.now + 1_000_000)
    terms = ApproveAgent(address_of(agent), expiry, 1 << Kind.ORDER, 0, Micros(0), Micros(USDC))
    do(world, TRADER, terms)
    assert world.act(agent, place(1, 5_900_000)) == "OK"
    fall_to(world, MID // 2, ORACLE_ONLY)
    assert world.act(agent, place(1, 5_900_000)) == "OK"


# In and out


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
    ledger, market = world.state.ledger(), world.market()
    ledger.deposits -= 900_000 * USDC
    ledger.deficits += 900_000 * USDC
    market.deficit += 900_000 * USDC
    world.store.apply({keys.LEDGER_KEY: ledger.encode(), market.key: market.encode()})
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


# Sales


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
    ledger = world.state.ledger()
    ledger.insurance += insured
    ledger.deposits += insured
    world.store.apply({ledger.key: ledger.encode()})
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


def test_vaults_offer_what_they_bought() -> None:
    world = offered()
    account = vault_portfolio(ORACLE_ONLY)
    state = world.state
    backer = state.portfolio(account)
    assert backer is not None
    sold = vault_held(world)
    low, high = values_of(state, backer, state.market(ORACLE_ONLY))
    assert low == backer.balance + sold * FALLEN * 9 // (10 * LOT)
    assert high == backer.balance + -(-sold * FALLEN // LOT)
    # Whoever leaves now waits until there is USDC for him.
    assert act(world, OTHER, VaultWithdraw(0, ORACLE_ONLY, 0)) == "OK"
    before = world.portfolio(MAKER).balance
    assert act(world, MAKER, BuyCollateral(0, STAKED, sold, Price(PRICE))) == "OK"
    paid = before - world.portfolio(MAKER).balance
    assert paid == -(-sold * PRICE // LOT)
    assert held(world, MAKER) == sold
    assert vault_held(world) == 0
    after = world.state.portfolio(account)
    assert after is not None
    assert after.balance == backer.balance + paid
    assert after.balance > 100_000 * USDC


def test_an_exit_waits_for_the_usdc_that_pays_it() -> None:
    world = holding(vault_notice_ms=1_000)
    do(world, OTHER, VaultDeposit(0, ORACLE_ONLY, Micros(460 * USDC)))
    do(world, TRADER, place(1_500))
    do(world, MAKER, place(1_500, flags=SELL))
    fall_to(world, MID - 300_000)
    do(world, MAKER, place(1_500, MID - 300_000))
    do(world, TRADER, place(1_500, MID - 300_000, SELL | 8))
    fall_to(world, FALLEN, ORACLE_ONLY)
    world.rules = replace(world.rules, slice_ppm=1_000_000)
    assert act(world, OTHER, Poke(world.account(TRADER), 0)) == "OK"
    sold = vault_held(world)
    assert sold > 0
    assert act(world, OTHER, VaultWithdraw(0, ORACLE_ONLY, 0)) == "OK"
    world.run(world.prices(ORACLE_ONLY, FALLEN), advance=1_000)
    assert world.last is not None
    assert [e.stage for e in world.last.events if isinstance(e, SharesChanged)] == [SHARES_DELAYED]
    assert act(world, MAKER, BuyCollateral(0, STAKED, sold, Price(PRICE))) == "OK"
    world.run(world.prices(ORACLE_ONLY, FALLEN), advance=world.rules.slice_interval_ms)
    audit(world.store.values, world.rules)
    assert [e.stage for e in world.last.events if isinstance(e, SharesChanged)] == [SHARES_PAID]


def test_a_buyer_keeps_his_margin_and_his_price() -> None:
    world = at_its_margin()
    assert act(world, MAKER, BuyCollateral(3, STAKED, LOT, Price(PRICE - 1))) == "BAND"
    assert act(world, MAKER, BuyCollateral(3, STAKED, LOT, Price(PRICE))) == "OK"
    # Each lot counts for less than it costs; what he has of it by now counts once.
    assert act(world, MAKER, BuyCollateral(3, STAKED, LOT, Price(PRICE))) == "MARGIN"


def test_a_purchase_makes_no_debt() -> None:
    world = do(offered(), MAKER, Transfer(0, 3, Micros(5 * USDC)))
    most = 5 * USDC * LOT // PRICE
    assert act(world, MAKER, BuyCollateral(3, STAKED, most + 1, Price(PRICE))) == "BALANCE"
    assert act(world, MAKER, BuyCollateral(3, STAKED, most, Price(PRICE))) == "OK"
    assert world.portfolio(MAKER, 3).balance >= 0


def test_an_asset_may_be_what_a_market_trades() -> None:
    world = holding()
    deposit_asset(world, 50, COIN)
    world.run()
    before = margin(world).collateral
    fall_to(world, MID // 2)
    assert before - margin(world).collateral == 50 * MID * 9 // 20
