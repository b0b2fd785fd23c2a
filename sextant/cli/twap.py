"""``sextant twap``: one order in even slices over time."""

import argparse

from sextant.cli.numbers import read_span, whole
from sextant.cli.options import add_key_options, add_node_options, add_rounding, examples
from sextant.cli.signing import sign_and_print
from sextant.client.amounts import Rounding


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples(
        "sextant twap buy BTC 2 --limit 66000 --slices 20 --every 30s",
        note="sextant cancel ORDER ends it",
    )
    parser.add_argument("side", choices=("buy", "sell"), help="side")
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    parser.add_argument("size", metavar="SIZE", help="in units of the base asset, all slices")
    parser.add_argument("--limit", metavar="PRICE", required=True, help="worst price of any slice")
    parser.add_argument(
        "--slices", type=whole(2, 1024), metavar="N", required=True, help="2 to 1024"
    )
    parser.add_argument(
        "--every", type=read_span, metavar="TIME", required=True, help="between slices, such as 30s"
    )
    parser.add_argument("--reduce-only", action="store_true", help="only shrink the position")
    add_rounding(parser)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_twap)


def run_twap(arguments: argparse.Namespace) -> int:
    """Start a TWAP."""
    return sign_and_print(
        arguments,
        "twap",
        lambda client: client.place_twap(
            arguments.market,
            arguments.side,
            arguments.size,
            limit=arguments.limit,
            slices=arguments.slices,
            interval_s=arguments.every / 1000,
            reduce_only=arguments.reduce_only,
            rounding=Rounding(arguments.rounding) if arguments.rounding else None,
            sub=arguments.sub,
        ),
    )
