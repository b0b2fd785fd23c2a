"""Margin: what a portfolio is worth, against what it must keep.

* equity ``E = balance + sum(size * mark - cost) + unsettled funding + collateral``,
  floored, in two valuations that differ in what other assets than USDC count for
  (:mod:`statemachine.risk.collateral`): ``E_mm`` against maintenance, and ``E_im``,
  never above it, against initial margin and for all that may leave
* initial ``IM = sum(ceil(worst * mark * IMF) + open loss)``, where ``worst =
  max(|size + bids|, |size - asks|)``: orders are margined as if filled
* open loss: what resting orders would lose at today's mark if they filled,
  ``max(0, bids_value - bids * mark) + max(0, asks * mark - asks_value)``
* maintenance ``MM = sum(ceil(|size| * mark * MMF))``, close-out ``2/3 MM``
* a loan ``L`` adds ``ceil(L * loan_initial_ppm)`` to IM and ``ceil(L *
  loan_maintenance_ppm)`` to MM.  What counts is the loan there would be if every
  losing position were closed at mark: ``L = max(0, -(balance - interest + sum(min(0,
  size * mark - cost)) + sum(min(0, unsettled funding))))``.  So realising a loss, or
  funding, or interest, changes no requirement, and nobody is worse off for closing

Where a market has tiers or a crowd, or the trader chose a leverage, the two
rates give way to the formulas of :mod:`statemachine.risk.tiers`.  An isolated
portfolio is a sub-account from 128 on: it holds one market, and is margined by
the same rule as any other.

An order is checked before it trades, at its own limit price and with its fee:
every fill is then at least as good, so nothing is margined twice.  A portfolio
short of IM may still act if it does not get riskier (StarkEx): no position
grows or flips, and ``E1 * MM0 >= E0 * MM1`` in ``E_mm``, cross-multiplied.
"""

from typing import Final, final

from statemachine.costs import COST_MARKET
from statemachine.pricing.funding import unsettled_funding
from statemachine.records import Market, Portfolio, Position
from statemachine.risk.collateral import assets_of, collateral_of
from statemachine.risk.pool import unsettled_interest
from statemachine.risk.tiers import initial_of, maintenance_of
from statemachine.rules import MarketRules, Rules
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import PPM_ONE

ISOLATED_FROM: Final = 128
"""Sub-accounts from here on hold one market each."""


