"""The end of a market: its price stands still, its orders go, everybody is closed."""

from math import floor

from tests.models.exchange.margin import margin_of
from tests.models.exchange.matching import move
from tests.models.exchange.money import draw_insurance
from tests.models.exchange.pegs import fixed_side, pegged_side
from tests.models.exchange.pool import lose
from tests.models.exchange.removal import remove
from tests.models.exchange.state import (
    BUY,
    SELL,
    SETTLE,
    SETTLED,
    Exchange,
    Market,
    Order,
    Sleeper,
)
from tests.models.exchange.tail import rank_of, void_shares

CLEARING_FROM = 64


def settle(exchange: Exchange, market: Market) -> None:
    """Fix the settlement price: what the index was worth over the last hour."""
    market.index = market.mark = max(1, floor(market.average))
    market.basis *= 0
    market.premiums = market.premium_count = market.funding_rate = 0
    market.initial_ppm = market.maintenance_ppm = 0
    market.ramp = None
    exchange.arm(exchange.now, SETTLE, market.rules.market, 0)


def run_settlement(exchange: Exchange, number: int, place: int) -> None:
    """Let a settled market's next orders go, and close its next positions.

    ``place`` counts the block's due work before this.
    """
    for _ in range(exchange.rules.step_visits_max):
        if not settle_next(exchange, number):
            return
    if not anything_left(exchange, number):
        return
    again = place + 1 < exchange.rules.due_items_max // 2
    exchange.arm(exchange.now if again else exchange.now + 1, SETTLE, number, 0)


def anything_left(exchange: Exchange, number: int) -> bool:
    """Return whether there is an order to remove, or a position to close."""
    return bool(items_of(exchange, number) or candidates(exchange, number))


def items_of(exchange: Exchange, number: int) -> list[Order] | list[Sleeper]:
    """Return what rests, bids first, or else what sleeps: what fires first comes first."""
    fixed = [order for side in (BUY, SELL) for order in fixed_side(exchange, number, side)]
    pegged = [order for side in (BUY, SELL) for _, order in pegged_side(exchange, number, side)]
    if fixed or pegged:
        return fixed + pegged
    asleep = [sleeper for sleeper in exchange.sleepers.values() if sleeper.market == number]
    sign = (1, -1)
    return sorted(
        asleep, key=lambda s: (s.trigger, sign[s.trigger & 1] * s.trigger_price, s.number)
    )


def candidates(exchange: Exchange, number: int) -> list[int]:
    """Return who holds a ranked position, in order, of the side that is to be closed next."""
    clearing = exchange.size_of(CLEARING_FROM + number, number)
    held = {
        owner: position
        for (owner, market), position in exchange.positions.items()
        if market == number and owner != CLEARING_FROM + number and rank_of(exchange, position)
    }
    ranked = sorted((rank_of(exchange, position), owner) for owner, position in held.items())
    longs = [owner for rank, owner in ranked if rank > 0]
    shorts = [owner for rank, owner in ranked if rank < 0]
    return (shorts or longs) if clearing > 0 else (longs or shorts)


def settle_next(exchange: Exchange, number: int) -> bool:
    """Remove an order or close a position; return whether there was any."""
    items = items_of(exchange, number)
    if items:
        remove(exchange, items[0])
        return True
    found = candidates(exchange, number)
    if not found:
        return False
    note_loan(exchange, found[0])
    close(exchange, found[0], number)
    make_good(exchange, found[0], number)
    return True


def close(exchange: Exchange, portfolio: int, number: int) -> None:
    """Close a position at the settlement price, and give its leverage up."""
    exchange.leverage.pop((portfolio, number), None)
    size = exchange.size_of(portfolio, number)
    if size:
        clearing = CLEARING_FROM + number
        exchange.balances.setdefault(clearing, 0)
        price = exchange.markets[number].mark
        move(exchange, portfolio, number, -size, price)
        move(exchange, clearing, number, size, price)


def close_settled(exchange: Exchange, portfolio: int) -> int | None:
    """Close all that a portfolio holds in settled markets; return the last of them, if any."""
    last = None
    if portfolio >> 8 == 0 and portfolio >= CLEARING_FROM:
        return last
    for number in exchange.markets_of(portfolio):
        held = (portfolio, number) in exchange.positions or (portfolio, number) in exchange.leverage
        if exchange.markets[number].state == SETTLED and held:
            if last is None:
                note_loan(exchange, portfolio)
            close(exchange, portfolio, number)
            last = number
    return last


def note_loan(exchange: Exchange, portfolio: int) -> None:
    """Remember what is lent to who is closed by the exchange, but not liquidated."""
    if exchange.balances[portfolio] < 0 and portfolio not in exchange.flagged:
        exchange.pay(portfolio, 0)
        exchange.borrowed[portfolio] = -exchange.balances[portfolio]


def write_off(exchange: Exchange, portfolio: int, number: int) -> None:
    """Pay a debt out of insurance; lenders bear their part of the rest, and a market what is left.

    The interest is due first.
    """
    exchange.pay(portfolio, 0)
    debt = -exchange.balances[portfolio]
    market = exchange.markets[number]
    rest = debt - draw_insurance(exchange, market, debt)
    market.deficit += rest - lose(exchange, portfolio, rest)
    exchange.pay(portfolio, debt)


def make_good(exchange: Exchange, portfolio: int, number: int) -> None:
    """End the debt of who has nothing left, and is not being liquidated."""
    owns = exchange.markets_of(portfolio) or exchange.counted.get(portfolio)
    if portfolio in exchange.flagged:
        return
    if exchange.balances[portfolio] < 0 and not owns:
        exchange.pay(portfolio, 0)
        assert margin_of(exchange, portfolio).equity == exchange.balances[portfolio]
        write_off(exchange, portfolio, number)
        void_shares(exchange, portfolio)
    exchange.borrowed.pop(portfolio, None)
