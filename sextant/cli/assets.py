"""``sextant assets``: what may be collateral beyond USDC, and what vaults offer of it."""

import argparse
from collections.abc import Sequence

from sextant.cli.options import add_node_options, examples
from sextant.cli.output import print_json, print_table
from sextant.cli.session import run_client
from sextant.client.amounts import show_decimal, show_usdc
from sextant.client.assets import Holding
from sextant.client.money import positive_micros
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples(
        "sextant assets", note="buy what is offered with `sextant vault buy-collateral`"
    )
    add_node_options(parser)
    parser.set_defaults(run=run_assets)


def add_asset(parser: argparse.ArgumentParser) -> None:
    """Add which asset an amount is of."""
    parser.add_argument(
        "--asset",
        type=asset_name,
        metavar="ASSET",
        help="which asset, such as WSTETH (default: USDC)",
    )


def asset_name(text: str) -> str | None:
    """Return an asset's name; nothing for USDC, which is what stands where no asset does."""
    return None if text.upper() == "USDC" else text


def show_amount(arguments: argparse.Namespace) -> str:
    """Return the amount that was asked for, with its asset."""
    if arguments.asset is None:
        return show_usdc(positive_micros(arguments.amount))
    return f"{arguments.amount} {arguments.asset.upper()}"


def run_assets(arguments: argparse.Namespace) -> int:
    """List assets."""
    assets = run_client(arguments, lambda client: client.assets())
    if arguments.json:
        print_json("assets", {"assets": assets})
        return EXIT_OK
    columns = ["ASSET", ">PRICE", ">SLOW PRICE", ">COUNTS", ">TO TRADE", ">HELD", ">CAP"]
    print_table(
        arguments,
        [*columns, ">OFFERED", ">AT"],
        [
            (
                asset.name,
                "stale" if asset.stale else asset.price,
                asset.stable_price,
                f"{show_decimal(asset.weight * 100)}%",
                f"{show_decimal(asset.initial_weight * 100)}%",
                asset.deposited - asset.withdrawn,
                asset.cap,
                asset.offered,
                asset.offer_price if asset.offered else None,
            )
            for asset in assets
        ],
        empty="no assets beyond USDC",
    )
    return EXIT_OK


def print_holdings(arguments: argparse.Namespace, holdings: Sequence[Holding]) -> None:
    """Print what is held of assets, and what it counts for, as a table."""
    print_table(
        arguments,
        ["ASSET", ">AMOUNT", ">COUNTS FOR", ">TO TRADE", ">MAY LEAVE"],
        [
            (
                holding.asset,
                holding.amount,
                f"{holding.value:,f}" if holding.counted else "not counted",
                f"{holding.value_initial:,f}" if holding.counted else "not counted",
                holding.withdrawable,
            )
            for holding in holdings
        ],
        empty="no assets beyond USDC",
    )
