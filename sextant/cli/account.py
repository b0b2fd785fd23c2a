"""``sextant account``: balances, margin, positions and open orders."""

import argparse
from dataclasses import fields

from sextant.cli.assets import print_holdings
from sextant.cli.numbers import read_who
from sextant.cli.options import add_key_options, add_node_options, examples
from sextant.cli.output import print_json, print_pairs, show_time
from sextant.cli.portfolios import print_orders, print_positions
from sextant.cli.session import run_client
from sextant.client.api import AsyncClient
from sextant.client.fees import Fees
from sextant.client.models import Account, Portfolio
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples("sextant account --as alice", "sextant account 0x1234...")
    add_who(parser)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_account)


def add_who(parser: argparse.ArgumentParser) -> None:
    """Add whose account it is about."""
    parser.add_argument(
        "who", nargs="?", metavar="WHO", help="address or account number (default: the signer)"
    )


def fetch(arguments: argparse.Namespace) -> Account:
    """Return the account that the arguments name."""
    who = read_who(arguments.who)
    return run_client(arguments, lambda client: client.account(who), signs=who is None)


def run_account(arguments: argparse.Namespace) -> int:
    """Show an account."""
    who = read_who(arguments.who)

    async def work(client: AsyncClient) -> tuple[Account, Fees]:
        account = await client.account(who)
        return account, await client.fees(who=account.account)

    account, fees = run_client(arguments, work, signs=who is None)
    if arguments.json:
        named = {field.name: getattr(account, field.name) for field in fields(account)}
        standing = {"tier": fees.tier, "volume": fees.volume, "rates": fees.rates}
        print_json("account", {**named, "fees": standing})
        return EXIT_OK
    print_pairs(
        [
            ("account", account.account),
            ("owner", account.owner),
            ("fee tier", tier_line(fees)),
        ]
    )
    if account.payable < 1:
        print_pairs([("withdrawals", f"paid {account.payable:.4%}: deficits are not covered")])
    for portfolio in account.portfolios:
        print_portfolio(arguments, portfolio)
    return EXIT_OK


def tier_line(fees: Fees) -> str:
    """Return an account's fee tier, the volume that it rests on, and what the next one takes."""
    volume = f"{fees.volume:,f} USDC in 14 days"
    if not fees.tiers:
        return f"there are none; {volume}"
    line = f"{fees.tier} of {len(fees.tiers)}: {volume}"
    if fees.tier < len(fees.tiers):
        line = f"{line}; the next from {fees.tiers[fees.tier].volume:,f}"
    return line


def print_portfolio(arguments: argparse.Namespace, portfolio: Portfolio) -> None:
    """Print one sub-account."""
    print_pairs(
        [
            ("", ""),
            ("sub-account", portfolio.sub),
            ("balance", f"{portfolio.balance:,f} USDC"),
            ("equity", f"{portfolio.equity:,f} USDC"),
            *(
                [("of it to trade", f"{portfolio.equity_initial:,f} USDC")]
                if portfolio.assets
                else []
            ),
            ("initial margin", f"{portfolio.initial_margin:,f} USDC"),
            ("maintenance", f"{portfolio.maintenance_margin:,f} USDC"),
            ("available", f"{portfolio.available:,f} USDC"),
            ("withdrawable", f"{portfolio.withdrawable:,f} USDC"),
            ("open orders", f"{portfolio.open_orders} of {portfolio.open_orders_max}"),
            ("cancelled at", show_time(portfolio.cancel_at_ms)),
            ("state", "LIQUIDATING" if portfolio.liquidating else "healthy"),
        ]
    )
    if portfolio.loan_margined:
        print_pairs(
            [
                ("loan", f"{portfolio.loan:,f} USDC"),
                ("interest due", f"{portfolio.loan_interest:,f} USDC"),
                ("loan in margin", f"{portfolio.loan_margined:,f} USDC, were all losses realised"),
            ]
        )
    if portfolio.assets:
        print_pairs([("", "")])
        print_holdings(arguments, portfolio.assets)
    if portfolio.positions:
        print_pairs([("", "")])
        print_positions(arguments, [portfolio])
    if portfolio.orders:
        print_pairs([("", "")])
        print_orders(arguments, portfolio.orders)
