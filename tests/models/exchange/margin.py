"""Margin: equity, and what it has to cover, added up anew each time.

* equity: balance, positions at their marks less what they cost, and funding not
  yet settled, floored per position
* initial: per market, the larger of what would be held if all bids or all asks
  filled, at mark and IMF, ceiled; and what those fills would lose at the mark
* maintenance: per position, at mark and MMF, ceiled

Reduce-only orders can only shrink what is margined already: they count nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from tests.models.exchange.state import BUY, MILLION, SELL, Exchange, Order

Claim = tuple[int, int, int, int]
"""(market, side, price, lots) of an order that counts for margin."""


@dataclass
class Margin:
    """Equity and its two requirements, in micros."""

    equity: int
    initial: int
    maintenance: int


def claims_of(orders: Iterable[Order]) -> list[Claim]:
    """Return what orders may still trade, without those that only reduce."""
    return [(o.market, o.side, o.price, o.remaining) for o in orders if not o.reduce_only]


def unsettled_funding(exchange: Exchange, portfolio: int, market: int) -> int:
    """Return what a position would be paid if it were settled now."""
    position = exchange.positions[portfolio, market]
    grown = exchange.markets[market].funding_index - position.settled_at
    return floor(-position.size * grown)


def margin_of(exchange: Exchange, portfolio: int, claims: list[Claim] | None = None) -> Margin:
    """Measure a portfolio, with its own orders or with other ``claims``."""
    if claims is None:
        claims = claims_of(exchange.orders_of(portfolio))
    equity = exchange.balances[portfolio]
    initial = maintenance = 0
    held = {market for owner, market in exchange.positions if owner == portfolio}
    for number in sorted(held | {claim[0] for claim in claims}):
        market = exchange.markets[number]
        size = exchange.size_of(portfolio, number)
        if size:
            position = exchange.positions[portfolio, number]
            equity += size * market.mark - position.cost
            equity += unsettled_funding(exchange, portfolio, number)
        initial_rate = Fraction(market.rules.initial_ppm, MILLION)
        bids = [(price, lots) for at, side, price, lots in claims if (at, side) == (number, BUY)]
        asks = [(price, lots) for at, side, price, lots in claims if (at, side) == (number, SELL)]
        if_bought = size + sum(lots for _, lots in bids)
        if_sold = size - sum(lots for _, lots in asks)
        worst = max(abs(if_bought), abs(if_sold))
        initial += ceil(worst * market.mark * initial_rate)
        initial += max(0, sum((price - market.mark) * lots for price, lots in bids))
        initial += max(0, sum((market.mark - price) * lots for price, lots in asks))
        maintenance += maintenance_of(exchange, number, size)
    return Margin(equity, initial, maintenance)


def maintenance_of(exchange: Exchange, market: int, size: int) -> int:
    """Return what a position of ``size`` lots must keep."""
    state = exchange.markets[market]
    return ceil(abs(size) * state.mark * Fraction(state.rules.maintenance_ppm, MILLION))


def withdrawable(exchange: Exchange, portfolio: int) -> int:
    """Return what may leave: free of margin, and settled."""
    margin = margin_of(exchange, portfolio)
    return min(margin.equity - margin.initial, exchange.balances[portfolio])


def not_riskier(before: Margin, equity: int, maintenance: int) -> bool:
    """Return whether equity over maintenance does not fall."""
    if before.maintenance == 0:
        return equity >= before.equity
    if maintenance == 0:
        # Nothing is left to maintain: no ratio is worse than that, unless there is a debt.
        return equity >= 0
    return Fraction(equity, maintenance) >= Fraction(before.equity, before.maintenance)
