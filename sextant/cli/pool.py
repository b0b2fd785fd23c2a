"""``sextant pool``: lend to whoever's balance is below zero, take it back, or see what it earns."""

import argparse

from sextant.cli.options import add_key_options, add_node_options, add_shares, examples, names_key
from sextant.cli.output import print_json, print_pairs
from sextant.cli.session import run_client
from sextant.cli.signing import add_dry_run, show_dry, sign_and_print
from sextant.client.api import AsyncClient
from sextant.client.models import Pool
from sextant.client.money import positive_micros
from sextant.errors import EXIT_OK
from statemachine.actions import Action, PoolRedeem, PoolSupply


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    parser.epilog = examples(
        "sextant pool show", "sextant pool supply 500 --as alice", "sextant pool redeem --as alice"
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    show = verbs.add_parser("show", help="show the pool, and the signer's shares of it")
    show.set_defaults(run=run_show)

    supply = verbs.add_parser("supply", help="lend to the pool, for shares of it")
    supply.add_argument("amount", metavar="USDC", help="how much, such as 500")
    supply.set_defaults(run=run_supply)

    redeem = verbs.add_parser("redeem", help="give shares back, and be paid what is not lent")
    add_shares(redeem)
    redeem.set_defaults(run=run_redeem)

    for verb in (show, supply, redeem):
        if verb is not show:
            add_dry_run(verb)
        add_key_options(verb)
        add_node_options(verb)


def run_show(arguments: argparse.Namespace) -> int:
    """Show the pool."""
    mine = names_key(arguments)
    pool = run_client(arguments, lambda client: client.pool(mine=mine), signs=mine)
    if arguments.json:
        print_json("pool", pool)
        return EXIT_OK
    print_pool(pool)
    return EXIT_OK


def run_supply(arguments: argparse.Namespace) -> int:
    """Lend to the pool."""
    if arguments.dry_run:
        micros = positive_micros(arguments.amount)

        async def compose(_: AsyncClient) -> Action:
            return PoolSupply(arguments.sub, micros)

        return show_dry(arguments, compose)
    return sign_and_print(
        arguments, "pool.supply", lambda client: client.supply_pool(arguments.amount)
    )


def run_redeem(arguments: argparse.Namespace) -> int:
    """Give shares back."""
    if arguments.dry_run:

        async def compose(_: AsyncClient) -> Action:
            return PoolRedeem(arguments.sub, arguments.shares)

        return show_dry(arguments, compose)
    return sign_and_print(
        arguments, "pool.redeem", lambda client: client.redeem_pool(arguments.shares)
    )


def print_pool(pool: Pool) -> None:
    """Print the pool."""
    rows: list[tuple[str, object]] = [
        ("value", f"{pool.value:,f} USDC"),
        ("lent", f"{pool.lent:,f} USDC"),
        ("free", f"{pool.free:,f} USDC"),
        ("utilisation", f"{pool.utilisation:.2%}"),
        ("loans cost", f"{pool.loan_rate:.2%} a year"),
        ("suppliers earn", f"{pool.supply_rate:.2%} a year"),
        ("a loan's margin", f"initial {pool.loan_initial:.1%}, {pool.loan_maintenance:.1%} kept"),
        ("least supply", f"{pool.supply_min:,f} USDC"),
        ("shares", pool.shares),
    ]
    if pool.held:
        rows.append(("yours", f"{pool.held} shares"))
        rows.append(("worth", f"{pool.worth:,f} USDC"))
    print_pairs(rows)
