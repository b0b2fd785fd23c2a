"""``sextant fees``: what trading costs, how one stands, and who shares in one's fees."""

import argparse
from decimal import Decimal

from sextant.cli.numbers import read_share, whole
from sextant.cli.options import add_key_options, add_node_options, examples, names_key
from sextant.cli.output import print_json, print_pairs, show_time
from sextant.cli.session import run_client
from sextant.cli.signing import add_dry_run, show_dry, sign_and_print
from sextant.client.amounts import show_decimal
from sextant.client.api import AsyncClient
from sextant.client.fees import Fees
from sextant.client.money import read_account
from sextant.client.orders import read_fee
from sextant.errors import EXIT_OK
from statemachine.actions import Action, ApproveBuilder, SetReferrer


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    parser.epilog = examples(
        "sextant fees show --as alice",
        "sextant fees approve 7 0.03% --as alice",
        "sextant fees refer 7 --as alice",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    show = verbs.add_parser("show", help="show rates, tiers, and the signer's volume")
    show.set_defaults(run=run_show)

    refer = verbs.add_parser("refer", help="say, once, which account brought you")
    refer.add_argument(
        "account", metavar="ACCOUNT", type=whole(1, (1 << 32) - 1), help="its number"
    )
    refer.set_defaults(run=run_refer)

    approve = verbs.add_parser("approve", help="let a builder ask for a fee on your orders")
    approve.add_argument(
        "account", metavar="ACCOUNT", type=whole(1, (1 << 32) - 1), help="the builder's number"
    )
    approve.add_argument(
        "rate", metavar="SHARE", type=read_share, help="at most, such as 0.03%%; 0 ends it"
    )
    approve.set_defaults(run=run_approve)

    for verb in (show, refer, approve):
        if verb is not show:
            add_dry_run(verb)
        add_key_options(verb)
        add_node_options(verb)


def run_show(arguments: argparse.Namespace) -> int:
    """Show what trading costs."""
    mine = names_key(arguments)
    fees = run_client(
        arguments,
        lambda client: client.fees(mine=mine, sub=arguments.sub if mine else 0),
        signs=mine,
    )
    if arguments.json:
        print_json("fees", fees)
        return EXIT_OK
    print_fees(fees)
    return EXIT_OK


def run_refer(arguments: argparse.Namespace) -> int:
    """Name a referrer."""
    if arguments.dry_run:

        async def compose(_: AsyncClient) -> Action:
            return SetReferrer(arguments.sub, read_account(arguments.account))

        return show_dry(arguments, compose)
    return sign_and_print(
        arguments, "fees.refer", lambda client: client.set_referrer(arguments.account)
    )


def run_approve(arguments: argparse.Namespace) -> int:
    """Approve a builder, or end that."""
    if arguments.dry_run:
        rate = read_fee(arguments.rate)

        async def compose(_: AsyncClient) -> Action:
            return ApproveBuilder(read_account(arguments.account), rate)

        return show_dry(arguments, compose)
    return sign_and_print(
        arguments,
        "fees.approve",
        lambda client: client.approve_builder(arguments.account, arguments.rate),
    )


def percent(share: Decimal) -> str:
    """Return a share as a percentage."""
    return f"{show_decimal(share * 100)}%"


def print_fees(fees: Fees) -> None:
    """Print rates, schedule and standing."""
    rows: list[tuple[str, object]] = []
    for rate in fees.rates:
        text = f"maker {percent(rate.maker)}, taker {percent(rate.taker)}"
        if rate.ramp:
            text += f" (of it {percent(rate.ramp)} until {show_time(rate.ramp_end_ms)})"
        rows.append((rate.market.name, text))
    for number, tier in enumerate(fees.tiers, 1):
        shares = f"makers pay {percent(tier.maker_share)}, takers {percent(tier.taker_share)}"
        rows.append((f"tier {number}", f"from {tier.volume:,f} USDC in 14 days: {shares} of it"))
    rows += [
        ("after a jump", f"takers pay up to {fees.ramp_factor}x for {fees.ramp_ms // 1_000} s"),
        ("referrers get", f"{percent(fees.referral_share)} of the exchange's taker fee"),
        ("builders get", f"up to {percent(fees.builder_fee_max)} on top, if approved"),
    ]
    if fees.account:
        rows += [
            ("your tier", fees.tier),
            ("14 days", f"{fees.volume:,f} USDC"),
            ("today", f"{fees.today:,f} USDC"),
            ("your referrer", f"account {fees.referrer}" if fees.referrer else "nobody"),
        ]
        rows += [
            (f"builder {one.account}", f"may ask for {percent(one.max_fee)}")
            for one in fees.builders
        ]
    print_pairs(rows)
