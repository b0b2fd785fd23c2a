"""``sextant withdraw``: out to L1; ``--forced`` goes where nobody can refuse it."""

import argparse

from sextant.cli.assets import add_asset
from sextant.cli.options import add_key_options, add_l1_options, add_node_options, examples
from sextant.cli.output import print_json, print_pairs, print_table
from sextant.cli.session import run_client
from sextant.cli.signing import add_dry_run, receipt_rows, show_dry
from sextant.client.api import AsyncClient
from sextant.client.money import Withdrawn, positive_micros
from sextant.errors import EXIT_OK, BadRequest
from statemachine.actions import Action, Withdraw, WithdrawAsset
from statemachine.units import Micros


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples(
        "sextant withdraw 100 --as alice",
        "sextant withdraw 2 --asset WSTETH --as alice",
        "sextant withdraw --list --as alice",
        note="once final, `sextant claim INDEX` collects it",
    )
    parser.add_argument("amount", nargs="?", metavar="AMOUNT", help="how much, such as 100")
    add_asset(parser)
    parser.add_argument("--list", action="store_true", help="list withdrawals and their stage")
    parser.add_argument(
        "--forced",
        action="store_true",
        help="through L1: the sequencer cannot refuse it; without an amount, all that may leave",
    )
    add_dry_run(parser)
    add_l1_options(parser, sends=True)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_withdraw)


def run_withdraw(arguments: argparse.Namespace) -> int:
    """Withdraw, or list withdrawals."""
    amount: str | None = arguments.amount
    if arguments.list:
        return list_withdrawals(arguments)
    if arguments.forced:
        return force_withdrawal(arguments)
    if amount is None:
        raise BadRequest("AMOUNT", "say how much", advice="or --list, or --forced for all")
    if arguments.dry_run:
        micros = positive_micros(amount) if arguments.asset is None else Micros(0)

        async def compose(client: AsyncClient) -> Action:
            if arguments.asset is None:
                return Withdraw(arguments.sub, micros)
            asset = await client.asset(arguments.asset)
            return WithdrawAsset(arguments.sub, asset.id, asset.units(amount))

        return show_dry(arguments, compose)

    async def work(client: AsyncClient) -> Withdrawn:
        if arguments.asset is None:
            return await client.withdraw(amount)
        return await client.withdraw_asset(arguments.asset, amount)

    made = run_client(arguments, work, signs=True)
    if arguments.json:
        print_json("withdrawal", made)
    else:
        print_pairs([("withdrawal", made.index), *receipt_rows(made.receipt)])
    return EXIT_OK


def force_withdrawal(arguments: argparse.Namespace) -> int:
    """Withdraw through L1."""
    receipt = run_client(
        arguments,
        lambda client: client.force_withdraw(arguments.amount, asset=arguments.asset),
        signs=True,
    )
    if arguments.json:
        print_json("withdrawal.forced", receipt)
    else:
        print_pairs([("L1 block", receipt.block), ("inbox item", receipt.value)])
    return EXIT_OK


def list_withdrawals(arguments: argparse.Namespace) -> int:
    """List the signer's withdrawals."""
    found = run_client(arguments, lambda client: client.withdrawals(), signs=True)
    if arguments.json:
        print_json("withdrawals", {"withdrawals": found})
        return EXIT_OK
    print_table(
        arguments,
        [">INDEX", ">AMOUNT", "ASSET", ">HEIGHT", "STAGE"],
        [(one.index, one.amount, one.asset, one.height, one.stage) for one in found],
        empty="no withdrawals",
    )
    return EXIT_OK
