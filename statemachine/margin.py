"""Margin: what a portfolio is worth, against what it must keep.

* equity ``E = balance + sum(size * mark - cost) + unsettled funding``, floored
* initial ``IM = sum(ceil(worst * mark * IMF) + open loss)``, where ``worst =
  max(|size + bids|, |size - asks|)``: orders are margined as if filled
* open loss: what resting orders would lose at today's mark if they filled,
  ``max(0, bids_value - bids * mark) + max(0, asks * mark - asks_value)``
* maintenance ``MM = sum(ceil(|size| * mark * MMF))``, close-out ``2/3 MM``

An order is checked before it trades, at its own limit price and with its fee:
every fill is then at least as good, so nothing is margined twice.  A portfolio
short of IM may still act if it does not get riskier (StarkEx): no position
grows or flips, and ``E1 * MM0 >= E0 * MM1``, cross-multiplied.
"""

from typing import final

from statemachine.costs import COST_MARKET
from statemachine.funding import unsettled_funding
from statemachine.records import Portfolio, Position
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import PPM_ONE


@final
class Margin:
    """A portfolio's equity against its requirements, all in micros."""

    __slots__ = ("equity", "initial", "maintenance")

    def __init__(self, equity: int, initial: int, maintenance: int) -> None:
        """Take the three sums."""
        self.equity = equity
        self.initial = initial
        self.maintenance = maintenance

    @property
    def closeout(self) -> int:
        """Return two thirds of maintenance, rounded up."""
        return -(-2 * self.maintenance // 3)


def margin_of(state: State, portfolio: Portfolio) -> Margin:
    """Measure a portfolio at today's marks."""
    equity = portfolio.balance
    initial = maintenance = 0
    rules = state.market_rules
    for position in state.all_positions(portfolio):
        market = state.market(position.market)
        mark = market.mark
        size = position.size
        parameters = rules[position.market]
        if size:
            equity += size * mark - position.cost
            if position.funding_index != market.funding_index:
                equity += unsettled_funding(position, market)
            held = size * mark if size > 0 else -size * mark
            maintenance -= -held * parameters.maintenance_ppm // PPM_ONE
        bids = position.bids
        asks = position.asks
        most = size + bids
        least = asks - size
        worst = max(most, least, -most, -least)
        if worst:
            initial -= -worst * mark * parameters.initial_ppm // PPM_ONE
        if bids and position.bids_value > bids * mark:
            initial += position.bids_value - bids * mark
        if asks and asks * mark > position.asks_value:
            initial += asks * mark - position.asks_value
    return Margin(equity, initial, maintenance)


def charge_markets(step: Step, portfolio: Portfolio) -> None:
    """Charge a step for the other positions and markets that margin reads."""
    step.cost += COST_MARKET * len(portfolio.markets)


def withdrawable(state: State, portfolio: Portfolio) -> int:
    """Return ``min(E - IM, balance)``: unrealised profit cannot leave."""
    margin = margin_of(state, portfolio)
    return min(margin.equity - margin.initial, portfolio.balance)


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
    if side == 0:
        position.bids += size
        position.bids_value += price * size
    else:
        position.asks += size
        position.asks_value += price * size
    after = margin_of(state, portfolio)
    if side == 0:
        position.bids -= size
        position.bids_value -= price * size
    else:
        position.asks -= size
        position.asks_value -= price * size
    have = after.equity - fee
    if have >= after.initial:
        return True, after.initial, have
    if reduce_only or is_reduction(position, side, size):
        before = margin_of(state, portfolio)
        mark = state.market(position.market).mark
        loss = max(0, (mark - price if side else price - mark) * size) + fee
        parameters = state.market_rules[position.market]
        held = abs(position.size) * mark
        kept = (abs(position.size) - size) * mark
        maintenance = before.maintenance
        maintenance += -held * parameters.maintenance_ppm // PPM_ONE
        maintenance -= -kept * parameters.maintenance_ppm // PPM_ONE
        if not_riskier(before.equity, before.maintenance, before.equity - loss, maintenance):
            return True, after.initial, have
    return False, after.initial, have


def is_reduction(position: Position, side: int, size: int) -> bool:
    """Return whether a fill of ``size``, after all resting on its side, only shrinks."""
    if side:
        return position.size >= position.asks + size
    return -position.size >= position.bids + size


def not_riskier(
    equity_before: int, maintenance_before: int, equity_after: int, maintenance_after: int
) -> bool:
    """Return whether equity over maintenance does not fall; cross-multiplied.

    With nothing to maintain before, the ratio says nothing: equity must not fall.
    """
    if maintenance_before == 0:
        return equity_after >= equity_before
    return equity_after * maintenance_before >= equity_before * maintenance_after
