"""Room: how many orders a portfolio may have open, by what it has settled.

An order on the book costs nothing to keep, but each is a leaf of the state for
everybody.  A few are free; each further one asks for ``order_equity`` of
settled balance, up to a bound that no balance lifts:

    min(orders_free_max + max(0, balance) // order_equity, orders_per_portfolio_max)

What sleeps, and a TWAP, counts like what rests.  Only what comes to wait asks
for room: not an order that ends at once (IOC, FOK), and not one that has its
place already, as it wakes, is modified or trades its next slice.  So no stop is
lost, and no position held, because a balance fell.
"""

from statemachine.errors import Code
from statemachine.records import Portfolio
from statemachine.rules import Rules
from statemachine.step import Step
from statemachine.units import div_floor


def orders_limit(rules: Rules, portfolio: Portfolio) -> int:
    """Return how many orders a portfolio may have open."""
    paid = div_floor(max(0, portfolio.balance), rules.order_equity)
    return min(rules.orders_free_max + paid, rules.orders_per_portfolio_max)


def has_room(rules: Rules, portfolio: Portfolio, orders: int) -> bool:
    """Return whether a portfolio may have so many more ``orders``."""
    wanted = portfolio.open_orders + orders
    if wanted <= rules.orders_free_max and wanted <= rules.orders_per_portfolio_max:
        return True
    return wanted <= orders_limit(rules, portfolio)


def room_allows(step: Step, portfolio: Portfolio, orders: int = 1) -> bool:
    """Check that a portfolio may have so many more ``orders``."""
    if has_room(step.rules, portfolio, orders):
        return True
    step.refuse(Code.ORDERS_MAX, (orders_limit(step.rules, portfolio),))
    return False
