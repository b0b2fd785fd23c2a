"""Standing: an owner's volume of 14 days, and the tier that it earns.

No fill writes a leaf for it.  A portfolio counts what it trades in its own
record, which a fill changes anyway; with its first order or trade of a UTC day
it *reports*: what it traded on its last day goes into its owner's standing,
and the tier that the 14 complete days before today amount to, and the
referrer, are kept in the portfolio until tomorrow.  So a tier holds for a day,
a sub-account that does nothing reports nothing, and what is older than 14 days
when it is reported counts no more.

Liquidations are not anybody's volume, but what they meet on the book is.
"""

from statemachine.costs import COST_STANDING
from statemachine.keys import standing_key
from statemachine.records import DAYS, VOLUME_TOP, Portfolio, Standing, decode_standing
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.step import Step


def standing_of(state: State, account: int) -> Standing:
    """Return what an owner traded lately, nothing if that was never noted."""
    known = state.records.standings
    record = known.get(account)
    if record is None:
        key = standing_key(account)
        data = state.store.get(key)
        record = Standing(key, False) if data is None else decode_standing(key, data)
        known[account] = record
    return record


def tier_of(rules: Rules, volume: int) -> int:
    """Return the tier of a 14-day volume in micros: 0 is the base rate's."""
    tier = 0
    for above, _, _ in rules.fee_tiers:
        if volume < above:
            break
        tier += 1
    return tier


def volume_of(standing: Standing, today: int) -> int:
    """Return what was traded in the 14 days before ``today``, as far as it is reported."""
    return sum(standing.volumes[: max(0, DAYS - (today - standing.day))])


def unreported(portfolio: Portfolio, today: int) -> int:
    """Return what a portfolio traded on an earlier day that still counts, in micros."""
    return portfolio.traded if 0 < today - portfolio.traded_day <= DAYS else 0


def tier_today(step: Step, portfolio: Portfolio) -> int:
    """Return a portfolio's tier, whether it has reported today or would now; change nothing."""
    today = step.today
    if portfolio.traded_day == today:
        return portfolio.fee_tier
    step.cost += COST_STANDING
    standing = standing_of(step.state, portfolio.portfolio >> 8)
    return tier_of(step.rules, volume_of(standing, today) + unreported(portfolio, today))


def report(step: Step, portfolio: Portfolio) -> None:
    """Let a portfolio report, on its first order or trade of a day; the caller charges for it."""
    today = step.today
    if portfolio.traded_day == today:
        return
    state = step.state
    standing = standing_of(state, portfolio.portfolio >> 8)
    traded = unreported(portfolio, today)
    if traded:
        move_to(standing, today)
        place = today - portfolio.traded_day - 1
        standing.volumes[place] = min(VOLUME_TOP, standing.volumes[place] + traded)
        state.touch(standing)
    portfolio.traded = 0
    portfolio.traded_day = today
    portfolio.fee_tier = tier_of(step.rules, volume_of(standing, today))
    portfolio.referrer = standing.referrer
    state.touch(portfolio)


def move_to(standing: Standing, today: int) -> None:
    """Let days pass: what lies more than 14 days back is forgotten."""
    passed = min(DAYS, today - standing.day)
    standing.volumes = [0] * passed + standing.volumes[: DAYS - passed]
    standing.day = today


def count_volume(portfolio: Portfolio, notional: int) -> None:
    """Count a trade of a portfolio that has reported today; the caller touches it."""
    traded = portfolio.traded + notional
    portfolio.traded = min(VOLUME_TOP, traded)
