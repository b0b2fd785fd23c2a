"""``sextant trades``: the newest trades of a market, or all as they come."""

import argparse
import sys
from typing import Final

from sextant.cli.numbers import whole
from sextant.cli.options import add_node_options, examples
from sextant.cli.output import print_json, print_table, say, show_time
from sextant.cli.session import run_client
from sextant.client.api import AsyncClient
from sextant.client.models import Trade
from sextant.errors import EXIT_OK

LIMIT: Final = 20
LIMIT_MAX: Final = 1_000
COLUMNS: Final = ["TIME", "MARKET", "SIDE", ">PRICE", ">SIZE", "NOTE"]


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant trades BTC --follow")
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    parser.add_argument(
        "--limit",
        type=whole(1, LIMIT_MAX),
        default=LIMIT,
        metavar="N",
        help="newest (default: %(default)s)",
    )
    parser.add_argument("--follow", "-f", action="store_true", help="go on with new ones")
    parser.add_argument(
        "--count", type=whole(), default=0, metavar="N", help="with --follow: stop after N trades"
    )
    add_node_options(parser)
    parser.set_defaults(run=run_trades)


def run_trades(arguments: argparse.Namespace) -> int:
    """Show trades."""
    if arguments.follow:
        run_client(arguments, lambda client: follow(arguments, client))
        return EXIT_OK
    trades = run_client(
        arguments, lambda client: client.trades(arguments.market, limit=arguments.limit)
    )
    if arguments.json:
        print_json("trades", {"trades": trades})
    else:
        print_table(arguments, COLUMNS, [row_of(trade) for trade in trades], empty="no trades")
    return EXIT_OK


def row_of(trade: Trade) -> tuple[object, ...]:
    """Return a trade's row."""
    note = "liquidation" if trade.liquidation else ""
    time = show_time(trade.time_ms)
    return time, trade.market, trade.taker_side, trade.price, trade.size, note


async def follow(arguments: argparse.Namespace, client: AsyncClient) -> None:
    """Print trades as they come: one line, or one JSON object, each."""
    seen = 0
    feed = client.watch_trades([arguments.market], on_reset=lambda why: say(f"sextant: {why}"))
    async for trades in feed:
        for trade in trades:
            if arguments.json:
                print_json("trade", trade)
            else:
                time, market, side, price, size, note = row_of(trade)
                line = f"{time}  {market}  {side:<4}  {price:f}  {size:f}  {note}"
                sys.stdout.write(line.rstrip() + "\n")
                sys.stdout.flush()
            seen += 1
            if arguments.count and seen >= arguments.count:
                return
