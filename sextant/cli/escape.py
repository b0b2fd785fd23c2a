"""``sextant escape``: out of an exchange that ignores its inbox, without its sequencer."""

import argparse

from sextant.cli.numbers import argument_of
from sextant.cli.on_l1 import print_calls, run_on_l1
from sextant.cli.options import (
    add_key_options,
    add_l1_options,
    add_node_options,
    examples,
    names_key,
)
from sextant.cli.output import print_json, print_pairs, print_table, show_time
from sextant.client.amounts import show_decimal
from sextant.client.escape import Escape, EscapeClaim, EscapeStatus
from sextant.client.names import read_address, read_fund
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    parser.epilog = examples(
        "sextant escape status --as alice",
        "sextant escape freeze --as alice",
        "sextant escape register --as alice",
        "sextant escape register --debts --as alice",
        "sextant escape pay --as alice",
        "sextant escape refund --as alice",
        note="needs the L1 and a follower, no sequencer",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    status = verbs.add_parser("status", help="how far it is, and what to do next")
    status.set_defaults(run=run_status)
    freeze = verbs.add_parser("freeze", help="stop an exchange that ignored its inbox too long")
    freeze.set_defaults(run=run_freeze)
    claims = verbs.add_parser("claims", help="list what an owner has in the last final state")
    claims.set_defaults(run=run_claims)
    register = verbs.add_parser("register", help="count what an owner has in the last state")
    register.add_argument(
        "--debts", action="store_true", help="instead, count all portfolios that owe money"
    )
    register.set_defaults(run=run_register)
    pay = verbs.add_parser("pay", help="pay an owner his part of all that is held")
    pay.set_defaults(run=run_pay)
    refund = verbs.add_parser("refund", help="give back deposits that were never credited")
    refund.set_defaults(run=run_refund)
    for verb in (claims, register):
        verb.add_argument(
            "--fund",
            type=argument_of(read_fund),
            action="append",
            default=[],
            metavar="FUND",
            help="look for shares of this fund of somebody else too, such as 3/64",
        )
    for verb in (status, freeze, claims, register, pay, refund):
        if verb is not freeze:
            verb.add_argument(
                "--owner",
                type=argument_of(read_address),
                metavar="ADDRESS",
                help="whose (default: the signer's); it is always the owner who is paid",
            )
        add_l1_options(verb, sends=True)
        add_key_options(verb)
        add_node_options(verb)


def run_status(arguments: argparse.Namespace) -> int:
    """Show how far it is."""
    signs = arguments.owner is None and names_key(arguments)

    async def work(escape: Escape) -> EscapeStatus:
        owner = escape.client.address if signs else arguments.owner
        return await escape.status(owner)

    status = run_on_l1(arguments, Escape, work, signs=signs)
    if arguments.json:
        print_json("escape.status", {"status": status, "advice": status.advice})
    else:
        print_pairs([*rows_of(status), ("next", status.advice)])
    return EXIT_OK


def rows_of(status: EscapeStatus) -> list[tuple[str, object]]:
    """Return the lines that say how far it is."""
    now = status.clock_ms
    rows: list[tuple[str, object]] = [
        ("frozen", f"yes: {status.reason}" if status.frozen else "no"),
        ("newest final claim", status.claim),
        ("inbox items that wait", status.inbox_waiting),
    ]
    if not status.frozen and status.freeze_from_ms is not None:
        rows.append(("freeze from", show_time(status.freeze_from_ms, now_ms=now)))
    if status.frozen and status.claims_pending:
        until = show_time(status.pending_until_ms, now_ms=now)
        rows.append(("claims pending", f"{status.claims_pending}, until {until}"))
    if status.open:
        rows.append(("register until", show_time(status.closes_ms, now_ms=now)))
        rows.append(("claims of all", f"{show_decimal(status.claims)} USDC"))
    if status.rate is not None:
        rows.append(("held for them", f"{show_decimal(status.held)} USDC"))
        rows.append(("paid of each USDC", f"{status.rate:.6f}"))
    if status.registered or status.debt:
        rows.append(("yours", f"{show_decimal(status.registered)} USDC"))
        rows.append(("your debts", f"{show_decimal(status.debt)} USDC"))
        rows.append(("owed to you", f"{show_decimal(status.net)} USDC"))
        rows.append(("paid", "yes" if status.paid else "no"))
    if status.refundable:
        rows.append(("deposits to refund", ", ".join(map(str, status.refundable))))
    return rows


def run_freeze(arguments: argparse.Namespace) -> int:
    """Stop the exchange."""
    receipt = run_on_l1(arguments, Escape, Escape.freeze)
    return print_calls(arguments, "escape.freeze", [receipt], "frozen in L1 block")


def run_claims(arguments: argparse.Namespace) -> int:
    """List what an owner has."""
    found = run_on_l1(
        arguments,
        Escape,
        lambda escape: escape.claims(arguments.owner, arguments.fund),
        signs=arguments.owner is None,
    )
    return print_claims(arguments, found, "nothing")


def run_register(arguments: argparse.Namespace) -> int:
    """Register what an owner has, or what debtors owe."""

    async def work(escape: Escape) -> list[EscapeClaim]:
        if arguments.debts:
            return await escape.register_debts()
        return await escape.register(arguments.owner, arguments.fund)

    found = run_on_l1(arguments, Escape, work)
    return print_claims(arguments, found, "all of it is registered already")


def run_pay(arguments: argparse.Namespace) -> int:
    """Pay an owner."""
    receipt = run_on_l1(arguments, Escape, lambda escape: escape.pay(arguments.owner))
    return print_calls(arguments, "escape.pay", [receipt], "paid in L1 block")


def run_refund(arguments: argparse.Namespace) -> int:
    """Refund an owner's deposits."""
    receipts = run_on_l1(arguments, Escape, lambda escape: escape.refund(arguments.owner))
    return print_calls(arguments, "escape.refund", receipts, "refunded in L1 block")


def print_claims(arguments: argparse.Namespace, found: list[EscapeClaim], nothing: str) -> int:
    """Print claims."""
    if arguments.json:
        print_json("escape.claims", {"claims": found})
        return EXIT_OK
    print_table(
        arguments,
        ["KIND", ">ACCOUNT", ">PLACE", ">USDC", "REGISTERED"],
        [
            (one.kind, one.account, one.place, one.usdc, "before" if one.registered else "")
            for one in found
        ],
        empty=nothing,
    )
    return EXIT_OK
