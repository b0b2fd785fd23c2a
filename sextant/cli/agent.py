"""``sextant agent``: keys that may trade for an account, and never withdraw."""

import argparse
from typing import Final

from sextant.cli.numbers import whole
from sextant.cli.options import add_key_options, add_node_options, examples
from sextant.cli.output import print_json, print_pairs, show_time
from sextant.cli.session import run_client
from sextant.cli.signing import sign_and_print
from sextant.client.money import AGENT_DAYS
from sextant.errors import EXIT_OK

DAYS_MAX: Final = 36_500


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add ``approve``, ``revoke`` and ``show``."""
    parser.epilog = examples("sextant agent approve 0x1234... --days 7 --market BTC --as alice")
    commands = parser.add_subparsers(metavar="COMMAND")
    approve = commands.add_parser("approve", help="let a key trade", allow_abbrev=False)
    approve.add_argument("address", metavar="ADDRESS", help="of the agent's key")
    approve.add_argument(
        "--days",
        type=whole(1, DAYS_MAX),
        default=AGENT_DAYS,
        metavar="N",
        help="how long (default: %(default)s)",
    )
    approve.add_argument(
        "--market", action="append", default=[], metavar="MARKET", help="only here; repeatable"
    )
    for name, what in (("notional", "its orders may add up to"), ("loss", "it may lose")):
        approve.add_argument(
            f"--max-{name}-per-day", default="0", metavar="USDC", help=f"what {what} in a day"
        )
    revoke = commands.add_parser("revoke", help="end a key, for good", allow_abbrev=False)
    revoke.add_argument("address", metavar="ADDRESS", help="of the agent's key")
    shown = commands.add_parser("show", help="say who an address signs for", allow_abbrev=False)
    shown.add_argument("address", metavar="ADDRESS", help="of any key")
    for command, run in ((approve, run_approve), (revoke, run_revoke)):
        add_key_options(command)
        command.set_defaults(run=run)
    shown.set_defaults(run=run_show)
    for command in (approve, revoke, shown):
        add_node_options(command)


def run_approve(arguments: argparse.Namespace) -> int:
    """Approve an agent."""
    return sign_and_print(
        arguments,
        "agent.approved",
        lambda client: client.approve_agent(
            arguments.address,
            days=arguments.days,
            markets=tuple(arguments.market),
            notional_per_day=arguments.max_notional_per_day,
            loss_per_day=arguments.max_loss_per_day,
        ),
    )


def run_revoke(arguments: argparse.Namespace) -> int:
    """Revoke an agent."""
    return sign_and_print(
        arguments, "agent.revoked", lambda client: client.revoke_agent(arguments.address)
    )


def run_show(arguments: argparse.Namespace) -> int:
    """Say who an address signs for."""
    signer = run_client(arguments, lambda client: client.signer(arguments.address))
    if arguments.json:
        print_json("signer", signer)
        return EXIT_OK
    role = "agent" if signer.is_agent else "owner"
    print_pairs(
        [
            ("address", signer.address),
            ("account", signer.account),
            ("role", f"{role}, revoked" if signer.revoked else role),
            ("until", show_time(signer.expires_at_ms)),
            ("notional a day", f"{signer.notional_today} of {signer.notional_per_day or 'any'}"),
            ("loss a day", signer.loss_per_day or "any"),
        ]
    )
    return EXIT_OK
