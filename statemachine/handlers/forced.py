"""Forced actions: what an owner asks for through L1, where no sequencer can refuse it.

* cancel-all: every order of a sub-account goes, in as many steps as it takes
* close: a whole position, see below
* revoke: an agent ends
* poke: somebody's portfolio is looked at, as by :mod:`statemachine.handlers.poke`; whoever
  has no account gets no reward

A close is a reduce-only order that takes what the book gives at the price that was
named or better, and pays a taker's fee.  No price, or one past the fill band, means
the band; a portfolio whose margin does not bear that trades no worse than at the
mark.  Where the band's book gives nothing, nobody is locked in: what is left is
closed at the mark, without a fee, against those who gained most on the other side
(:func:`statemachine.risk.deleverage.close_at_mark`), if the mark is fresh and no
worse than the price that was named.  Nothing of it waits for due work or a market
that admits no takers; a paused market does hold it up.

Each step goes through the same: what margin bears, the book, and, in a step that
visited no order, the ranks.
"""

from statemachine.actions import (
    FLAG_SELL,
    MARKET_EVERY,
    SIDE_BOTH,
    CancelAll,
    Poke,
    RevokeAgent,
)
from statemachine.book.entry import NOTIONAL_LIMIT, ORDER_LOTS_LIMIT
from statemachine.book.heads import BookSide, is_past
from statemachine.book.matching import Taker, band_of, match_orders
from statemachine.costs import COST_MONEY, COST_PLACE, COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.fees.rates import Rates, rates_of
from statemachine.fees.shares import Shares, pay_shares
from statemachine.fees.standing import report
from statemachine.handlers.agents import execute_revoke
from statemachine.handlers.cancel import execute_cancel_all
from statemachine.handlers.poke import execute_poke
from statemachine.inbox import InboxItem, InboxKind
from statemachine.pricing.mark import is_stale
from statemachine.records import (
    PORTFOLIO_LIQUIDATING,
    ROLE_OWNER,
    Market,
    Portfolio,
    Position,
    Signer,
)
from statemachine.risk.deleverage import close_at_mark
from statemachine.risk.margin import charge_markets, may_add_order
from statemachine.states import admits_forced
from statemachine.step import Step
from statemachine.units import PPM_ONE, div_ceil

NO_PRICE = -1


def execute_forced(step: Step, item: InboxItem) -> None:
    """Run the next step of a forced action in its owner's name."""
    # READ
    step.cost += COST_MONEY
    owner = owner_of(step, item.owner)

    # CHECKS
    if item.kind == InboxKind.FORCED_POKE:
        poked = owner_of(step, item.other)
        if poked is None:
            step.refuse(Code.SIGNER_UNKNOWN)
            return
        step.account = 0 if owner is None else owner.account
        execute_poke(step, Poke(poked.account, item.sub))
        return
    if owner is None:
        step.refuse(Code.SIGNER_UNKNOWN)
        return

    # EFFECTS and RECEIPT
    step.account = owner.account
    if item.kind == InboxKind.FORCED_CANCEL_ALL:
        execute_cancel_all(step, CancelAll(item.sub, MARKET_EVERY, SIDE_BOTH))
    elif item.kind == InboxKind.FORCED_REVOKE:
        execute_revoke(step, RevokeAgent(item.other))
    else:
        execute_forced_close(step, item)


def owner_of(step: Step, address: bytes) -> Signer | None:
    """Return an address's entry among the signers, if it is an owner's."""
    signer = step.state.signer(address)
    return signer if signer is not None and signer.role == ROLE_OWNER else None


def execute_forced_close(step: Step, item: InboxItem) -> None:
    """Run the next step of a close."""
    # READ
    state = step.state
    cursor = step.cursor
    step.cost += COST_PORTFOLIO + COST_PLACE
    portfolio = state.portfolio(step.account << 8 | item.sub)
    if item.market not in state.market_rules:
        step.refuse(Code.MARKET_UNKNOWN, (item.market,))
        return
    if portfolio is None:
        step.refuse(Code.REDUCE_ONLY, (0,))
        return
    charge_markets(step, portfolio)
    market = state.market(item.market)
    position = state.find_position(portfolio, item.market)

    # CHECKS, in the order of their codes; of a continuation they may end what goes well
    step.order_id = cursor.order_id
    if position is None or position.size == 0:
        if cursor.continuation:
            finish(step, portfolio, 0)
        else:
            step.refuse(Code.REDUCE_ONLY, (0,))
        return
    if not cursor.continuation:
        if not admits_forced(market.state):
            step.refuse(Code.MARKET_STATE, (market.state,))
            return
        if portfolio.flags & PORTFOLIO_LIQUIDATING:
            step.refuse(Code.LIQUIDATING)
            return
    rates = rates_of(step, portfolio, market, state.market_rules[item.market], 0, post_only=False)
    limit = limit_of(step, portfolio, position, market, item.price, rates.worst)
    if limit == NO_PRICE:
        if cursor.filled:
            finish(step, portfolio, 0)
        return

    # EFFECTS
    if not cursor.continuation:
        ledger = state.ledger()
        step.order_id = ledger.next_sequence
        ledger.next_sequence += 1
        state.touch(ledger)
        report(step, portfolio)
    close_step(step, portfolio, position, market, item.price, limit, rates)


