"""Who buys what vaults took over, and what an exit waits for meanwhile."""

from dataclasses import replace

from statemachine.actions import BuyCollateral, Poke, Transfer, VaultDeposit, VaultWithdraw
from statemachine.risk.vaults import values_of, vault_portfolio
from statemachine.stakes import SHARES_DELAYED, SHARES_PAID, SharesChanged
from statemachine.units import Micros, Price
from tests.exchange_vectors.assets import (
    FALLEN,
    LOT,
    ORACLE_ONLY,
    PRICE,
    STAKED,
    at_its_margin,
    holding,
    offered,
)
from tests.exchange_vectors.scene import MAKER, MID, OTHER, SELL, TRADER, do, fall_to, place
from tests.models.auditor import audit
from tests.unit.assets.scene import act, held, vault_held
from tests.worlds import USDC


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
