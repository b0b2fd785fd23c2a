"""``sextant scale``: a ladder of orders, evenly spread between two prices."""

import argparse

from sextant.cli.numbers import whole
from sextant.cli.options import add_key_options, add_node_options, add_rounding, examples
from sextant.cli.output import print_json, print_table
from sextant.cli.session import run_client
from sextant.client.amounts import Rounding
from sextant.errors import EXIT_NO, EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant scale buy BTC 2 --first 65000 --last 64000 --orders 8")
    parser.add_argument("side", choices=("buy", "sell"), help="side")
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    parser.add_argument("size", metavar="SIZE", help="in units of the base asset, all orders")
    parser.add_argument("--first", metavar="PRICE", required=True, help="price of the first order")
    parser.add_argument("--last", metavar="PRICE", required=True, help="price of the last order")
    parser.add_argument("--orders", type=whole(2, 32), metavar="N", required=True, help="2 to 32")
    parser.add_argument("--post-only", action="store_true", help="never take; rest or refuse")
    parser.add_argument("--reduce-only", action="store_true", help="only shrink the position")
    add_rounding(parser)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_scale)


def run_scale(arguments: argparse.Namespace) -> int:
    """Place a ladder; each order has a result of its own."""
    receipts = run_client(
        arguments,
        lambda client: client.place_scale(
            arguments.market,
            arguments.side,
            arguments.size,
            first=arguments.first,
            last=arguments.last,
            orders=arguments.orders,
            post_only=arguments.post_only,
            reduce_only=arguments.reduce_only,
            rounding=Rounding(arguments.rounding) if arguments.rounding else None,
            sub=arguments.sub,
        ),
        signs=True,
    )
    if arguments.json:
        print_json("scale", {"receipts": receipts})
    else:
        rows = [(receipt.order_id or "-", receipt.code_name) for receipt in receipts]
        print_table(arguments, [">ORDER", "RESULT"], rows, empty="no orders")
    return EXIT_OK if all(receipt.accepted for receipt in receipts) else EXIT_NO
