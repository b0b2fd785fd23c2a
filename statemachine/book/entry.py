"""Entries: an order on its way in is checked as if filled.

An order is margined once, before it trades, at its own limit and with its
fee (see ``margin``), so that all that comes after the checks must succeed
(:mod:`statemachine.book.entering`).

A pegged order's price is its hard limit: it is margined there, and its offset is
checked for what it is worth now.
"""

from typing import Final, final

from statemachine.actions import (
    FLAG_FOK,
    FLAG_IOC,
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
)
from statemachine.book.heads import is_past, price_now
from statemachine.book.matching import (
    Taker,
    band_of,
    fillable,
)
from statemachine.book.posting import posted_offset, posted_price, terms_agree
from statemachine.cursor import FLAG_BACKLOG
from statemachine.errors import Code
from statemachine.fees.rates import NO_RATES, builder_allows, rates_of
from statemachine.records import (
    MARKETS_PER_PORTFOLIO_MAX,
    PORTFOLIO_CLOSING,
    PORTFOLIO_LIQUIDATING,
    Market,
    Portfolio,
    Position,
)
from statemachine.risk.collateral import assets_of
from statemachine.risk.margin import (
    ISOLATED_FROM,
    interest_allows,
    may_add_order,
)
from statemachine.rules import FLAG_FILL_BAND, MarketRules
from statemachine.states import STATE_ACTIVE, admits_order
from statemachine.step import Step
from statemachine.units import PPM_ONE

ORDER_LOTS_LIMIT: Final = 1 << 53
"""Sums of 1,024 orders stay below 2**63."""
NOTIONAL_LIMIT: Final = 1 << 80
"""Sums of 1,024 orders stay below 2**90, so money keeps within 95 bits."""
HELD_LOTS_LIMIT: Final = 1 << 62


@final
class Entry:
    """An order on its way in: new, modified, awake, or going on from the step before."""

    __slots__ = (
        "builder",
        "builder_ppm",
        "client_hash",
        "client_id",
        "expires_at",
        "flags",
        "group",
        "market",
        "max_fee_ppm",
        "offset",
        "parameters",
        "portfolio",
        "price",
        "rates",
        "self_trade",
        "side",
        "size",
    )

    def __init__(
        self,
        portfolio: Portfolio,
        market: Market,
        parameters: MarketRules,
        flags: int,
        price: int,
        size: int,
        client_id: bytes,
        client_hash: bytes,
        expires_at: int,
        self_trade: int,
        max_fee_ppm: int,
        group: int,
    ) -> None:
        """Take whose order it is, where, and what was signed."""
        self.portfolio = portfolio
        self.market = market
        self.parameters = parameters
        self.flags = flags
        self.side = flags & FLAG_SELL
        self.price = price
        self.size = size
        self.client_id = client_id
        self.client_hash = client_hash
        self.expires_at = expires_at
        self.self_trade = self_trade
        self.max_fee_ppm = max_fee_ppm
        self.group = group
        self.offset = 0
        # Who else is paid, and all that is paid: known once its shape is checked.
        self.builder = 0
        self.builder_ppm = 0
        self.rates = NO_RATES


def shape_allows(step: Step, entry: Entry) -> bool:
    """Check what the order says of itself, against the market's rules and prices."""
    market = entry.market
    parameters = entry.parameters
    flags = entry.flags
    price = entry.price
    size = entry.size
    notional = price * size
    set_rates(step, entry)
    pegged = flags & FLAG_PEG
    worth = price_now(step.state, market, entry.side, entry.offset) if pegged else price
    if not (market.state == STATE_ACTIVE or admits_order(market.state, flags)):
        step.refuse(Code.MARKET_STATE, (market.state,))
    elif not terms_agree(flags, entry.offset):
        step.refuse(Code.FIELD, (flags,))
    elif not 0 < size < ORDER_LOTS_LIMIT:
        step.refuse(Code.SIZE_RANGE, (size,))
    elif not 0 < notional < NOTIONAL_LIMIT:
        step.refuse(Code.PRICE_RANGE, (price,))
    elif worth <= 0:
        step.refuse(Code.PRICE_RANGE, (worth,))
    elif price % parameters.tick or (pegged and entry.offset % parameters.tick):
        step.refuse(Code.TICK, (parameters.tick,))
    elif notional < parameters.notional_min and not flags & FLAG_REDUCE_ONLY:
        step.refuse(Code.NOTIONAL_MIN, (parameters.notional_min,))
    elif entry.expires_at and entry.expires_at <= step.now:
        step.refuse(Code.ORDER_EXPIRED, (entry.expires_at, step.now))
    elif entry.rates.worst > entry.max_fee_ppm:
        step.refuse(Code.FEE_MAX, (entry.rates.worst,))
    elif entry.builder_ppm and not builder_allows(
        step, entry.portfolio.portfolio, entry.builder, entry.builder_ppm
    ):
        pass  # it said why
    elif step.cursor.flags & FLAG_BACKLOG and not flags & FLAG_POST_ONLY:
        step.refuse(Code.DUE)
    elif (
        step.now - market.index_time > step.rules.oracle_age_ms_max and not flags & FLAG_REDUCE_ONLY
    ):
        step.refuse(Code.ORACLE_STALE, (market.index_time,))
    elif pegged and is_past(entry.side, worth, price):
        # Pegged, and past its hard limit already: a visit would remove it.
        step.refuse(Code.BAND, (price,))
    elif step.rules.flags & FLAG_FILL_BAND:
        worst = band_of(parameters, market.mark, entry.side)
        if is_past(entry.side, price, worst):
            step.refuse(Code.BAND, (worst,))
            return False
        return True
    else:
        return True
    return False


