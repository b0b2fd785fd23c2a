"""Shares: what a fill's fee is split into, and what others get once an order is done.

Of what a taker pays, ``ceil(notional * total)``, the builder's part and the
ramp's are floored; all the rest is the exchange's, less the maker's rebate.

* the builder's part is his
* the exchange's part repays the market's deficit first of all; of what remains
  of the taker's, and is not the maker's rebate, ``referral_ppm`` goes to whoever
  referred the taker, floored
* the ramp's part repays the market's deficit too, and goes to insurance

Both shares are summed over an order's fills, in whatever steps they come, and
credited once, to sub-account 0.  An order here is one receipt's: a leg of a
bulk is one, and so is each time that a sleeping order or a slice trades.
"""

from typing import final

from statemachine.costs import COST_SHARE, COST_STANDING
from statemachine.events import BALANCE_BUILDER, BALANCE_REFERRAL, BalanceChanged
from statemachine.fees.rates import Rates, maker_rate
from statemachine.fees.standing import count_volume, report
from statemachine.records import Ledger, Market, Portfolio
from statemachine.risk.balances import credit
from statemachine.risk.deficits import repay_deficit
from statemachine.rules import MarketRules
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import PPM_ONE


@final
class Shares:
    """What an order's fills have set apart: the builder's, and what a referrer has a share of."""

    __slots__ = ("builder_fee", "referable")

    def __init__(self, builder_fee: int, referable: int) -> None:
        """Take what earlier steps of the same order set apart, in micros."""
        self.builder_fee = builder_fee
        self.referable = referable


def charge_fill(
    step: Step,
    payer: Portfolio,
    maker: Portfolio,
    market: Market,
    parameters: MarketRules,
    rates: Rates,
    shares: Shares,
    notional: int,
) -> tuple[int, int]:
    """Take both sides' fees of a fill; return the taker's and the maker's (a rebate below 0).

    What is owed rounds up, what is given rounds down.  The caller touches the market.
    """
    state = step.state
    taker_fee = -(-notional * rates.total // PPM_ONE)
    excess = builder_fee = 0
    if rates.total != rates.plain:
        excess = notional * rates.excess // PPM_ONE
        builder_fee = notional * rates.builder // PPM_ONE
    own = taker_fee - excess - builder_fee
    if maker.traded_day != step.today:
        step.cost += COST_STANDING
        report(step, maker)
    count_volume(maker, notional)
    maker_ppm = maker_rate(step.rules, parameters, maker.fee_tier)
    if maker_ppm >= 0:
        maker_fee = -(-notional * maker_ppm // PPM_ONE)
    else:
        maker_fee = -min(notional * -maker_ppm // PPM_ONE, own)
    credit(state, payer, -taker_fee)
    credit(state, maker, -maker_fee)
    ledger: Ledger = state.ledger()
    ledger.settled -= taker_fee + maker_fee
    earned = own + maker_fee
    if market.deficit:
        earned -= repay_deficit(ledger, market, earned)
        excess -= repay_deficit(ledger, market, excess)
    ledger.fees += earned
    ledger.insurance += excess
    state.touch(ledger)
    shares.builder_fee += builder_fee
    # A rebate and a deficit come out of what was earned; a maker's own fee is nobody's to share.
    shares.referable += min(earned, own)
    return taker_fee, maker_fee


def pay_shares(step: Step, payer: Portfolio, builder: int, shares: Shares) -> None:
    """Credit what an order's fills set apart, now that it is done."""
    state = step.state
    if shares.builder_fee:
        pay(step, builder, shares.builder_fee, BALANCE_BUILDER, payer.portfolio)
    if payer.referrer and shares.referable:
        share = shares.referable * step.rules.referral_ppm // PPM_ONE
        if share:
            ledger = state.ledger()
            ledger.fees -= share
            pay(step, payer.referrer, share, BALANCE_REFERRAL, payer.portfolio)


def pay(step: Step, account: int, amount: int, reason: int, payer: int) -> None:
    """Give an account's sub-account 0 what it has earned."""
    state: State = step.state
    step.cost += COST_SHARE
    portfolio = state.open_portfolio(account << 8)
    credit(state, portfolio, amount)
    portfolio.moved += amount
    ledger = state.ledger()
    ledger.settled += amount
    state.touch(ledger)
    state.events.append(BalanceChanged(portfolio.portfolio, amount, reason, payer))
