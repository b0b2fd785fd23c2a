"""``sextant order``: place an order of any kind, or look one up."""

import argparse
from dataclasses import replace
from decimal import Decimal

from sextant.cli.numbers import is_digits, read_share, read_span, whole
from sextant.cli.options import (
    add_key_options,
    add_node_options,
    add_rounding,
    examples,
)
from sextant.cli.output import print_json, print_pairs, show_time
from sextant.cli.portfolios import print_orders, signed
from sextant.cli.session import run_client
from sextant.cli.signing import add_dry_run, print_placed, show_dry
from sextant.client.amounts import Rounding
from sextant.client.api import AsyncClient
from sextant.client.models import Order
from sextant.client.names import new_client_id, read_client_id
from sextant.client.orders import NewOrder, TimeInForce
from sextant.client.receipts import Placed
from sextant.errors import EXIT_OK, BadRequest
from statemachine.actions import Action


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add ``buy``, ``sell``, ``replace``, ``show`` and ``list``."""
    parser.epilog = examples("sextant order buy BTC 0.5 --limit 65000")
    commands = parser.add_subparsers(metavar="COMMAND")
    for side in ("buy", "sell"):
        place = commands.add_parser(side, help=f"place an order to {side}", allow_abbrev=False)
        add_order(place)
        place.set_defaults(run=run_place, side=side)
    other = commands.add_parser(
        "replace", help="cancel an order and place another: both, or neither", allow_abbrev=False
    )
    other.epilog = examples("sextant order replace 1234 sell BTC 0.5 --limit 66000 --post-only")
    other.add_argument("ref", metavar="ORDER", help="order id, or client id in hex")
    other.add_argument("side", choices=("buy", "sell"), help="side of the new order")
    add_order(other)
    other.set_defaults(run=run_replace)
    shown = commands.add_parser("show", help="show an order, resting or gone", allow_abbrev=False)
    shown.add_argument("ref", metavar="ORDER", help="order id, or client id in hex")
    add_key_options(shown)
    add_node_options(shown)
    shown.set_defaults(run=run_show)
    listed = commands.add_parser("list", help="list the open orders", allow_abbrev=False)
    add_key_options(listed)
    add_node_options(listed)
    listed.set_defaults(run=run_list)


def add_order(place: argparse.ArgumentParser) -> None:
    """Add what describes an order, but for its side, and who signs it."""
    place.add_argument("market", metavar="MARKET", help="such as BTC")
    place.add_argument("size", metavar="SIZE", help="in units of the base asset, such as 0.5")
    place.add_argument("--limit", metavar="PRICE", help="worst price; without it: at market")
    place.add_argument("--post-only", action="store_true", help="never take; rest or refuse")
    place.add_argument("--reduce-only", action="store_true", help="only shrink the position")
    place.add_argument("--ioc", action="store_true", help="take what there is, never rest")
    add_terms(place)
    place.add_argument(
        "--slippage",
        type=read_share,
        default=read_share("1%"),
        metavar="SHARE",
        help="how far from mark a market order may go, such as 0.5%% (default: 1%%)",
    )
    place.add_argument(
        "--client-id", metavar="HEX", help="your own 128-bit id; placing it again is harmless"
    )
    add_rounding(place)
    add_dry_run(place)
    add_key_options(place)
    add_node_options(place)


def add_terms(place: argparse.ArgumentParser) -> None:
    """Add what an order may ask for beyond price and size."""
    place.add_argument("--fok", action="store_true", help="fill all of it at once, or nothing")
    place.add_argument(
        "--slide", action="store_true", help="post-only that moves aside instead of crossing"
    )
    place.add_argument(
        "--expires", type=read_span, metavar="TIME", help="end it after a time, such as 90s or 2h"
    )
    place.add_argument(
        "--peg",
        metavar="USD",
        help="follow the index, such as -5 for 5 USD below it; --limit is its hard limit",
    )
    place.add_argument("--stop", metavar="PRICE", help="sleep until the price turns against you")
    place.add_argument("--take-profit", metavar="PRICE", help="sleep until it turns your way")
    place.add_argument(
        "--source",
        choices=("mark", "index", "last"),
        default="mark",
        help="the price that --stop and --take-profit watch (default: mark)",
    )
    place.add_argument(
        "--self-trade",
        choices=("maker", "taker", "both", "decrement"),
        default="maker",
        help="which of your own orders goes if two meet (default: maker)",
    )
    place.add_argument(
        "--max-fee", type=read_share, metavar="SHARE", help="refuse above a fee, such as 0.05%%"
    )
    place.add_argument(
        "--builder",
        type=whole(0, (1 << 32) - 1),
        default=0,
        metavar="ACCOUNT",
        help="who made the program that sends it (see `sextant fees approve`)",
    )
    place.add_argument(
        "--builder-fee",
        type=read_share,
        default=Decimal(0),
        metavar="SHARE",
        help="what the builder asks for on top of the fee, such as 0.03%%",
    )


def order_of(arguments: argparse.Namespace) -> NewOrder:
    """Return the order that the arguments describe."""
    client_id = arguments.client_id
    return NewOrder(
        market=arguments.market,
        side=arguments.side,
        size=arguments.size,
        limit=arguments.limit,
        time_in_force=force_of(arguments),
        post_only=arguments.post_only or arguments.slide,
        reduce_only=arguments.reduce_only,
        slide=arguments.slide,
        stop=arguments.stop,
        take_profit=arguments.take_profit,
        source=arguments.source,
        self_trade=arguments.self_trade,
        max_fee=arguments.max_fee,
        builder=arguments.builder,
        builder_fee=arguments.builder_fee,
        peg=arguments.peg,
        client_id=new_client_id() if client_id is None else read_client_id(client_id),
        rounding=Rounding(arguments.rounding) if arguments.rounding else None,
        slippage=arguments.slippage,
        sub=arguments.sub,
    )


def force_of(arguments: argparse.Namespace) -> TimeInForce:
    """Return the time in force that the arguments ask for."""
    if arguments.ioc and arguments.fok:
        raise BadRequest("TIME_IN_FORCE", "--ioc and --fok exclude each other", advice="drop one")
    if arguments.fok:
        return TimeInForce.FOK
    return TimeInForce.IOC if arguments.ioc else TimeInForce.GTC


async def timed(client: AsyncClient, order: NewOrder, span_ms: int | None) -> NewOrder:
    """Return ``order`` with an expiry so far from now, by the chain's clock."""
    if span_ms is None:
        return order
    return replace(order, expires_at_ms=await client.sync_clock() + span_ms)


