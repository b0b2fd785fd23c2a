"""``sextant market``: one market, its prices and its rules."""

import argparse
from decimal import Decimal

from sextant.cli.options import add_node_options
from sextant.cli.output import fields_of, print_json, print_pairs, show
from sextant.cli.session import run_client
from sextant.client.amounts import show_decimal, show_usdc
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = "example: sextant market BTC"
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    add_node_options(parser)
    parser.set_defaults(run=run_market)


def percent(ppm: int) -> str:
    """Return parts per million as per cent."""
    return f"{show_decimal(Decimal(ppm) / 10_000)}%"


def run_market(arguments: argparse.Namespace) -> int:
    """Show one market."""
    ticker = run_client(arguments, lambda client: client.ticker(arguments.market))
    market = ticker.market
    if arguments.json:
        print_json("market", {"rules": fields_of(market), "now": ticker})
        return EXIT_OK
    print_pairs(
        [
            ("market", f"{market.name} (number {market.id}, {market.state})"),
            ("mark", ticker.mark),
            ("index", ticker.index),
            ("last", ticker.last),
            ("best bid", ticker.bid),
            ("best ask", ticker.ask),
            ("funding, 8 h", f"{show_decimal(ticker.funding_rate * 100)}%"),
            ("open interest", ticker.open_interest),
            ("tick", f"{show(market.tick_size)} USDC"),
            ("lot", market.lot_size),
            ("least order", show_usdc(market.minimum_notional)),
            ("initial margin", percent(market.initial_margin_ppm)),
            ("maintenance", percent(market.maintenance_margin_ppm)),
            ("maker fee", percent(market.maker_fee_ppm)),
            ("taker fee", percent(market.taker_fee_ppm)),
            ("price band", percent(market.fill_band_ppm)),
        ]
    )
    return EXIT_OK
