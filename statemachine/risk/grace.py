"""Grace: after an outage or a halt, nobody is liquidated before he can act.

Each market takes a sample a second.  If the last one is more than
``outage_ms_max`` ago no block was made in between: the market *resumes* now.
It also does when it leaves a halt.  From then on liquidations of whoever
holds it wait for ``grace_updates_min`` updates of its index and for
``grace_ms`` to pass, whichever takes longer.  What only cancels orders, or
what owners do themselves, does not wait; nor does a settled market, which takes no
samples and moves no more.

Nobody hides behind a market that waits: a portfolio that is below MM by its other
markets alone, even if what it has in the waiting ones lost nothing, asked for nothing
and gained what it must keep (an asset: what it counts for), is closed in those others.
Else a crumb in a halted market would be a licence to run up debts in all the rest.
"""

from statemachine.pricing.funding import unsettled_funding
from statemachine.records import Market, Portfolio
from statemachine.risk.collateral import assets_of, holding_of, prices_of, value_of
from statemachine.risk.margin import loan_maintenance, margin_of
from statemachine.risk.tiers import maintenance_of
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.states import STATE_PAUSED, STATE_SETTLED
from statemachine.step import Step


def resume_market(state: State, market: Market, now: int) -> None:
    """Start a market's grace: it was halted, or out, until ``now``."""
    market.resumed_at = now
    market.updates = 0
    state.touch(market)


def note_sample(step: Step, market: Market, second: int) -> None:
    """Notice an outage: the sample before the one of ``second`` is too long ago."""
    if second - market.sample_time > step.rules.outage_ms_max:
        resume_market(step.state, market, step.now)


def note_update(rules: Rules, market: Market) -> None:
    """Count an update of the index, as far as it matters; the caller touches the market."""
    if market.resumed_at and market.updates < rules.grace_updates_min:
        market.updates += 1


def grace_of(rules: Rules, market: Market, now: int) -> tuple[int, int]:
    """Return until when (ms) liquidations in a market wait, and for how many updates.

    (0, 0) if they do not.
    """
    if market.state == STATE_SETTLED:
        return 0, 0
    if market.state == STATE_PAUSED:
        return now + rules.grace_ms, rules.grace_updates_min
    resumed = market.resumed_at
    updates = market.updates
    if market.index and now - market.sample_time > rules.outage_ms_max:
        # Out until now, and not yet sampled: what is due was waiting before the sample.
        resumed = now
        updates = 0
    if resumed == 0:
        return 0, 0
    until = resumed + rules.grace_ms
    missing = max(0, rules.grace_updates_min - updates)
    return (until, missing) if missing or now < until else (0, 0)


def grace_for(step: Step, portfolio: Portfolio) -> tuple[int, int]:
    """Return until when, and for how many updates, a portfolio's liquidation waits.

    It waits for the markets of its positions and of its assets, if they matter.
    """
    state = step.state
    until = missing = 0
    numbers = [p.market for p in state.all_positions(portfolio) if p.size]
    if portfolio.assets:
        numbers += [state.asset_rules[asset].market for asset in assets_of(portfolio)]
    for number in numbers:
        then, updates = grace_of(step.rules, state.market(number), step.now)
        until = max(until, then)
        missing = max(missing, updates)
    return (0, 0) if until and is_short_elsewhere(step, portfolio) else (until, missing)


def waits(step: Step, number: int) -> bool:
    """Return whether liquidations wait in a market."""
    return grace_of(step.rules, step.state.market(number), step.now) != (0, 0)


def is_short_elsewhere(step: Step, portfolio: Portfolio) -> bool:
    """Return whether a portfolio is below MM by the markets alone that do not wait."""
    state = step.state
    margin = margin_of(state, portfolio)
    equity, cushion, maintenance = margin.equity, margin.cushion, 0
    for position in state.all_positions(portfolio):
        market = state.market(position.market)
        held = abs(position.size) * market.mark
        parameters = state.market_rules[position.market]
        own = maintenance_of(parameters, market.maintenance_ppm, held)
        if waits(step, position.market):
            lost = min(0, position.size * market.mark - position.cost)
            lost += min(0, unsettled_funding(position, market))
            equity += own - lost
            cushion -= lost
        else:
            maintenance += own
    for asset in assets_of(portfolio):
        rules = state.asset_rules[asset]
        if waits(step, rules.market):
            amount = holding_of(state, portfolio.portfolio, asset).amount
            equity += value_of(rules, amount, prices_of(state, rules).maintenance)
    return maintenance > 0 and equity < maintenance + loan_maintenance(step.rules, cushion)
