"""The auditor on what the guardian set: margin rates, and markets that are settled."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from statemachine import keys
from statemachine.records import Market, decode_due, decode_ramp
from statemachine.risk.clearing import clearing_portfolio
from statemachine.risk.ramps import DUE_RAMP, rate_at
from statemachine.risk.ranks import rank_of
from statemachine.risk.settlement import DUE_SETTLE
from statemachine.rules import NO_GUARDIAN, MarketRules, Rules
from statemachine.states import STATE_SETTLED

if TYPE_CHECKING:
    from tests.models.auditor import Books

Check = Callable[[bool, str], None]
GUARDED = {DUE_RAMP, DUE_SETTLE}
"""Kinds of due work that only a guardian sets in motion."""


def audit_settings(books: "Books", rules: Rules, check: Check) -> None:
    """Check every market's rates, and the work that moves them."""
    waiting: Counter[tuple[int, int]] = Counter()
    for key, data in books.table(keys.TABLE_DUE):
        kind, number, portfolio, _ = decode_due(data)
        if key[1] == keys.LANE_SYSTEM and kind in GUARDED:
            waiting[kind, number] += 1
            check(portfolio == 0, f"due work {key.hex()}: of a portfolio")
    for parameters in rules.markets:
        market = books.markets[parameters.market]
        settling = waiting[DUE_SETTLE, market.market]
        audit_clearing(books, market, check)
        if market.state == STATE_SETTLED:
            audit_settled(books, rules, market, settling, check)
            continue
        check(settling == 0, f"market {market.market}: is settled, but is not")
        audit_rates(books, rules, parameters, market, check)
        ramp = keys.ramp_key(market.market) in books.items
        found = waiting[DUE_RAMP, market.market]
        check(found == int(ramp), f"market {market.market}: a ramp {ramp}, due {found} times")


def audit_rates(
    books: "Books", rules: Rules, parameters: MarketRules, market: Market, check: Check
) -> None:
    """Check that the rates in force are allowed: the rules' own, or behind the line of a ramp."""
    label = f"market {market.market}"
    rates = market.initial_ppm, market.maintenance_ppm
    most = parameters.tiers[0][1:] if parameters.tiers else (1_000_000, 1_000_000)
    check(0 < rates[1] <= rates[0], f"{label}: rates {rates}")
    check(rates[0] <= most[0] and rates[1] <= most[1], f"{label}: rates {rates} above a tier's")
    data = books.items.get(keys.ramp_key(market.market))
    if rules.guardian == NO_GUARDIAN:
        own = parameters.initial_ppm, parameters.maintenance_ppm
        check(rates == own and data is None, f"{label}: rates {rates} that nobody set")
    if data is None:
        return
    ramp = decode_ramp(keys.ramp_key(market.market), data)
    whole = ramp.end - ramp.start
    check(whole == rules.ramp_notice_ms, f"{label}: a notice of {whole} ms")
    check(books.cursor.time - rules.ramp_step_ms < ramp.end, f"{label}: a ramp that never ends")
    for place in (0, 1):
        ends = sorted((ramp.source[place], ramp.target[place]))
        now = rate_at(ramp.source[place], ramp.target[place], books.cursor.time - ramp.start, whole)
        inside = ends[0] <= rates[place] <= ends[1]
        check(inside, f"{label}: rate {rates[place]} outside {ends}")
        behind = abs(rates[place] - ramp.source[place]) <= abs(now - ramp.source[place])
        check(behind, f"{label}: rate {rates[place]} ahead of the line, {now}")


def audit_settled(
    books: "Books", rules: Rules, market: Market, settling: int, check: Check
) -> None:
    """Check that a settled market stands still, and that whatever is left of it is on its way."""
    number = market.market
    label = f"settled market {number}"
    check(market.index == market.mark, f"{label}: index {market.index}, mark {market.mark}")
    check(market.initial_ppm == market.maintenance_ppm == 0, f"{label}: asks for margin")
    check(keys.ramp_key(number) not in books.items, f"{label}: rates on their way")
    check(settling <= 1, f"{label}: settled {settling} times at once")
    rests = any(keys.order_place(order.key)[0] == number for order in books.orders)
    sleeps = any(keys.sleeper_place(sleeper.key)[0] == number for sleeper in books.sleepers)
    clearing = clearing_portfolio(number)
    ranked = any(
        at == number and name != clearing and rank_of(p.size, p.cost, rules.rank_notional_min)
        for (name, at), p in books.positions.items()
    )
    left = rests or sleeps or ranked
    check(settling == 1 or not left, f"{label}: something is left that nothing closes")


def audit_clearing(books: "Books", market: Market, check: Check) -> None:
    """Check that a clearing portfolio has earned nothing, and owes nothing, to the unit."""
    name = clearing_portfolio(market.market)
    portfolio = books.portfolios.get(name)
    if portfolio is None:
        return
    label = f"clearing of market {market.market}"
    check(market.state == STATE_SETTLED, f"{label}: the market is not settled")
    check(portfolio.balance == portfolio.moved == 0, f"{label}: balance {portfolio.balance}")
    check(portfolio.flags == portfolio.open_orders == 0, f"{label}: flags or orders")
    position = books.positions.get((name, market.market))
    check(len(portfolio.markets) == int(position is not None), f"{label}: in other markets")
    if position is not None:
        worth = position.size * market.mark
        check(position.cost == worth, f"{label}: worth {worth}, cost {position.cost}")
        check(position.funding_index == market.funding_index, f"{label}: owes funding")
