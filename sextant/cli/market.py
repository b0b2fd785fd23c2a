"""``sextant market``: one market, its prices and its rules."""

import argparse
from decimal import Decimal
from typing import Final

from sextant.cli.numbers import read_ppm
from sextant.cli.options import add_key_options, add_node_options, examples
from sextant.cli.output import fields_of, print_json, print_pairs, show, show_time
from sextant.cli.session import run_client
from sextant.cli.signing import print_receipt, receipt_rows
from sextant.client.amounts import show_decimal, show_usdc
from sextant.client.models import MarginRamp, Ticker
from sextant.client.money import MarketState
from sextant.client.receipts import Receipt
from sextant.errors import EXIT_OK, BadRequest

STATES: Final = tuple(state.name.lower().replace("_", "-") for state in MarketState)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant market BTC")
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    parser.add_argument(
        "--set-state", choices=STATES, help="move it to another state: the guardian may"
    )
    parser.add_argument(
        "--initial",
        type=read_ppm,
        metavar="PERCENT",
        help="with --maintenance: let its margin rates move to these, such as 6%% and 3%%, over "
        "the notice period of the rules: the guardian may",
    )
    parser.add_argument("--maintenance", type=read_ppm, metavar="PERCENT", help="see --initial")
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_market)


def percent(ppm: int) -> str:
    """Return parts per million as per cent."""
    return f"{show_decimal(Decimal(ppm) / 10_000)}%"


def ramp_rows(ramp: MarginRamp | None) -> list[tuple[str, object]]:
    """Return where the margin rates move, and until when, if they do."""
    if ramp is None:
        return []
    rates = f"{percent(ramp.initial_margin_ppm)}, {percent(ramp.maintenance_margin_ppm)}"
    return [("moving to", f"{rates}, there at {show_time(ramp.end_ms)}")]


def print_ramp(arguments: argparse.Namespace, receipt: Receipt) -> None:
    """Print what came of an announcement of margin rates."""
    if arguments.json:
        print_json("market.margin", {"receipt": receipt})
        return
    initial, maintenance, until = receipt.arguments
    rows: list[tuple[str, object]] = [
        ("result", receipt.code_name),
        ("in force", f"{percent(initial)}, {percent(maintenance)}"),
        ("there at", show_time(until)),
    ]
    print_pairs([*rows, *receipt_rows(receipt)])


def fee_rows(ticker: Ticker) -> list[tuple[str, object]]:
    """Return what takers pay now, if a ramp makes it more than the base rate."""
    if not ticker.fee_ramp_end_ms:
        return []
    until = show_time(ticker.fee_ramp_end_ms)
    return [("taker fee now", f"{percent(ticker.taker_fee_now_ppm)}, less and less until {until}")]


def run_market(arguments: argparse.Namespace) -> int:
    """Show one market, or move it to another state or to other margin rates."""
    initial, maintenance = arguments.initial, arguments.maintenance
    if (initial is None) != (maintenance is None) or (initial and arguments.set_state):
        raise BadRequest(
            "USAGE",
            "margin rates are set both at once, and nothing else with them",
            advice="say --initial 6% --maintenance 3%, without --set-state",
        )
    if initial is not None:
        receipt = run_client(
            arguments,
            lambda client: client.set_margin(arguments.market, initial, maintenance),
            signs=True,
        )
        print_ramp(arguments, receipt)
        return EXIT_OK
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
            *([("settlement price", ticker.mark)] if market.state == "settled" else []),
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
            *ramp_rows(ticker.margin_ramp),
            *(
                (f"above {show_usdc(lower)}", f"{percent(initial)}, {percent(maintenance)}")
                for lower, initial, maintenance in market.tiers
            ),
            ("most interest", market.show_size(market.open_interest_max_lots) or "no cap"),
            ("maker fee", percent(market.maker_fee_ppm)),
            ("taker fee", percent(market.taker_fee_ppm)),
            *fee_rows(ticker),
            ("price band", percent(market.fill_band_ppm)),
        ]
    )
    return EXIT_OK
