"""Rates: what an order pays, in ppm of notional, all known before it trades.

* a *tier* takes a share off a market's base rate, rounded in the exchange's
  favour: a fee's rate up, a rebate's down.  What it takes off a maker's fee it
  adds to a maker's rebate, so that a higher tier never pays more
* the *ramp*: for ``fee_ramp_ms`` after a halt, an outage or a jump of the index,
  when makers are exposed to whoever is fastest, takers pay more: ``rate * (1 +
  (fee_ramp_factor - 1) * (1 - t / fee_ramp_ms))``, ``t`` the time since, rounded
  up and never above all of the notional.  Makers are not ramped
* the *builder*, who made the program that sent the order, asks for a rate of
  his own on top, if the owner approved as much of him
"""

from typing import Final, final

from statemachine.costs import COST_SHARE
from statemachine.errors import Code
from statemachine.fees.standing import tier_today
from statemachine.keys import builder_key
from statemachine.records import Market, Portfolio, decode_builder
from statemachine.rules import MarketRules, Rules
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import PPM_ONE


@final
class Rates:
    """What an entry pays, in ppm of notional.

    ``total`` is all that it pays as taker; of it ``excess`` is the ramp's,
    ``builder`` the builder's, and ``plain`` the rest.  ``worst`` is the most that
    any of its fills can cost, on whichever side it comes to trade.
    """

    __slots__ = ("builder", "excess", "plain", "total", "worst")

    def __init__(self, plain: int, excess: int, builder: int, worst: int) -> None:
        """Take the parts, and the most."""
        self.plain = plain
        self.total = plain + excess + builder
        self.excess = excess
        self.builder = builder
        self.worst = worst


NO_RATES: Final = Rates(0, 0, 0, 0)


def lowered(base: int, share: int) -> int:
    """Return a rate less ``PPM_ONE - share`` of its size; what is taken off is floored."""
    size = base if base > 0 else -base
    return base - size * (PPM_ONE - share) // PPM_ONE


def maker_rate(rules: Rules, parameters: MarketRules, tier: int) -> int:
    """Return what a maker of a tier pays; negative for a rebate."""
    if tier == 0:
        return parameters.maker_ppm
    return lowered(parameters.maker_ppm, rules.fee_tiers[tier - 1][1])


def taker_rate(rules: Rules, parameters: MarketRules, tier: int) -> int:
    """Return what a taker of a tier pays, but for the ramp."""
    if tier == 0:
        return parameters.taker_ppm
    return lowered(parameters.taker_ppm, rules.fee_tiers[tier - 1][2])


def ramp_end(rules: Rules, market: Market) -> int:
    """Return when (ms) the last ramp of a market ends, or has ended; 0 if it had none."""
    since = max(market.resumed_at, market.jumped_at)
    return since + rules.fee_ramp_ms if since else 0


def ramp_excess(rules: Rules, market: Market, rate: int, now: int) -> int:
    """Return what the ramp adds to a taker's ``rate`` now, rounded up."""
    left = ramp_end(rules, market) - now
    if left <= 0:
        return 0
    steep = rules.fee_ramp_factor - 1
    return min(PPM_ONE - rate, -(-rate * steep * left // rules.fee_ramp_ms))


def rates_of(
    step: Step,
    portfolio: Portfolio,
    market: Market,
    parameters: MarketRules,
    builder_ppm: int,
    post_only: bool,
) -> Rates:
    """Return what an order of a portfolio pays in a market now.

    Whatever tier it has by then, an order that comes to rest pays no more than
    the base rate of makers.
    """
    maker = parameters.maker_ppm
    if post_only:
        return Rates(0, 0, 0, max(0, maker))
    rules = step.rules
    known = portfolio.traded_day == step.today
    tier = portfolio.fee_tier if known else tier_today(step, portfolio)
    rate = taker_rate(rules, parameters, tier) if tier else parameters.taker_ppm
    if builder_ppm == 0 and market.resumed_at == 0 and market.jumped_at == 0:
        worst = maker if maker > rate else rate  # noqa: FURB136 - a call costs more
        return Rates(rate, 0, 0, worst)
    excess = ramp_excess(rules, market, rate, step.now)
    total = rate + excess + builder_ppm
    return Rates(rate, excess, builder_ppm, max(maker, total))


def approved_ppm(state: State, account: int, builder: int) -> int:
    """Return what an account lets a builder ask for, within the rules' bound."""
    data = state.blob(builder_key(account, builder))
    return 0 if data is None else min(decode_builder(data), state.rules.builder_ppm_max)


def builder_allows(step: Step, portfolio: int, builder: int, asked: int) -> bool:
    """Check that a portfolio's owner approved what an order's builder asks for."""
    if asked == 0:
        return True
    step.cost += COST_SHARE
    approved = approved_ppm(step.state, portfolio >> 8, builder)
    if asked > approved:
        step.refuse(Code.BUILDER, (approved, asked))
        return False
    return True
