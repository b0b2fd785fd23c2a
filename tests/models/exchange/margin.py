"""Margin: equity, and what it has to cover, added up anew each time.

* equity: balance, positions at their marks less what they cost, and funding not
  yet settled, floored per position
* initial: per market, the larger of what would be held if all bids or all asks
  filled, at mark, by the tiers of IMF, more in a crowd, and at least what the
  trader's own leverage asks for, ceiled; and what those fills would lose at the mark
* maintenance: per position, at mark and by the tiers of MMF, ceiled
* a loan: what the balance would be below zero, had it paid its interest and all
  losses there are; it adds a share of itself to both, ceiled

Other assets than USDC add to equity: to what maintenance sees, their weight at the last
index; to what initial margin sees, their initial weight at the lower of index and slow
mean, and nothing while the index is stale.

Reduce-only orders can only shrink what is margined already: they count nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from statemachine.assets import AssetRules
from statemachine.rules import MarketRules
from tests.models.exchange.state import BUY, MILLION, SELL, SETTLED, Exchange, Order

Claim = tuple[int, int, int, int]
"""(market, side, price, lots) of an order that counts for margin."""


@dataclass
class Margin:
    """Equity and its two requirements, in micros."""

    equity: int
    initial: int
    maintenance: int
    equity_initial: int
    collateral: int
    left: int
    """The balance, had it paid all that is owed and lost."""

    @property
    def closeout(self) -> Fraction:
        """Return two thirds of maintenance."""
        return Fraction(2 * self.maintenance, 3)


def claims_of(orders: Iterable[Order]) -> list[Claim]:
    """Return what orders may still trade, without those that only reduce."""
    return [(o.market, o.side, o.price, o.remaining) for o in orders if not o.reduce_only]


def unsettled_funding(exchange: Exchange, portfolio: int, market: int) -> int:
    """Return what a position would be paid if it were settled now."""
    position = exchange.positions[portfolio, market]
    grown = exchange.markets[market].funding_index - position.settled_at
    return floor(-position.size * grown)


def tiered(notional: int, tiers: list[tuple[int, int]]) -> Fraction:
    """Return what the parts of a notional need, each at the rate of its own tier."""
    need = Fraction(0)
    for place, (lower, rate) in enumerate(tiers):
        upper = tiers[place + 1][0] if place + 1 < len(tiers) else notional
        part = max(0, min(notional, upper) - lower)
        need += part * Fraction(rate, MILLION)
    return need


def initial_of(exchange: Exchange, portfolio: int, number: int, lots: int, opened: int) -> int:
    """Return what taking on ``lots`` needs, with ``opened`` more of them in the crowd."""
    market = exchange.markets[number]
    if market.state == SETTLED:
        return 0
    rules = market.rules
    notional = lots * market.mark
    need = tiered(notional, [(0, market.initial_ppm), *[(t[0], t[1]) for t in rules.tiers]])
    if rules.open_interest_upper:
        crowd = (exchange.open_interest(number) + opened) * market.mark
        width = rules.open_interest_upper - rules.open_interest_lower
        share = Fraction(crowd - rules.open_interest_lower, width)
        need += (notional - need) * max(Fraction(0), min(Fraction(1), share))
    chosen = exchange.leverage.get((portfolio, number))
    return max(ceil(need), ceil(Fraction(notional, chosen)) if chosen else 0)


def margin_of(
    exchange: Exchange,
    portfolio: int,
    claims: list[Claim] | None = None,
    opened: int = 0,
    extra: int = 0,
) -> Margin:
    """Measure a portfolio, with its own orders or with other ``claims``.

    ``opened`` lots of the last claim would add to its market's open interest; ``extra``
    is money that it does not have yet.
    """
    if claims is None:
        claims = claims_of(exchange.orders_of(portfolio))
    left = equity = exchange.balances[portfolio] - exchange.interest_of(portfolio) + extra
    initial = maintenance = 0
    held = {market for owner, market in exchange.positions if owner == portfolio}
    for number in sorted(held | {claim[0] for claim in claims}):
        market = exchange.markets[number]
        size = exchange.size_of(portfolio, number)
        if size:
            position = exchange.positions[portfolio, number]
            gains = (
                size * market.mark - position.cost,
                unsettled_funding(exchange, portfolio, number),
            )
            equity += sum(gains)
            left += sum(min(0, gain) for gain in gains)
        bids = [(price, lots) for at, side, price, lots in claims if (at, side) == (number, BUY)]
        asks = [(price, lots) for at, side, price, lots in claims if (at, side) == (number, SELL)]
        if_bought = size + sum(lots for _, lots in bids)
        if_sold = size - sum(lots for _, lots in asks)
        worst = max(abs(if_bought), abs(if_sold))
        crowding = opened if claims and claims[-1][0] == number else 0
        initial += initial_of(exchange, portfolio, number, worst, crowding)
        initial += max(0, sum((price - market.mark) * lots for price, lots in bids))
        initial += max(0, sum((market.mark - price) * lots for price, lots in asks))
        maintenance += maintenance_of(exchange, number, size)
    rate = Fraction(exchange.rules.loan_initial_ppm, MILLION)
    initial += ceil(max(0, -left) * rate)
    maintenance += loan_need(exchange, -left)
    kept = lent = 0
    for asset in exchange.counted.get(portfolio, set()):
        amount = exchange.held(portfolio, asset)
        kept += kept_for(exchange, asset, amount)
        lent += lent_on(exchange, asset, amount)
    return Margin(equity + kept, initial, maintenance, equity + lent, kept, left)


def loan_need(exchange: Exchange, loan: int) -> int:
    """Return what a loan must keep, nothing if it is below zero."""
    return ceil(max(0, loan) * Fraction(exchange.rules.loan_maintenance_ppm, MILLION))


def weight_of(exchange: Exchange, margin: Margin, own: Fraction) -> int:
    """Return MM, with a loan of all of E if giving up ``own``'s share of E takes a loan."""
    if margin.left >= own * Fraction(margin.equity, margin.maintenance):
        return margin.maintenance
    return margin.maintenance + loan_need(exchange, margin.equity)


