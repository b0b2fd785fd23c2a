"""What an asset counts for: two valuations, and silence."""

from statemachine.actions import ApproveAgent, Kind, Poke
from statemachine.identity.signing import address_of
from statemachine.states import STATE_CANCEL_ONLY
from statemachine.units import Micros, Millis
from tests.exchange_vectors.assets import COIN, LENT, ORACLE_ONLY, deposit_asset, holding, levered
from tests.exchange_vectors.scene import MID, OTHER, TRADER, do, fall_to, place
from tests.unit.assets.scene import act, margin
from tests.worlds import USDC, trader_key


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


def test_an_asset_may_be_what_a_market_trades() -> None:
    world = holding()
    deposit_asset(world, 50, COIN)
    world.run()
    before = margin(world).collateral
    fall_to(world, MID // 2)
    assert before - margin(world).collateral == 50 * MID * 9 // 20