@final
class Margin:
    """A portfolio's equity against its requirements, all in micros.

    ``equity`` is held against ``maintenance`` and counts ``collateral`` for what
    other assets than USDC are worth; ``equity_initial`` is held against ``initial``.
    ``cushion`` is the balance once all it owes and all losses are paid: below zero it
    is, turned round, the loan that counts.
    """

    __slots__ = (
        "collateral",
        "cushion",
        "equity",
        "equity_initial",
        "initial",
        "maintenance",
    )

    def __init__(self, equity: int, initial: int, maintenance: int, cushion: int) -> None:
        """Take the four sums of a portfolio that holds USDC alone."""
        self.equity = equity
        self.equity_initial = equity
        self.collateral = 0
        self.initial = initial
        self.maintenance = maintenance
        self.cushion = cushion

    @property
    def free(self) -> int:
        """Return ``E_im - IM``: what may be used, or is missing if it is below zero."""
        return self.equity_initial - self.initial

    @property
    def closeout(self) -> int:
        """Return two thirds of maintenance, rounded up."""
        return -(-2 * self.maintenance // 3)


def margin_of(state: State, portfolio: Portfolio, extra: int = 0) -> Margin:
    """Measure a portfolio at today's marks, as if it had ``extra`` micros more."""
    cushion = portfolio.balance + extra
    if portfolio.balance < 0:
        cushion -= unsettled_interest(state, portfolio)
    equity = cushion
    initial = maintenance = 0
    rules = state.market_rules
    markets = state.markets
    positions = portfolio.positions if portfolio.complete else state.all_positions(portfolio)
    for position in positions:
        number = position.market
        market = markets.get(number) or state.market(number)
        mark = market.mark
        size = position.size
        held = 0
        if size:
            gain = size * mark - position.cost
            equity += gain
            if gain < 0:
                cushion += gain
            if position.funding_index != market.funding_index:
                gain = unsettled_funding(position, market)
                equity += gain
                if gain < 0:
                    cushion += gain
            held = size * mark if size > 0 else -size * mark
        bids = position.bids
        asks = position.asks
        # The larger one is not below zero: both add up to what rests.
        most = size + bids
        least = asks - size
        worst = most if most > least else least  # noqa: FURB136 - a call costs more
        if market.graded or position.leverage:
            parameters = rules[number]
            maintenance += maintenance_of(parameters, market.maintenance_ppm, held)
            crowd = market.open_interest * mark
            rate = market.initial_ppm
            initial += initial_of(parameters, rate, worst * mark, crowd, position.leverage)
        else:
            maintenance -= -held * market.maintenance_ppm // PPM_ONE
            initial -= -worst * mark * market.initial_ppm // PPM_ONE
        if bids:
            loss = position.bids_value - bids * mark
            if loss > 0:
                initial += loss
        if asks:
            loss = asks * mark - position.asks_value
            if loss > 0:
                initial += loss
    if cushion < 0:
        initial -= cushion * state.rules.loan_initial_ppm // PPM_ONE
        maintenance += loan_maintenance(state.rules, cushion)
    margin = Margin(equity, initial, maintenance, cushion)
    if portfolio.assets:
        margin.collateral, lent = collateral_of(state, portfolio)
        margin.equity += margin.collateral
        margin.equity_initial += lent
    return margin


def loan_maintenance(rules: Rules, cushion: int) -> int:
    """Return what a loan, a ``cushion`` below zero, must keep, in micros, rounded up."""
    return -(min(0, cushion) * rules.loan_maintenance_ppm // PPM_ONE)


def with_loan(rules: Rules, margin: Margin, maintenance: int) -> Margin:
    """Return a margin with what a loan would add to MM by all of E, if one may be needed.

    One is if the part of E that goes with ``maintenance``, a position's own, is more
    than the cushion.  Only for ``E >= 0``.
    """
    if margin.cushion * margin.maintenance >= margin.equity * maintenance:
        return margin
    added = loan_maintenance(rules, -margin.equity)
    return Margin(margin.equity, margin.initial, margin.maintenance + added, margin.cushion)


def without_loan(rules: Rules, margin: Margin) -> Margin:
    """Return a margin with the MM of positions alone: what is missing is theirs to bear."""
    maintenance = margin.maintenance - loan_maintenance(rules, margin.cushion)
    return Margin(margin.equity, margin.initial, maintenance, margin.cushion)


def charge_markets(step: Step, portfolio: Portfolio) -> None:
    """Charge a step for the other positions, assets and markets that margin reads; once."""
    if step.charged == portfolio.portfolio:
        return
    step.charged = portfolio.portfolio
    step.cost += COST_MARKET * len(portfolio.markets)
    if portfolio.assets:
        charge_assets(step, portfolio)


def charge_assets(step: Step, portfolio: Portfolio) -> None:
    """Charge a step for the assets that margin reads, and their markets."""
    step.cost += COST_MARKET * len(assets_of(portfolio))


def withdrawable(state: State, portfolio: Portfolio) -> int:
    """Return ``min(E_im - IM, balance)``: neither unrealised profit nor a loan can leave."""
    return min(margin_of(state, portfolio).free, portfolio.balance)


def may_add_order(
    state: State,
    portfolio: Portfolio,
    position: Position,
    side: int,
    price: int,
    size: int,
    fee: int,
    reduce_only: bool,
) -> tuple[bool, int, int]:
    """Return whether an order keeps its portfolio in order, with (need, have).

    ``position`` is the portfolio's position in the order's market, not yet
    counting the order; ``fee`` in micros is what a full fill would cost;
    ``reduce_only`` says that ``size`` was clamped to what there is to reduce.
    """
    market = state.market(position.market)
    parameters = state.market_rules[position.market]
    mark = market.mark
    # What it would lose by filling is charged in full: no order far on the good
    # side of mark, which may never fill, makes up for it.
    loss = (mark - price if side else price - mark) * size
    if loss < 0:  # noqa: PLR1730 - a call costs more
        loss = 0
    value = price * size + (loss if side else -loss)
    if side == 0:
        position.bids += size
        position.bids_value += value
    else:
        position.asks += size
        position.asks_value += value
    # What it opens is part of the crowd that it is margined for.
    opened = opening_lots(position, side, size) if parameters.open_interest_upper else 0
    market.open_interest += opened
    after = margin_of(state, portfolio, -fee - loss)
    market.open_interest -= opened
    if side == 0:
        position.bids -= size
        position.bids_value -= value
    else:
        position.asks -= size
        position.asks_value -= value
    have = after.equity_initial
    if have >= after.initial:
        return True, after.initial, have
    if reduce_only or is_reduction(position, side, size):
        before = margin_of(state, portfolio)
        rate = market.maintenance_ppm
        maintenance = before.maintenance
        maintenance -= loan_maintenance(state.rules, before.cushion)
        maintenance += loan_maintenance(state.rules, before.cushion - loss - fee)
        maintenance -= maintenance_of(parameters, rate, abs(position.size) * mark)
        maintenance += maintenance_of(parameters, rate, (abs(position.size) - size) * mark)
        if not_riskier(before.equity, before.maintenance, before.equity - loss - fee, maintenance):
            return True, after.initial, have
    return False, after.initial, have


def is_reduction(position: Position, side: int, size: int) -> bool:
    """Return whether a fill of ``size``, after all resting on its side, only shrinks."""
    if side:
        return position.size >= position.asks + size
    return -position.size >= position.bids + size


def opening_lots(position: Position, side: int, size: int) -> int:
    """Return the lots of an order that would open, once what it faces is closed."""
    faced = max(0, position.size if side else -position.size)
    return max(0, size - faced)


def interest_allows(rules: MarketRules, position: Position, market: Market, lots: int) -> bool:
    """Return whether a market has room for what ``lots`` (negative: sold) may open.

    Open interest grows by at most what takers open, so it never passes its cap.
    """
    if not rules.open_interest_max:
        return True
    opened = opening_lots(position, 1 if lots < 0 else 0, abs(lots))
    return opened == 0 or market.open_interest + opened <= rules.open_interest_max


def not_riskier(
    equity_before: int, maintenance_before: int, equity_after: int, maintenance_after: int
) -> bool:
    """Return whether equity over maintenance does not fall; cross-multiplied.

    With nothing to maintain before, the ratio says nothing: equity must not fall.
    """
    if maintenance_before == 0:
        return equity_after >= equity_before
    return equity_after * maintenance_before >= equity_before * maintenance_after
