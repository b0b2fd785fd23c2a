"""``sextant market``: one market, its prices and its rules."""

import argparse
from decimal import Decimal
from typing import Final

from sextant.cli.options import add_key_options, add_node_options
from sextant.cli.output import fields_of, print_json, print_pairs, show
from sextant.cli.session import run_client
from sextant.cli.signing import print_receipt
from sextant.client.amounts import show_decimal, show_usdc
from sextant.client.money import MarketState
from sextant.errors import EXIT_OK

STATES: Final = tuple(state.name.lower().replace("_", "-") for state in MarketState)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = "example: sextant market BTC"
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    parser.add_argument(
        "--set-state", choices=STATES, help="move it to another state: the guardian may"
    )
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_market)


def percent(ppm: int) -> str:
    """Return parts per million as per cent."""
    return f"{show_decimal(Decimal(ppm) / 10_000)}%"


def run_market(arguments: argparse.Namespace) -> int:
    """Show one market, or move it to another state."""
    if arguments.set_state:
        state = MarketState[arguments.set_state.upper().replace("-", "_")]
        receipt = run_client(
            arguments, lambda client: client.set_market_state(arguments.market, state), signs=True
        )
        print_receipt(arguments, "market.state", receipt)
        return EXIT_OK
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
            ("index, an hour", ticker.index_average),
            ("unconfirmed", ticker.index_pending),
            ("last", ticker.last),
            ("best bid", ticker.bid),
            ("best ask", ticker.ask),
            ("funding, last", f"{show_decimal(ticker.funding_rate * 100)}% for 8 h"),
            ("funding, next", f"{show_decimal(ticker.funding_next * 100)}% for 8 h, so far"),
            ("open interest", ticker.open_interest),
            ("tick", f"{show(market.tick_size)} USDC"),
            ("lot", market.lot_size),
            ("least order", show_usdc(market.minimum_notional)),
            ("initial margin", percent(market.initial_margin_ppm)),
            ("initial now", percent(ticker.initial_margin_ppm)),
            ("maintenance", percent(market.maintenance_margin_ppm)),
            *(
                (f"above {show_usdc(lower)}", f"{percent(initial)}, {percent(maintenance)}")
                for lower, initial, maintenance in market.tiers
            ),
            ("most interest", market.show_size(market.open_interest_max_lots) or "no cap"),
            ("maker fee", percent(market.maker_fee_ppm)),
            ("taker fee", percent(market.taker_fee_ppm)),
            ("price band", percent(market.fill_band_ppm)),
        ]
    )
    return EXIT_OK
