"""The tail: vaults that take over, and those who gained most, who have to close."""

from fractions import Fraction
from math import ceil, floor

from tests.models.exchange.margin import Margin, loan_need, maintenance_of, margin_of, weight_of
from tests.models.exchange.matching import move
from tests.models.exchange.state import UNWIND, Exchange, Position, Vault


def back(exchange: Exchange, portfolio: int, number: int, before: Margin) -> bool:
    """Give a position at mark, with its share of the margin, to the market's vault."""
    vault = number
    if vault not in exchange.balances or vault == portfolio or vault in exchange.flagged:
        return False
    size = exchange.size_of(portfolio, number)
    own = maintenance_of(exchange, number, size)
    weight = weight_of(exchange, before, Fraction(own))
    share = floor(before.equity * Fraction(own, weight))
    mark = exchange.markets[number].mark
    place = vault, number
    held = exchange.positions.get(place)
    trial = Position(size, size * mark, exchange.markets[number].funding_index)
    if held is not None:
        trial = Position(held.size + size, held.cost + size * mark, held.settled_at)
    exchange.positions[place] = trial
    after = margin_of(exchange, vault, extra=share)
    del exchange.positions[place]
    if held is not None:
        exchange.positions[place] = held
    if after.equity_initial < after.initial:
        return False
    move(exchange, portfolio, number, -size, mark)
    move(exchange, vault, number, size, mark)
    exchange.pay(portfolio, -share)
    exchange.pay(vault, share)
    behind = exchange.vaults.setdefault(number, Vault())
    if not behind.unwinding:
        behind.unwinding = True
        exchange.arm(exchange.now + exchange.rules.slice_interval_ms, UNWIND, number, vault)
    return True


def entry_of(position: Position) -> int:
    """Return the price at which a position was entered, floored, as ranks have it."""
    price: int = position.cost // position.size
    return min(max(1, price), 2**63 - 1)


def rank_of(exchange: Exchange, position: Position) -> int:
    """Return a position's rank: its entry price, negative for a short, 0 for dust."""
    if abs(position.cost) < exchange.rules.rank_notional_min:
        return 0
    return entry_of(position) if position.size > 0 else -entry_of(position)


def bankruptcy_price(
    exchange: Exchange, portfolio: int, number: int, before: Margin, room: int
) -> int:
    """Return the price that leaves a bankrupt what insurance gives, and no more."""
    size = exchange.size_of(portfolio, number)
    own = Fraction(maintenance_of(exchange, number, size), abs(size))
    positions = before.maintenance - loan_need(exchange, -before.left)
    away = ceil(own * Fraction(-before.equity - room, positions))
    mark = exchange.markets[number].mark
    return mark + away if size > 0 else max(0, mark - away)


def deleverage(exchange: Exchange, portfolio: int, number: int, before: Margin, room: int) -> bool:
    """Close a bankrupt's position against those who gained most on the other side."""
    price = bankruptcy_price(exchange, portfolio, number, before, room)
    mark = exchange.markets[number].mark
    size = exchange.size_of(portfolio, number)
    sign = -1 if size > 0 else 1
    ranked = sorted(
        (rank_of(exchange, position), owner)
        for (owner, market), position in exchange.positions.items()
        if market == number and position.size * sign > 0 and rank_of(exchange, position)
    )
    left = abs(size)
    for _, victim in ranked[: exchange.rules.victims_max]:
        if left == 0:
            break
        held = exchange.positions[victim, number]
        if held.size > 0:
            entry = ceil(Fraction(held.cost, held.size))
            gained, agreed = entry < mark, max(price, entry)
        else:
            entry = floor(Fraction(held.cost, held.size))
            gained, agreed = entry > mark, min(price, entry)
        if not gained:
            break
        if victim in exchange.flagged:
            continue
        part = min(left, abs(held.size))
        move(exchange, portfolio, number, sign * part, agreed)
        move(exchange, victim, number, -sign * part, agreed)
        left -= part
    return left < abs(size)


def void_shares(exchange: Exchange, portfolio: int) -> None:
    """End a vault's or a fund's epoch if it has nothing left."""
    vault = exchange.vaults.get(portfolio & 255)
    empty = not exchange.balances[portfolio] > 0 and not exchange.markets_of(portfolio)
    empty = empty and not exchange.counted.get(portfolio)
    if portfolio < 64 and vault is not None and vault.shares and empty:
        vault.shares = 0
        vault.epoch += 1
    fund = exchange.funds.get(portfolio)
    flat = not any(exchange.size_of(portfolio, market) for market in exchange.markets)
    if fund is not None and fund.shares and exchange.balances[portfolio] <= 0 and flat:
        fund.stakes = {}
        fund.epoch += 1
