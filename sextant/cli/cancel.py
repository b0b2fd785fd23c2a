"""``sextant cancel``: take one order off the book, or all of them."""

import argparse

from sextant.cli.numbers import read_span
from sextant.cli.options import add_key_options, add_node_options, examples
from sextant.cli.output import print_pairs
from sextant.cli.session import run_client
from sextant.cli.signing import print_receipt, receipt_rows, sign_and_print
from sextant.errors import EXIT_OK, BadRequest


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant cancel 1234", "sextant cancel --all --market BTC")
    parser.add_argument("ref", nargs="?", metavar="ORDER", help="order id, or client id in hex")
    parser.add_argument("--all", action="store_true", help="every order of the sub-account")
    parser.add_argument("--market", metavar="MARKET", help="with --all: only in this market")
    parser.add_argument("--side", choices=("buy", "sell"), help="with --all: only this side")
    parser.add_argument(
        "--after",
        type=read_span,
        metavar="TIME",
        help="dead-man's switch: cancel all then, unless this is said again; 0s disarms it",
    )
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_cancel)


def run_cancel(arguments: argparse.Namespace) -> int:
    """Cancel one order, or all of them."""
    ref, market = arguments.ref, arguments.market
    if arguments.after is not None and ref is None and not arguments.all:
        seconds = arguments.after / 1000
        return sign_and_print(arguments, "switch", lambda client: client.cancel_after(seconds))
    if (ref is None) != arguments.all:
        raise BadRequest("CANCEL", "say which order, --all, or --after", advice="one of them")
    if ref is None:
        receipt = run_client(
            arguments, lambda client: client.cancel_all(market, side=arguments.side), signs=True
        )
    else:
        receipt = run_client(
            arguments, lambda client: client.cancel(ref, market=market), signs=True
        )
    if arguments.json or ref is not None:
        print_receipt(arguments, "cancelled", receipt)
    else:
        count = receipt.arguments[0] if receipt.arguments else 0
        print_pairs([("cancelled", f"{count} orders"), *receipt_rows(receipt)])
    return EXIT_OK