def bound_of(step: Step, market: Market, side: int, price: int) -> int:
    """Return the worst price a close may trade at: the one named, within the fill band."""
    worst = band_of(step.state.market_rules[market.market], market.mark, side)
    return worst if price == 0 or is_past(side, price, worst) else price


def closing_size(position: Position, price: int) -> int:
    """Return how much of a position one step may close: as much as an order may be for."""
    most = (NOTIONAL_LIMIT - 1) // max(1, price)
    return min(abs(position.size), ORDER_LOTS_LIMIT - 1, most)


def limit_of(
    step: Step, portfolio: Portfolio, position: Position, market: Market, price: int, fee_ppm: int
) -> int:
    """Return the worst price at which a close leaves its owner in order, or no riskier.

    The bound, else the mark, if it is within the bound; else ``NO_PRICE``, and says why.
    """
    side = FLAG_SELL if position.size > 0 else 0
    bound = bound_of(step, market, side, price)
    tried = (bound,) if is_past(side, market.mark, bound) else (bound, market.mark)
    need = have = 0
    for limit in tried:
        size = closing_size(position, max(limit, market.mark))
        fee = div_ceil(limit * size * fee_ppm, PPM_ONE)
        allowed, need, have = may_add_order(
            step.state, portfolio, position, side, limit, size, fee, reduce_only=True
        )
        if allowed:
            return limit
    step.refuse(Code.MARGIN, (need, have))
    return NO_PRICE


def close_step(
    step: Step,
    portfolio: Portfolio,
    position: Position,
    market: Market,
    price: int,
    limit: int,
    rates: Rates,
) -> None:
    """Take what the book gives, or else the ranks; then go on, or end."""
    state = step.state
    cursor = step.cursor
    side = FLAG_SELL if position.size > 0 else 0
    size = closing_size(position, max(limit, market.mark))
    parameters = state.market_rules[market.market]
    order = step.order_id
    taker = Taker(portfolio, position, market, parameters, side, limit, size, order, rates, 0)
    taker.shares = Shares(0, cursor.referable)
    match_orders(step, taker)
    cut = step.more
    step.more = False
    cursor.referable = taker.shares.referable
    left = abs(taker.position.size)
    at_mark = left and not step.visits and may_close_at_mark(step, market, side, price, limit)
    if at_mark:
        cut = close_at_mark(step, portfolio, position, market)
        left = abs(position.size)
    if taker.position.live:
        state.drop_position(portfolio, taker.position)
    cursor.filled += step.filled
    cursor.notional += step.notional
    cursor.fee += step.fee
    goes_on = left and (cut or (step.visits and not at_mark))
    if goes_on and cursor.continuation < step.rules.step_continuations_max - 1:
        cursor.continuation += 1
        cursor.order_id = step.order_id
        step.more = True
        return
    finish(step, portfolio, left if goes_on else 0)
    if step.filled == 0:
        step.refuse(Code.IOC_UNFILLED, (limit,))


def may_close_at_mark(step: Step, market: Market, side: int, price: int, limit: int) -> bool:
    """Return whether nobody within reach trades, and the mark will do instead.

    A book that gives something within the band, though not at the price that was
    named, is one that its owner can trade on.
    """
    if is_stale(step, market):
        return False
    if price and is_past(side, market.mark, price):
        return False
    bound = bound_of(step, market, side, 0)
    pressed = limit != bound_of(step, market, side, price)
    book = BookSide(step, market, 1 - side)
    return pressed or book.first() is None or is_past(side, book.price, bound)


def finish(step: Step, portfolio: Portfolio, left: int) -> None:
    """Sum up what all steps did; ``left``: lots that steps ran out for."""
    cursor = step.cursor
    step.filled, step.notional, step.fee = cursor.filled, cursor.notional, cursor.fee
    pay_shares(step, portfolio, 0, Shares(0, cursor.referable))
    step.refuse(Code.OK)
    if left:
        step.refuse(Code.FILL_LIMIT, (left,))
