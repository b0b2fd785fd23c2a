"""``sextant book``: the order book of a market."""

import argparse
from typing import Final

from sextant.cli.numbers import whole
from sextant.cli.options import add_node_options, examples
from sextant.cli.output import print_json, print_table, say, show
from sextant.cli.session import run_client
from sextant.client.models import Book
from sextant.errors import EXIT_OK

LEVELS: Final = 10
LEVELS_MAX: Final = 1_000


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant book BTC")
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    parser.add_argument(
        "--levels",
        type=whole(1, LEVELS_MAX),
        default=LEVELS,
        metavar="N",
        help="a side (default: %(default)s)",
    )
    add_node_options(parser)
    parser.set_defaults(run=run_book)


def run_book(arguments: argparse.Namespace) -> int:
    """Show a book."""
    book = run_client(
        arguments, lambda client: client.book(arguments.market, levels=arguments.levels)
    )
    if arguments.json:
        print_json("book", book)
    else:
        print_book(arguments, book)
    return EXIT_OK


def print_book(arguments: argparse.Namespace, book: Book) -> None:
    """Print asks above bids, the best of both in the middle."""
    rows = [("ask", level.price, level.size, level.orders) for level in reversed(book.asks)]
    rows += [("bid", level.price, level.size, level.orders) for level in book.bids]
    print_table(arguments, ["SIDE", ">PRICE", ">SIZE", ">ORDERS"], rows, empty="the book is empty")
    say(f"{book.market.name} at height {book.height}, spread {show(book.spread)}")
