"""``sextant pos``: positions, and assets beyond USDC."""

import argparse

from sextant.cli.account import add_who, fetch
from sextant.cli.assets import print_holdings
from sextant.cli.options import add_key_options, add_node_options, examples
from sextant.cli.output import print_json, print_pairs
from sextant.cli.portfolios import print_positions
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant pos --as alice")
    add_who(parser)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_pos)


def run_pos(arguments: argparse.Namespace) -> int:
    """Show the positions of an account."""
    account = fetch(arguments)
    if arguments.json:
        positions = [
            {"sub": portfolio.sub, "position": position}
            for portfolio in account.portfolios
            for position in portfolio.positions
        ]
        assets = [
            {"sub": portfolio.sub, "asset": holding}
            for portfolio in account.portfolios
            for holding in portfolio.assets
        ]
        body = {"height": account.height, "positions": positions, "assets": assets}
        print_json("positions", body)
    else:
        print_positions(arguments, account.portfolios)
        for portfolio in account.portfolios:
            if portfolio.assets:
                print_pairs([("", ""), ("sub-account", portfolio.sub)])
                print_holdings(arguments, portfolio.assets)
    return EXIT_OK
