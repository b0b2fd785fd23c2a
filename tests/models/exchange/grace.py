"""Grace: after an outage or a halt liquidations wait, for a while and for prices."""

from tests.models.exchange.margin import (
    kept_for,
    loan_need,
    maintenance_of,
    margin_of,
    unsettled_funding,
)
from tests.models.exchange.state import PAUSED, SETTLED, Exchange, Market


def note_sample(exchange: Exchange, market: Market, second: int) -> None:
    """Notice that no sample was taken for too long."""
    if second - market.sample_time > exchange.rules.outage_ms_max:
        resume(exchange, market)


def resume(exchange: Exchange, market: Market) -> None:
    """Start a market's grace."""
    market.resumed_at, market.updates = exchange.now, 0


def note_update(exchange: Exchange, market: Market) -> None:
    """Count an update of the index after a market resumed, as far as it matters."""
    if market.resumed_at:
        market.updates = min(exchange.rules.grace_updates_min, market.updates + 1)


def grace_of(exchange: Exchange, market: Market) -> tuple[int, int]:
    """Return until when, and for how many updates, liquidations in a market wait."""
    rules = exchange.rules
    if market.state == SETTLED:
        return 0, 0
    resumed, updates = market.resumed_at, market.updates
    out = market.index and exchange.now - market.sample_time > rules.outage_ms_max
    if market.state == PAUSED or out:
        resumed, updates = exchange.now, 0
    missing = max(0, rules.grace_updates_min - updates)
    if resumed and (missing or exchange.now < resumed + rules.grace_ms):
        return resumed + rules.grace_ms, missing
    return 0, 0


def waits(exchange: Exchange, market: int) -> bool:
    """Return whether liquidations wait in a market."""
    return grace_of(exchange, exchange.markets[market]) != (0, 0)


def is_short_elsewhere(exchange: Exchange, portfolio: int) -> bool:
    """Return whether what does not wait is below maintenance, however well the rest does."""
    margin = margin_of(exchange, portfolio)
    equity, left, need = margin.equity, margin.left, 0
    for (owner, number), position in exchange.positions.items():
        if owner != portfolio:
            continue
        own = maintenance_of(exchange, number, position.size)
        if not waits(exchange, number):
            need += own
            continue
        result = position.size * exchange.markets[number].mark - position.cost
        lost = min(0, result) + min(0, unsettled_funding(exchange, portfolio, number))
        equity, left = equity + own - lost, left - lost
    for rules in exchange.rules.assets:
        if rules.asset in exchange.counted.get(portfolio, set()) and waits(exchange, rules.market):
            equity += kept_for(exchange, rules.asset, exchange.held(portfolio, rules.asset))
    return need > 0 and equity < need + loan_need(exchange, -left)


def grace_for(exchange: Exchange, portfolio: int) -> tuple[int, int]:
    """Return until when, and for how many updates, a portfolio's liquidation waits."""
    held = {market for owner, market in exchange.positions if owner == portfolio}
    counted = exchange.counted.get(portfolio, set())
    held |= {rules.market for rules in exchange.rules.assets if rules.asset in counted}
    found = [grace_of(exchange, exchange.markets[market]) for market in held]
    if is_short_elsewhere(exchange, portfolio):
        return 0, 0
    return max((until for until, _ in found), default=0), max((m for _, m in found), default=0)
