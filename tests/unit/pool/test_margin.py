"""What a loan asks of the margin of who owes it."""

import pytest

from statemachine.actions import ClosePosition, PlaceOrder
from statemachine.book.matching import trade
from statemachine.risk.balances import credit
from statemachine.risk.liquidation import position_maintenance, zero_price
from statemachine.risk.margin import Margin, margin_of, not_riskier, with_loan, without_loan
from statemachine.units import PPM_ONE, Lots, Price
from tests.exchange_vectors.lending import (
    HIGH,
    LOTS,
    LOW,
    a_day_later,
    borrowed,
    hedged,
    lending,
    moved,
)
from tests.exchange_vectors.scene import MAKER, MID, TRADER
from tests.unit.pool.scene import debtor
from tests.worlds import USDC, world_rules


def test_a_loan_adds_its_own_requirements() -> None:
    world = borrowed(loan_initial_ppm=100_000, loan_maintenance_ppm=30_000)
    found = margin_of(world.state, debtor(world))
    held = LOTS * HIGH
    assert found.cushion == -416_800_000
    assert found.initial == held * 50_000 // PPM_ONE + 41_680_000
    assert found.maintenance == held * 30_000 // PPM_ONE + 12_504_000


def test_realising_a_loss_changes_no_requirement_but_that_of_the_position() -> None:
    world = lending()
    before = margin_of(world.state, debtor(world))
    # The loss is as much a loan before it is realised as after; only the fee is new.
    fee = LOTS * LOW * 500 // PPM_ONE
    assert before.cushion == debtor(world).balance - 2_400 * USDC == -416_800_000 + fee
    world.act(MAKER, PlaceOrder(0, 0, 0, Price(LOW), Lots(LOTS)))
    assert world.act(TRADER, ClosePosition(0, 0, Price(LOW))) == "OK"
    after = margin_of(world.state, debtor(world))
    assert after.equity == before.equity - fee
    rates = world.rules.markets[0]
    own = LOTS * LOW
    loan = (fee * world.rules.loan_initial_ppm) // PPM_ONE
    assert after.initial == before.initial - own * rates.initial_ppm // PPM_ONE + loan


def test_funding_and_interest_settle_without_a_change_of_margin() -> None:
    world = a_day_later(borrowed())
    state = world.state
    portfolio = state.portfolio(debtor(world).portfolio)
    assert portfolio is not None
    before = margin_of(state, portfolio)
    credit(state, portfolio, 0)
    after = margin_of(state, portfolio)
    names = ("equity", "initial", "maintenance", "cushion")
    assert [getattr(before, name) for name in names] == [getattr(after, name) for name in names]


@pytest.mark.parametrize(
    ("cushion", "maintenance"),
    [(1_000, 1_000), (300, 1_000), (299, 1_025), (0, 1_025), (-5, 1_025)],
)
def test_what_a_loan_would_add_counts_where_one_may_be_needed(
    cushion: int, maintenance: int
) -> None:
    """E 1,000 of MM 1,000, a position's own 300: a cushion of 300 pays for its share of E."""
    margin = Margin(1_000, 2_000, 1_000, cushion)
    assert with_loan(world_rules(), margin, 300).maintenance == maintenance


@pytest.mark.parametrize("lots", [1, 400, LOTS])
@pytest.mark.parametrize("rate", [25_000, 400_000, 1_000_000])
@pytest.mark.parametrize("second", [MID * 108 // 100, MID * 106 // 100, MID * 104 // 100])
def test_closing_a_loser_at_the_zero_price_keeps_equity_over_maintenance(
    lots: int, rate: int, second: int
) -> None:
    """What is given up below mark has to be borrowed, and a loan asks for margin."""
    world = moved(hedged(loan_initial_ppm=rate, loan_maintenance_ppm=rate), LOW, second)
    state = world.state
    portfolio = state.portfolio(debtor(world).portfolio)
    assert portfolio is not None
    market, position = state.market(0), state.position(portfolio.portfolio, 0)
    before = margin_of(state, portfolio)
    assert before.cushion < 0 < before.equity
    own = position_maintenance(state, position)
    weight = with_loan(world.rules, before, own)
    limit = zero_price(1, market.mark, position.size, own, weight)
    worse = zero_price(1, market.mark, position.size, own, before)
    assert worse < limit < market.mark
    trade(state, portfolio, position, market, -lots, limit)
    after = margin_of(state, portfolio)
    # One micro is what rounding each of two requirements up may cost.
    assert not_riskier(before.equity, before.maintenance + 2, after.equity, after.maintenance)


def test_a_bankrupt_shares_out_what_is_missing_among_positions_alone() -> None:
    margin = Margin(-400, 2_000, 1_010, -400)
    assert without_loan(world_rules(), margin).maintenance == 1_000
