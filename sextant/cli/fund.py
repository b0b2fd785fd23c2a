"""``sextant fund``: lead a fund, buy into one, leave it, or see what there is."""

import argparse

from sextant.cli.numbers import read_share, read_span
from sextant.cli.options import add_key_options, add_node_options, add_shares, examples, names_key
from sextant.cli.output import print_json, print_pairs, print_table, show_span, show_time
from sextant.cli.session import run_client
from sextant.cli.signing import add_dry_run, print_receipt, receipt_rows, show_dry, sign_and_print
from sextant.client.amounts import show_usdc
from sextant.client.api import AsyncClient
from sextant.client.funds import Fund, read_profit_share
from sextant.client.money import positive_micros
from sextant.client.names import read_fund
from sextant.client.receipts import Receipt
from sextant.errors import EXIT_OK, BadRequest
from statemachine.actions import Action, CreateFund, FundDeposit, FundWithdraw
from statemachine.units import Millis

FUND_HELP = "which one, as LEADER/SUB, such as 3/64"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    parser.epilog = examples(
        "sextant transfer 1000 --from 0 --to 64 --as alice",
        "sextant fund create --sub 64 --profit-share 10% --lock 1d --as alice",
        "sextant fund list",
        "sextant fund deposit 3/64 500 --as bob",
        "sextant fund withdraw 3/64 --as bob",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    create = verbs.add_parser("create", help="make the sub-account of --sub, 64 to 127, a fund")
    create.add_argument(
        "--profit-share",
        type=read_share,
        required=True,
        metavar="SHARE",
        help="what of others' profits is yours, such as 10%%",
    )
    create.add_argument(
        "--lock",
        type=read_span,
        required=True,
        metavar="SPAN",
        help="how long after buying shares nobody can leave, such as 1d",
    )
    create.set_defaults(run=run_create)

    listing = verbs.add_parser("list", help="list all funds, or the signer's own")
    listing.add_argument(
        "--mine", action="store_true", help="only those that the signer leads or has shares of"
    )
    listing.set_defaults(run=run_list)

    show = verbs.add_parser("show", help="show a fund, and the signer's stake in it")
    show.add_argument("fund", metavar="FUND", help=FUND_HELP)
    show.set_defaults(run=run_show)

    deposit = verbs.add_parser("deposit", help="buy shares of a fund")
    deposit.add_argument("fund", metavar="FUND", help=FUND_HELP)
    deposit.add_argument("amount", metavar="USDC", help="how much, such as 500")
    deposit.set_defaults(run=run_deposit)

    withdraw = verbs.add_parser("withdraw", help="leave a fund; paid as soon as it can pay")
    withdraw.add_argument("fund", metavar="FUND", help=FUND_HELP)
    add_shares(withdraw)
    withdraw.set_defaults(run=run_withdraw)

    for verb in (create, deposit, withdraw):
        add_dry_run(verb)
    for verb in (create, listing, show, deposit, withdraw):
        add_key_options(verb)
        add_node_options(verb)


def run_create(arguments: argparse.Namespace) -> int:
    """Make a fund."""
    share = read_profit_share(arguments.profit_share)
    if arguments.sub == 0:
        raise BadRequest("SUB", "sub-account 0 is never a fund", advice="say --sub 64, up to 127")
    if arguments.dry_run:

        async def compose(_: AsyncClient) -> Action:
            return CreateFund(arguments.sub, share, Millis(arguments.lock))

        return show_dry(arguments, compose)
    return sign_and_print(
        arguments,
        "fund.create",
        lambda client: client.create_fund(
            sub=arguments.sub, profit_share=arguments.profit_share, lock_ms=arguments.lock
        ),
    )


def run_list(arguments: argparse.Namespace) -> int:
    """List funds."""
    mine = arguments.mine
    funds = run_client(arguments, lambda client: client.funds(mine=mine), signs=mine)
    if arguments.json:
        print_json("fund.list", {"funds": funds})
        return EXIT_OK
    columns = ["fund", "value", "shares", "per million", "profit share", "lock", "state"]
    rows = [
        [
            str(fund.fund),
            f"{fund.value_low:,f}",
            fund.shares,
            f"{fund.share_price:,.6f}",
            f"{fund.profit_share:.2%}",
            show_span(fund.lock_ms / 1000),
            state_of(fund),
        ]
        for fund in funds
    ]
    if mine:
        columns += ["yours", "worth"]
        for row, fund in zip(rows, funds, strict=True):
            stake = fund.stake
            row += [stake.shares if stake else 0, f"{stake.worth:,f}" if stake else "-"]
    print_table(arguments, columns, rows)
    return EXIT_OK


def state_of(fund: Fund) -> str:
    """Return what a fund is doing, in a word or two."""
    if fund.liquidating:
        return "LIQUIDATING"
    if fund.exiting:
        return f"exiting: {fund.overdue_exits} overdue"
    return "open" if fund.shares else "empty"


def run_show(arguments: argparse.Namespace) -> int:
    """Show a fund."""
    mine = names_key(arguments)
    read_fund(arguments.fund)
    fund = run_client(arguments, lambda client: client.fund(arguments.fund, mine=mine), signs=mine)
    if arguments.json:
        print_json("fund", fund)
        return EXIT_OK
    print_fund(fund)
    if fund.exits:
        print_pairs([("", "")])
        print_table(
            arguments,
            ["account", "shares leaving", "asked", "overdue"],
            [
                [found.account, found.shares, show_time(found.asked_at_ms), found.overdue]
                for found in fund.exits
            ],
        )
    return EXIT_OK


def print_fund(fund: Fund) -> None:
    """Print a fund."""
    rows: list[tuple[str, object]] = [
        ("fund", str(fund.fund)),
        ("leader", fund.leader),
        ("state", state_of(fund)),
        ("value", f"{fund.value_low:,f} to {fund.value_high:,f} USDC"),
        ("initial margin", f"{fund.initial_margin:,f} USDC"),
        ("can pay now", f"{fund.free:,f} USDC"),
        ("shares", f"{fund.shares}, the leader's {fund.leader_shares}"),
        ("a million of them", f"{fund.share_price:,.6f} USDC"),
        ("profit share", f"{fund.profit_share:.2%} of what others make"),
        ("lock", show_span(fund.lock_ms / 1000)),
        ("notice", show_span(fund.notice_ms / 1000)),
        ("least deposit", f"{fund.deposit_min:,f} USDC"),
        ("wait to leave", f"{fund.leaving} shares"),
    ]
    stake = fund.stake
    if stake is not None:
        rows += [
            ("yours", f"{stake.shares} shares, {stake.leaving} waiting to be paid"),
            ("paid for them", f"{stake.paid:,f} USDC"),
            ("worth", f"{stake.worth:,f} USDC, {stake.profit_share:,f} of it the leader's"),
            ("locked until", show_time(stake.locked_until_ms)),
        ]
    print_pairs(rows)


def run_deposit(arguments: argparse.Namespace) -> int:
    """Buy shares."""
    name = read_fund(arguments.fund)
    if arguments.dry_run:
        micros = positive_micros(arguments.amount)

        async def compose(_: AsyncClient) -> Action:
            return FundDeposit(name.leader, name.sub, arguments.sub, micros)

        return show_dry(arguments, compose)
    return sign_and_print(
        arguments, "fund.deposit", lambda client: client.deposit_fund(name, arguments.amount)
    )


def run_withdraw(arguments: argparse.Namespace) -> int:
    """Leave a fund."""
    name = read_fund(arguments.fund)
    if arguments.dry_run:

        async def compose(_: AsyncClient) -> Action:
            return FundWithdraw(name.leader, name.sub, arguments.sub, arguments.shares)

        return show_dry(arguments, compose)
    receipt = run_client(
        arguments, lambda client: client.withdraw_fund(name, arguments.shares), signs=True
    )
    if arguments.json:
        print_receipt(arguments, "fund.withdraw", receipt)
    else:
        print_pairs([("result", outcome_of(receipt)), *receipt_rows(receipt)])
    return EXIT_OK


def outcome_of(receipt: Receipt) -> str:
    """Return what became of shares that were to be paid."""
    if receipt.arguments:
        latest = show_time(receipt.arguments[0])
        return f"waiting: paid as soon as the fund can; it starts to sell {latest} at the latest"
    cut = f", {show_usdc(receipt.fee)} went to the leader" if receipt.fee else ""
    return f"paid {show_usdc(receipt.notional)}{cut}"
