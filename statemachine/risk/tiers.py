"""Rates that are not one number: size tiers, crowded markets, a trader's own leverage.

* tiers (Hyperliquid's margin tiers): each part of a notional N is margined at
  its own tier's rate, written as ``N * rate_n - ded_n`` with ``ded_n = ded_{n-1}
  + lower_n * (rate_n - rate_{n-1})``: nothing jumps where a tier begins
* open interest (dYdX v4): ``IMF_eff = IMF + (1 - IMF) * f`` with ``f = clamp((OI
  - L) / (U - L), 0, 1)`` and OI the market's open interest at mark; with tiers,
  at every one of them, so that ``IM_eff = IM + (N - IM) * f``.  MM is not scaled:
  a crowd's growth liquidates nobody
* leverage ``n`` chosen by the trader: at least ``N / n``; it only ever raises IM

The first tier's rates are those in force in the market's leaf; 0 is a market that
is settled, and asks nothing.  Every requirement is rounded up, once.
"""

from statemachine.rules import MarketRules
from statemachine.units import PPM_ONE, div_ceil

INITIAL = 1
MAINTENANCE = 2
"""Places of the two rates in a tier."""


def is_graded(rules: MarketRules) -> bool:
    """Return whether a market's requirements are more than a rate times a notional."""
    return bool(rules.tiers) or rules.open_interest_upper > 0


def tiered(rules: MarketRules, rate: int, column: int, notional: int) -> int:
    """Return ``N * rate_n - ded_n`` in micros * ppm, exact; ``rate`` is the first tier's."""
    deduction = 0
    for tier in rules.tiers:
        lower = tier[0]
        if notional <= lower:
            break
        deduction += lower * (tier[column] - rate)
        rate = tier[column]
    return notional * rate - deduction


def maintenance_of(rules: MarketRules, rate: int, notional: int) -> int:
    """Return what holding ``notional`` micros at mark must keep, in micros.

    ``rate`` is the first tier's in ppm, in force.
    """
    if rate == 0:
        return 0
    return div_ceil(tiered(rules, rate, MAINTENANCE, notional), PPM_ONE)


def initial_of(rules: MarketRules, rate: int, notional: int, crowd: int, leverage: int) -> int:
    """Return what taking on ``notional`` micros at mark needs, in micros.

    ``rate`` is the first tier's in ppm, in force; ``crowd`` the market's open
    interest at mark in micros; ``leverage`` the trader's own, 0 if none was chosen.
    """
    if rate == 0:
        return 0
    parts = tiered(rules, rate, INITIAL, notional)
    upper = rules.open_interest_upper
    lower = rules.open_interest_lower
    if upper and crowd > lower:
        width = upper - lower
        over = min(crowd - lower, width)
        rest = notional * PPM_ONE - parts
        initial = div_ceil(parts * width + rest * over, PPM_ONE * width)
    else:
        initial = div_ceil(parts, PPM_ONE)
    return max(initial, div_ceil(notional, leverage)) if leverage else initial


def leverage_max(rate: int) -> int:
    """Return the largest leverage that a trader may choose: that of the first tier's rate."""
    return PPM_ONE // rate if rate else 0
