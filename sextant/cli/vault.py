"""``sextant vault``: buy into a market's backstop, leave it, see or buy what it holds."""

import argparse

from sextant.cli.assets import print_holdings
from sextant.cli.options import add_key_options, add_node_options, add_shares, examples, names_key
from sextant.cli.output import print_json, print_pairs, show_span
from sextant.cli.session import run_client
from sextant.cli.signing import add_dry_run, receipt_rows, show_dry, sign_and_print
from sextant.client.amounts import show_usdc
from sextant.client.api import AsyncClient
from sextant.client.models import Vault
from sextant.client.money import positive_micros
from sextant.errors import EXIT_OK
from statemachine.actions import Action, BuyCollateral, VaultDeposit, VaultWithdraw
from statemachine.units import Price


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    parser.epilog = examples(
        "sextant vault deposit BTC 500 --as alice",
        "sextant vault withdraw BTC --as alice",
        "sextant vault show BTC",
        "sextant vault buy-collateral WSTETH 0.5 --limit 4100 --as alice",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    deposit = verbs.add_parser("deposit", help="buy shares of a market's vault")
    deposit.add_argument("market", metavar="MARKET", help="whose vault, such as BTC")
    deposit.add_argument("amount", metavar="USDC", help="how much, such as 500")
    deposit.set_defaults(run=run_deposit)

    withdraw = verbs.add_parser("withdraw", help="put shares on notice; they are paid after it")
    withdraw.add_argument("market", metavar="MARKET", help="whose vault, such as BTC")
    add_shares(withdraw)
    withdraw.set_defaults(run=run_withdraw)

    show = verbs.add_parser("show", help="show a vault, and the signer's shares of it")
    show.add_argument("market", metavar="MARKET", help="whose vault, such as BTC")
    show.set_defaults(run=run_show)

    buy = verbs.add_parser("buy-collateral", help="buy an asset that a vault took over")
    buy.add_argument("asset", metavar="ASSET", help="which one, such as WSTETH")
    buy.add_argument("amount", metavar="AMOUNT", help="how much of it, such as 0.5")
    buy.add_argument(
        "--limit", required=True, metavar="USDC", help="the most to pay for one, such as 4100"
    )
    buy.set_defaults(run=run_buy)

    for verb in (deposit, withdraw, show, buy):
        if verb is not show:
            add_dry_run(verb)
        add_key_options(verb)
        add_node_options(verb)


def run_deposit(arguments: argparse.Namespace) -> int:
    """Buy shares."""
    if arguments.dry_run:
        micros = positive_micros(arguments.amount)

        async def compose(client: AsyncClient) -> Action:
            market = await client.market(arguments.market)
            return VaultDeposit(arguments.sub, market.id, micros)

        return show_dry(arguments, compose)
    return sign_and_print(
        arguments,
        "vault.deposit",
        lambda client: client.deposit_vault(arguments.market, arguments.amount),
    )


def run_withdraw(arguments: argparse.Namespace) -> int:
    """Put shares on notice."""
    if arguments.dry_run:

        async def compose(client: AsyncClient) -> Action:
            market = await client.market(arguments.market)
            return VaultWithdraw(arguments.sub, market.id, arguments.shares)

        return show_dry(arguments, compose)
    return sign_and_print(
        arguments,
        "vault.withdraw",
        lambda client: client.withdraw_vault(arguments.market, arguments.shares),
    )


def run_buy(arguments: argparse.Namespace) -> int:
    """Buy collateral that a vault offers."""
    if arguments.dry_run:

        async def compose(client: AsyncClient) -> Action:
            asset = await client.asset(arguments.asset)
            price = Price(asset.price_per_lot(arguments.limit))
            return BuyCollateral(arguments.sub, asset.id, asset.units(arguments.amount), price)

        return show_dry(arguments, compose)
    receipt = run_client(
        arguments,
        lambda client: client.buy_collateral(
            arguments.asset, arguments.amount, limit=arguments.limit
        ),
        signs=True,
    )
    if arguments.json:
        print_json("vault.buy-collateral", {"receipt": receipt})
        return EXIT_OK
    print_pairs(
        [
            ("bought", f"{arguments.amount} {arguments.asset.upper()}"),
            ("paid", show_usdc(receipt.notional)),
            *receipt_rows(receipt),
        ]
    )
    return EXIT_OK


def run_show(arguments: argparse.Namespace) -> int:
    """Show a vault."""
    mine = names_key(arguments)
    vault = run_client(
        arguments, lambda client: client.vault(arguments.market, mine=mine), signs=mine
    )
    if arguments.json:
        print_json("vault", vault)
        return EXIT_OK
    print_vault(vault)
    if vault.assets:
        print_pairs([("", "")])
        print_holdings(arguments, vault.assets)
    return EXIT_OK


def print_vault(vault: Vault) -> None:
    """Print a vault."""
    state = "LIQUIDATING" if vault.liquidating else "unwinding" if vault.unwinding else "at rest"
    rows: list[tuple[str, object]] = [
        ("market", vault.market.name),
        ("state", state),
        ("value", f"{vault.value_low:,f} to {vault.value_high:,f} USDC"),
        ("initial margin", f"{vault.initial_margin:,f} USDC"),
        ("holds", f"{vault.size:f}"),
        ("shares", vault.shares),
        ("notice", show_span(vault.notice_ms / 1000)),
        ("least deposit", f"{vault.deposit_min:,f} USDC"),
        ("insurance", f"{vault.insured_today:,f} of {vault.insured_max:,f} USDC used today"),
    ]
    if vault.held or vault.on_notice:
        worth = vault.value_of(vault.held + vault.on_notice)
        rows.append(("yours", f"{vault.held} shares, {vault.on_notice} on notice"))
        rows.append(("worth", f"{worth:,.6f} USDC"))
    print_pairs(rows)
