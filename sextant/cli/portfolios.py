"""What sub-accounts hold, as tables: open orders and positions."""

import argparse
from collections.abc import Sequence
from decimal import Decimal

from sextant.cli.output import print_table, show_time
from sextant.client.amounts import show_decimal
from sextant.client.models import Order, Portfolio


def describe_peg(order: Order) -> str:
    """Return where a pegged order stands, in words."""
    if order.offset is None:
        return ""
    now = "past its limit" if order.price_now is None else f"now {show_decimal(order.price_now)}"
    return f"pegged at index {signed(order.offset)}, {now}"


def signed(offset: Decimal) -> str:
    """Return a distance from the index, with its sign."""
    return f"{'-' if offset < 0 else '+'}{show_decimal(abs(offset))}"


def print_orders(arguments: argparse.Namespace, orders: tuple[Order, ...]) -> None:
    """Print orders as a table."""
    print_table(
        arguments,
        [">ORDER", "MARKET", "SIDE", ">PRICE", ">REMAINING", ">SIZE", "FLAGS"],
        [
            (
                order.order_id,
                order.market,
                order.side,
                order.price,
                order.remaining,
                order.size,
                " ".join(
                    name
                    for name, on in (
                        ("post-only", order.post_only),
                        ("reduce-only", order.reduce_only),
                        (describe_peg(order), order.offset is not None),
                        (f"asleep until {order.trigger} to {order.trigger_price}", order.trigger),
                        (f"slices to come: {order.slices}", order.slices),
                        (f"until {show_time(order.expires_at_ms)}", order.expires_at_ms),
                    )
                    if on
                )
                or "-",
            )
            for order in orders
        ],
        empty="no open orders",
    )


def print_positions(arguments: argparse.Namespace, portfolios: Sequence[Portfolio]) -> None:
    """Print positions as a table."""
    columns = [">SUB", "MARKET", ">SIZE", ">ENTRY", ">MARK", ">UNREALISED", ">FUNDING", ">LIQ."]
    print_table(
        arguments,
        columns,
        [
            (
                portfolio.sub,
                position.market,
                position.size,
                position.entry_price,
                position.mark,
                position.unrealised,
                position.funding,
                position.liquidation_price,
            )
            for portfolio in portfolios
            for position in portfolio.positions
            if position.size
        ],
        empty="no positions",
    )
