"""``sextant bracket``: an entry, now or at a price, with its exits; or only the two exits."""

import argparse
from dataclasses import replace

from sextant.cli.numbers import read_share
from sextant.cli.options import add_key_options, add_node_options, add_rounding, examples
from sextant.cli.session import run_client
from sextant.cli.signing import add_dry_run, print_placed, print_receipt, show_dry
from sextant.client.amounts import Rounding
from sextant.client.api import AsyncClient
from sextant.client.models import Side
from sextant.client.orders import NewOrder
from sextant.client.receipts import Placed
from sextant.errors import EXIT_OK, BadRequest
from statemachine.actions import Action


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples(
        "sextant bracket buy BTC 0.5 --limit 65000 --stop 63000 --take-profit 69000",
        "sextant bracket buy BTC 0.5 --enter-stop 66000 --stop 64000",
    )
    parser.add_argument("side", choices=("buy", "sell"), help="side of the entry")
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    parser.add_argument("size", metavar="SIZE", help="in units of the base asset, such as 0.5")
    parser.add_argument("--limit", metavar="PRICE", help="the entry's price; without it: at market")
    enter = parser.add_mutually_exclusive_group()
    enter.add_argument(
        "--enter-stop", metavar="PRICE", help="enter only once the price has broken out to this one"
    )
    enter.add_argument(
        "--enter-touch", metavar="PRICE", help="enter only once the price has come back to this one"
    )
    parser.add_argument("--stop", metavar="PRICE", help="leave when the price turns against you")
    parser.add_argument("--take-profit", metavar="PRICE", help="leave when it turned your way")
    parser.add_argument(
        "--source", choices=("mark", "index", "last"), default="mark", help="the price to watch"
    )
    parser.add_argument(
        "--slippage",
        type=read_share,
        default=read_share("1%"),
        metavar="SHARE",
        help="how far past its trigger the stop may trade (default: 1%%)",
    )
    parser.add_argument(
        "--exits-only", action="store_true", help="no entry: two exits of a position that is there"
    )
    add_rounding(parser)
    add_dry_run(parser)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_bracket)


def orders_of(arguments: argparse.Namespace) -> tuple[NewOrder | None, list[NewOrder]]:
    """Return the entry and the exits that the arguments describe."""
    base = NewOrder(
        market=arguments.market,
        side=arguments.side,
        size=arguments.size,
        limit=arguments.limit,
        slippage=arguments.slippage,
        source=arguments.source,
        rounding=Rounding(arguments.rounding) if arguments.rounding else None,
        sub=arguments.sub,
    )
    back = replace(base, side=Side.SELL if arguments.side == "buy" else Side.BUY, limit=None)
    exits = []
    if arguments.stop is not None:
        exits.append(replace(back, stop=arguments.stop))
    if arguments.take_profit is not None:
        profit = arguments.take_profit
        exits.append(replace(back, take_profit=profit, limit=profit))
    if not exits:
        raise BadRequest("BRACKET", "no exit", advice="give --stop, --take-profit, or both")
    if not arguments.exits_only:
        return replace(base, stop=arguments.enter_stop, take_profit=arguments.enter_touch), exits
    if arguments.enter_stop is not None or arguments.enter_touch is not None:
        raise BadRequest("BRACKET", "--exits-only has no entry", advice="drop it, or --enter-...")
    return None, exits


def run_bracket(arguments: argparse.Namespace) -> int:
    """Place a bracket."""
    entry, exits = orders_of(arguments)

    async def compose(client: AsyncClient) -> Action:
        return await client.compose_bracket(entry, exits, sub=arguments.sub)

    if arguments.dry_run:
        return show_dry(arguments, compose)
    done = run_client(
        arguments,
        lambda client: client.place_bracket(entry, exits, sub=arguments.sub),
        signs=True,
    )
    if isinstance(done, Placed):
        print_placed(arguments, done)
    else:
        print_receipt(arguments, "bracket", done)
    return EXIT_OK
