"""The exchange's own money: what it earns, what it insures, and how fast money may leave."""

from fractions import Fraction
from math import ceil, floor

from tests.models.exchange.state import MILLION, Exchange, Market, Vault

DAY_MS = 86_400_000


def repay(market: Market, earned: int) -> int:
    """Repay a market's deficit first; return what is left of ``earned``."""
    repaid = min(market.deficit, max(0, earned))
    market.deficit -= repaid
    return earned - repaid


# Insurance


def insured_today(exchange: Exchange, market: Market) -> int:
    """Return what insurance has paid for a market today."""
    vault = exchange.vaults.get(market.rules.market, Vault())
    return vault.insured if vault.insured_day == exchange.now // DAY_MS else 0


def insurance_room(exchange: Exchange, market: Market) -> int:
    """Return what insurance may still pay for a market today."""
    room = exchange.rules.insurance_daily_max - insured_today(exchange, market)
    return min(max(0, room), exchange.insurance)


def draw_insurance(exchange: Exchange, market: Market, debt: int) -> int:
    """Let insurance pay as much of a debt as it may."""
    drawn = min(debt, insurance_room(exchange, market))
    if drawn:
        used = insured_today(exchange, market)
        vault = exchange.vaults.setdefault(market.rules.market, Vault())
        vault.insured_day = exchange.now // DAY_MS
        vault.insured = used + drawn
        exchange.insurance -= drawn
    return drawn


# Leaving


def payable(exchange: Exchange, amount: int) -> int:
    """Return what a withdrawal is paid while debts are not covered."""
    deficits = sum(market.deficit for market in exchange.markets.values())
    uncovered = max(0, deficits - exchange.insurance)
    held = sum(exchange.balances.values()) + exchange.pool.supplied
    if uncovered == 0:
        return amount
    if held <= uncovered:
        return 0
    return floor(amount * Fraction(held - uncovered, held))


def largest_capacity(exchange: Exchange) -> int:
    """Return the most that may ever leave at once."""
    left = sum(amount for _, amount, _, asset in exchange.paid_out if not asset)
    held = exchange.deposits - left
    share = floor(max(0, held) * Fraction(exchange.rules.velocity_ppm, MILLION))
    return max(exchange.rules.velocity_min, share)


def capacity_now(exchange: Exchange) -> int:
    """Return how much may leave now."""
    cap = largest_capacity(exchange)
    passed = max(0, exchange.now - exchange.capacity_time)
    grown = floor(Fraction(cap * passed, exchange.rules.velocity_period_ms))
    return min(cap, exchange.capacity + grown)


def when_capable(exchange: Exchange, amount: int) -> int:
    """Return from when on an amount may leave if nothing else does, 0 if never."""
    cap = largest_capacity(exchange)
    if amount > cap:
        return 0
    missing = amount - exchange.capacity
    waiting = ceil(Fraction(missing * exchange.rules.velocity_period_ms, cap))
    return max(exchange.now, exchange.capacity_time + waiting)
