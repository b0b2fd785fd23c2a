"""``sextant send``: money to another owner, named by his address."""

import argparse

from sextant.cli.numbers import whole
from sextant.cli.options import add_key_options, add_node_options, examples
from sextant.cli.signing import add_dry_run, show_dry, sign_and_print
from sextant.client.api import AsyncClient
from sextant.client.money import positive_micros
from sextant.client.names import read_address
from statemachine.actions import Action, Send


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples(
        "sextant send 50 --to 0x90f8bf6a479f320ead074411a4b0e7944ea8c9c1 --as alice"
    )
    parser.add_argument("amount", metavar="USDC", help="how much, such as 50")
    parser.add_argument(
        "--to",
        required=True,
        metavar="ADDRESS",
        help="whose: the address of an owner, who has deposited before",
    )
    parser.add_argument(
        "--to-sub",
        type=whole(0, 255),
        default=0,
        metavar="SUB",
        help="into this sub-account of theirs (default: %(default)s)",
    )
    add_dry_run(parser)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_send)


def run_send(arguments: argparse.Namespace) -> int:
    """Send."""
    if arguments.dry_run:
        micros, address = positive_micros(arguments.amount), read_address(arguments.to)

        async def compose(_: AsyncClient) -> Action:
            return Send(address, arguments.sub, arguments.to_sub, micros)

        return show_dry(arguments, compose)
    return sign_and_print(
        arguments,
        "send",
        lambda client: client.send_usdc(arguments.amount, to=arguments.to, target=arguments.to_sub),
    )