def set_rates(step: Step, entry: Entry) -> None:
    """Find out what an entry pays."""
    post_only = entry.flags & FLAG_POST_ONLY != 0
    entry.rates = rates_of(
        step, entry.portfolio, entry.market, entry.parameters, entry.builder_ppm, post_only
    )


def book_allows(step: Step, entry: Entry, position: Position | None) -> bool:
    """Check the order against its portfolio's state and the other side of the book.

    Clamps a reduce-only order to what there is to reduce.
    """
    portfolio = entry.portfolio
    rules = step.rules
    if portfolio.flags & PORTFOLIO_CLOSING and not (
        entry.flags & FLAG_IOC and entry.flags & FLAG_REDUCE_ONLY
    ):
        step.refuse(Code.LIQUIDATING, () if portfolio.flags & PORTFOLIO_LIQUIDATING else (1,))
        return False
    if entry.flags & FLAG_REDUCE_ONLY:
        held = 0 if position is None else position.size if entry.side else -position.size
        crowded = (
            position is not None
            and position.reduce_only >= rules.reduce_only_per_position_max
            and not entry.flags & FLAG_IOC
        )
        if held <= 0 or crowded:
            step.refuse(Code.REDUCE_ONLY, (held,))
            return False
        entry.size = min(entry.size, held)
    return not entry.flags & FLAG_POST_ONLY or stands_apart(step, entry)


def stands_apart(step: Step, entry: Entry) -> bool:
    """Check that a post-only order does not cross; one that slides is moved one tick away."""
    market, side, flags = entry.market, entry.side, entry.flags
    tick = entry.parameters.tick
    if flags & FLAG_PEG:
        entry.offset = posted_offset(step, market, side, entry.offset, tick, flags)
    else:
        entry.price = posted_price(step, market, side, entry.price, tick, flags)
    return step.code == Code.OK


def market_allows(step: Step, portfolio: Portfolio, market: int) -> bool:
    """Check that a portfolio that is not in a market may come into it."""
    held = len(portfolio.markets)
    if portfolio.assets:
        held += len(assets_of(portfolio))
    if held >= MARKETS_PER_PORTFOLIO_MAX:
        step.refuse(Code.MARKETS_MAX, (MARKETS_PER_PORTFOLIO_MAX,))
        return False
    if portfolio.markets and portfolio.portfolio & 255 >= ISOLATED_FROM:
        step.refuse(Code.ISOLATED, (portfolio.markets[0], market))
        return False
    return True


def fill_allows(step: Step, entry: Entry, position: Position) -> bool:
    """Check that a fill-or-kill order fills within one step's visits."""
    if not entry.flags & FLAG_FOK:
        return True
    cost = step.cost
    found = fillable(step, taker_of(step, entry, position, entry.size))
    if found < entry.size:
        step.refuse(Code.FOK_UNFILLED, (found,))
        return False
    # Matching visits the same orders, and is charged for them.
    step.cost = cost
    return True


def margin_allows(step: Step, entry: Entry, position: Position) -> bool:
    """Check the margin of the order as if filled at its own price."""
    held = abs(position.size) + position.bids + position.asks
    if held + entry.size >= HELD_LOTS_LIMIT:
        step.refuse(Code.OVERFLOW, (held,))
        return False
    if (
        entry.parameters.open_interest_max
        and not entry.flags & FLAG_POST_ONLY
        and not interest_allows(
            entry.parameters, position, entry.market, -entry.size if entry.side else entry.size
        )
    ):
        most = entry.parameters.open_interest_max
        step.refuse(Code.OPEN_INTEREST, (most, entry.market.open_interest))
        return False
    # What rests and only reduces reserves nothing later on, but is no way around this.
    fee = -(-entry.price * entry.size * entry.rates.worst // PPM_ONE)
    allowed, need, have = may_add_order(
        step.state,
        entry.portfolio,
        position,
        entry.side,
        entry.price,
        entry.size,
        fee,
        entry.flags & FLAG_REDUCE_ONLY != 0,
    )
    if not allowed:
        step.refuse(Code.MARGIN, (need, have))
    return allowed


def taker_of(step: Step, entry: Entry, position: Position, remaining: int) -> Taker:
    """Return the entry as one that takes from the book."""
    return Taker(
        entry.portfolio,
        position,
        entry.market,
        entry.parameters,
        entry.side,
        entry.price,
        remaining,
        step.order_id,
        entry.rates,
        entry.self_trade,
    )
