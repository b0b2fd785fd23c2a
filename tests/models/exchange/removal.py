"""Orders that go, from wherever they are, and the brackets that hear of it."""

from tests.models.exchange.state import GROUP, TWAP, Exchange, Order, Plan, Sleeper


def remove(exchange: Exchange, item: Order | Sleeper | Plan) -> None:
    """Take away an order that rests, sleeps or waits for its next slice."""
    if isinstance(item, Order):
        del exchange.orders[item.number]
        end_entry(exchange, item.group, item.size - item.remaining)
    elif isinstance(item, Sleeper):
        del exchange.sleepers[item.number]
        call_group(exchange, item.group)
    else:
        del exchange.plans[item.number]
        exchange.disarm(TWAP, item.number)


def remove_some(exchange: Exchange, portfolio: int, most: int) -> bool:
    """Remove a portfolio's first ``most`` orders; return whether there are more."""
    found = exchange.owned(portfolio)
    for item in found[:most]:
        remove(exchange, item)
    return len(found) > most


def end_entry(exchange: Exchange, number: int, filled: int) -> None:
    """Note that the entry of a bracket has ended."""
    group = exchange.groups.get(number)
    if group is not None:
        group.filled += filled
        call_group(exchange, number)


def call_group(exchange: Exchange, number: int) -> None:
    """Ask that a bracket be looked at."""
    group = exchange.groups.get(number)
    if group is not None and not group.asked:
        group.asked = True
        exchange.arm(exchange.now, GROUP, group.market, group.portfolio, number)