def run_place(arguments: argparse.Namespace) -> int:
    """Place an order."""
    order = order_of(arguments)

    async def compose(client: AsyncClient) -> Action:
        return await client.compose(await timed(client, order, arguments.expires))

    async def send(client: AsyncClient) -> Placed:
        return await client.place_order(await timed(client, order, arguments.expires))

    if arguments.dry_run:
        return show_dry(arguments, compose)
    placed = run_client(arguments, send, signs=True)
    print_placed(arguments, placed)
    return EXIT_OK


def run_replace(arguments: argparse.Namespace) -> int:
    """Cancel an order and place another."""
    order = order_of(arguments)

    async def compose(client: AsyncClient) -> Action:
        made = await timed(client, order, arguments.expires)
        return await client.compose_replace(arguments.ref, made)

    async def send(client: AsyncClient) -> Placed:
        return await client.replace(arguments.ref, await timed(client, order, arguments.expires))

    if arguments.dry_run:
        return show_dry(arguments, compose)
    print_placed(arguments, run_client(arguments, send, signs=True))
    return EXIT_OK


def run_show(arguments: argparse.Namespace) -> int:
    """Show an order."""
    signs = not is_digits(arguments.ref)
    order = run_client(arguments, lambda client: client.order(arguments.ref), signs=signs)
    if arguments.json:
        print_json("order", order)
        return EXIT_OK
    print_pairs(
        [
            ("order", order.order_id),
            ("client id", order.client_id),
            ("market", order.market),
            ("side", order.side),
            ("price" if order.offset is None else "hard limit", order.price),
            *peg_pairs(order),
            ("size", order.size),
            ("remaining", order.remaining),
            ("state", f"{order.state} {order.reason}".strip()),
            *([("until", show_time(order.expires_at_ms))] if order.expires_at_ms else []),
            *([("replaced by", order.replaced_by)] if order.replaced_by else []),
        ]
    )
    return EXIT_OK


def peg_pairs(order: Order) -> list[tuple[str, object]]:
    """Return what there is to say of a pegged order, nothing for another."""
    if order.offset is None:
        return []
    now = "past its limit" if order.price_now is None else order.price_now
    return [
        ("index", signed(order.offset)),
        *([("price", now)] if order.state == "resting" else []),
    ]


def run_list(arguments: argparse.Namespace) -> int:
    """List the open orders of the signer's sub-account."""
    account = run_client(arguments, lambda client: client.account(), signs=True)
    portfolio = account.portfolio(arguments.sub)
    orders = portfolio.orders if portfolio is not None else ()
    if arguments.json:
        print_json("orders", {"height": account.height, "orders": orders})
    else:
        print_orders(arguments, orders)
    return EXIT_OK
