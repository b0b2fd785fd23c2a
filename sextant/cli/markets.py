"""``sextant markets``: all markets at a glance."""

import argparse

from sextant.cli.options import add_node_options
from sextant.cli.output import fields_of, print_json, print_table
from sextant.cli.session import run_client
from sextant.client.amounts import show_decimal
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_node_options(parser)
    parser.set_defaults(run=run_markets)


def run_markets(arguments: argparse.Namespace) -> int:
    """List all markets."""
    tickers = run_client(arguments, lambda client: client.tickers())
    if arguments.json:
        rows = [{"rules": fields_of(ticker.market), "now": ticker} for ticker in tickers]
        print_json("markets", {"markets": rows})
        return EXIT_OK
    print_table(
        arguments,
        [
            *("MARKET", ">MARK", ">INDEX", ">BID", ">ASK"),
            *(">LAST FUNDING/8H", ">NEXT SO FAR", ">OPEN", ">TICK", ">LOT"),
        ],
        [
            (
                ticker.market,
                ticker.mark,
                ticker.index,
                ticker.bid,
                ticker.ask,
                f"{show_decimal(ticker.funding_rate * 100)}%",
                f"{show_decimal(ticker.funding_next * 100)}%",
                ticker.open_interest,
                ticker.market.tick_size,
                ticker.market.lot_size,
            )
            for ticker in tickers
        ],
        empty="no markets",
    )
    return EXIT_OK
