"""Grace: after an outage or a halt liquidations wait, for a while and for prices."""

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


def grace_for(exchange: Exchange, portfolio: int) -> tuple[int, int]:
    """Return until when, and for how many updates, a portfolio's liquidation waits."""
    held = {market for owner, market in exchange.positions if owner == portfolio}
    counted = exchange.counted.get(portfolio, set())
    held |= {rules.market for rules in exchange.rules.assets if rules.asset in counted}
    found = [grace_of(exchange, exchange.markets[market]) for market in held]
    return max((until for until, _ in found), default=0), max((m for _, m in found), default=0)