def rules_of(exchange: Exchange, asset: int) -> AssetRules | None:
    """Return an asset's rules, if there is such an asset."""
    return next((rules for rules in exchange.rules.assets if rules.asset == asset), None)


def worth(exchange: Exchange, rules: AssetRules, amount: int) -> Fraction:
    """Return what an amount of an asset is worth at the last index, exactly."""
    decimals = exchange.markets[rules.market].rules.lot_decimals
    lots: Fraction = Fraction(amount, 10**rules.decimals) * 10**decimals
    return lots * exchange.markets[rules.market].index


def kept_for(exchange: Exchange, asset: int, amount: int) -> int:
    """Return what an asset counts for against maintenance margin."""
    rules = rules_of(exchange, asset)
    assert rules is not None
    return floor(worth(exchange, rules, amount) * Fraction(rules.weight_ppm, MILLION))


def lent_on(exchange: Exchange, asset: int, amount: int) -> int:
    """Return what an asset counts for against initial margin."""
    rules = rules_of(exchange, asset)
    assert rules is not None
    market = exchange.markets[rules.market]
    stale = exchange.now - market.index_time > exchange.rules.oracle_age_ms_max
    if stale or not market.index:
        return 0
    share = Fraction(min(market.index, floor(market.average)), market.index)
    weight = Fraction(rules.initial_weight_ppm, MILLION)
    return floor(worth(exchange, rules, amount) * share * weight)


def maintenance_of(exchange: Exchange, market: int, size: int) -> int:
    """Return what a position of ``size`` lots must keep."""
    state = exchange.markets[market]
    if state.state == SETTLED:
        return 0
    rules: MarketRules = state.rules
    tiers = [(0, state.maintenance_ppm), *[(t[0], t[2]) for t in rules.tiers]]
    return ceil(tiered(abs(size) * state.mark, tiers))


def opening_lots(exchange: Exchange, portfolio: int, market: int, side: int, lots: int) -> int:
    """Return how many of ``lots`` would open, once what they face is closed."""
    size = exchange.size_of(portfolio, market)
    return max(0, lots - max(0, size if side == SELL else -size))


def withdrawable(exchange: Exchange, portfolio: int) -> int:
    """Return what may leave: free of margin, and settled."""
    margin = margin_of(exchange, portfolio)
    return min(margin.equity_initial - margin.initial, exchange.balances[portfolio])


def not_riskier(before: Margin, equity: int, maintenance: int) -> bool:
    """Return whether equity over maintenance does not fall."""
    if before.maintenance == 0:
        return equity >= before.equity
    if maintenance == 0:
        # Nothing is left to maintain: no ratio is worse than that, unless there is a debt.
        return equity >= 0
    return Fraction(equity, maintenance) >= Fraction(before.equity, before.maintenance)
