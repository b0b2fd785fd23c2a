"""``sextant l1 rules``, ``schedule-rules``, ``cancel-rules``: the rules of the exchange, over time.

The governor says what is to change, field by field; the command makes the rules of
it, checks what L1 would refuse, and sends them.  Without ``--yes`` it only shows.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sextant.cli.numbers import instance_number, read_span, whole
from sextant.cli.options import add_key_options, add_l1_options, add_output_options
from sextant.cli.output import print_json, print_pairs, say, show_span, show_time
from sextant.cli.session import read_key
from sextant.client.environment import L1 as L1_PLACE
from sextant.errors import EXIT_NO, EXIT_OK, BadRequest

if TYPE_CHECKING:  # heavy: loaded by the command that needs it
    from prover.changes import Change
    from sextant.client.l1 import L1Client
    from sextant.client.l1_sender import L1Receipt
    from sextant.client.upgrades import Upgrades
    from statemachine.rules import Rules

SLACK_MS = 30_000
"""How much later than the notice asks rules come by default: calls take a while into a block."""
AnswerT = TypeVar("AnswerT")


def add_rules_commands(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the three commands."""
    shown = commands.add_parser("rules", help="show the versions of the rules, and what comes")
    shown.set_defaults(run=show_rules)
    schedule = commands.add_parser(
        "schedule-rules", help="announce other rules: the governor may, a way out ahead"
    )
    schedule.add_argument(
        "--set",
        dest="changes",
        action="append",
        required=True,
        metavar="NAME=VALUE",
        help="a field that changes, such as referral_ppm=200000 or markets.BTC.taker_ppm=400;"
        " may be given several times",
    )
    schedule.add_argument(
        "--in",
        dest="delay_ms",
        type=read_span,
        metavar="SPAN",
        help="when they come, such as 10m or 8d (default: as soon as they may)",
    )
    schedule.add_argument("--yes", action="store_true", help="announce them; else only show them")
    schedule.set_defaults(run=schedule_rules)
    cancel = commands.add_parser(
        "cancel-rules", help="take announced rules back, while they may be"
    )
    cancel.add_argument("version", type=whole(), metavar="VERSION", help="which, as `rules` lists")
    cancel.set_defaults(run=cancel_rules)
    for command in (shown, schedule, cancel):
        add_l1_options(command)
        command.add_argument(
            "--instance", type=instance_number, metavar="N", help="the devnet's L1: adds 100 * N"
        )
        if command is not shown:
            add_key_options(command)
        add_output_options(command)


def with_client(
    arguments: argparse.Namespace,
    work: "Callable[[L1Client], Awaitable[AnswerT]]",
    *,
    signs: bool = False,
) -> AnswerT:
    """Connect to L1, do the work, and let go."""
    from sextant.client.l1 import L1Client

    key = read_key(arguments) if signs else None

    async def run() -> AnswerT:
        async with L1Client(L1_PLACE.resolve(arguments.l1, arguments.instance), key=key) as l1:
            return await work(l1)

    return asyncio.run(run())


def show_rules(arguments: argparse.Namespace) -> int:
    """Show every version, which is in force, and what comes."""
    from sextant.client.upgrades import read_upgrades, versions_of

    async def work(l1: "L1Client") -> "tuple[Upgrades, list[dict[str, Any]]]":
        upgrades = await read_upgrades(l1)
        rows = []
        for version in versions_of(await l1.rules_page()):
            if version.cancelled:
                state = "taken back"
            elif version.starts > upgrades.clock_ms:
                state = "announced"
            else:
                state = "in force" if version.number == upgrades.in_force else "over"
            rows.append(
                {
                    "version": version.number,
                    "state": state,
                    "starts_ms": version.starts,
                    "rules_hash": version.rules_hash,
                }
            )
        return upgrades, rows

    upgrades, rows = with_client(arguments, work)
    coming = upgrades.coming
    if arguments.json:
        print_json("l1.rules", {"versions": rows, "coming": told(upgrades), **notice_of(upgrades)})
        return EXIT_OK
    for row in rows:
        since = show_time(row["starts_ms"])
        sys.stdout.write(
            f"version {row['version']}  {row['state']}  from {since}  0x{row['rules_hash'].hex()}\n"
        )
    if coming is None:
        governor = f"0x{upgrades.governor.hex()}" if any(upgrades.governor) else "nobody"
        print_pairs(
            [
                ("announced", "nothing"),
                ("who may announce", governor),
                ("at least ahead", show_span(upgrades.notice_ms / 1000)),
            ]
        )
        return EXIT_OK
    left = coming.starts_ms - upgrades.clock_ms
    print_pairs(
        [
            (f"version {coming.number} comes", f"{show_time(coming.starts_ms)}, in {spell(left)}"),
            ("last safe exit", show_time(coming.last_exit_ms)),
            ("can be taken back until", show_time(coming.cancel_until_ms)),
        ]
    )
    if coming.unknown:
        say(f"what it changes is not known here ({coming.unknown}): upgrade sextant")
    print_changes(coming.changes)
    return EXIT_OK


def spell(left_ms: int) -> str:
    """Return what is left, in words."""
    return show_span(left_ms / 1000)


def told(upgrades: "Upgrades") -> dict[str, Any] | None:
    """Return what comes, as plain values."""
    coming = upgrades.coming
    if coming is None:
        return None
    return {
        "version": coming.number,
        "rules_hash": coming.rules_hash,
        "starts_ms": coming.starts_ms,
        "last_exit_ms": coming.last_exit_ms,
        "cancel_until_ms": coming.cancel_until_ms,
        "unknown": coming.unknown,
        "changes": change_rows(coming.changes),
    }


def notice_of(upgrades: "Upgrades") -> dict[str, Any]:
    """Return who may announce rules, and how long ahead."""
    return {
        "governor": upgrades.governor,
        "notice_ms": upgrades.notice_ms,
        "exit_ms": upgrades.exit_ms,
        "clock_ms": upgrades.clock_ms,
    }


def change_rows(changes: "tuple[Change, ...] | list[Change]") -> list[dict[str, str]]:
    """Return changes as plain values."""
    return [{"name": c.name, "before": c.before, "after": c.after} for c in changes]


def print_changes(changes: "tuple[Change, ...] | list[Change]") -> None:
    """Print what changes."""
    for change in changes:
        sys.stdout.write(f"    {change.name}: {change.before} -> {change.after}\n")


def make_rules(before: "Rules", changes: list[str]) -> "Rules":
    """Return the rules that are asked for, if L1 would take them after ``before``.

    Raises
    ------
    BadRequest
        ``RULES``.
    """
    from prover.changes import apply_changes
    from statemachine.succession import check_succession

    try:
        after = apply_changes(before, changes)
        check_succession(before, after)
    except ValueError as error:
        raise BadRequest("RULES", str(error)) from error
    if after == before:
        raise BadRequest("RULES", "nothing would change")
    return after


def schedule_rules(arguments: argparse.Namespace) -> int:
    """Announce the rules in force with some fields changed."""
    from prover.changes import list_changes
    from prover.contract.calls import ScheduleRules
    from sextant.client.upgrades import read_rules, read_upgrades

    async def work(l1: "L1Client") -> "tuple[ScheduleRules, list[Change], L1Receipt | None]":
        upgrades = await read_upgrades(l1)
        before = await read_rules(l1, upgrades.hashes[upgrades.in_force])
        after = make_rules(before, arguments.changes)
        delay = arguments.delay_ms
        if delay is None:
            delay = upgrades.notice_ms + SLACK_MS
        number = 1 + len((await l1.rules_page()).versions)
        call = ScheduleRules(number, upgrades.clock_ms + delay, after.encode())
        receipt = await l1.send(call) if arguments.yes else None
        return call, list_changes(before, after), receipt

    call, changes, receipt = with_client(arguments, work, signs=arguments.yes)
    if arguments.json:
        print_json(
            "l1.schedule-rules",
            {
                "version": call.version,
                "starts_ms": call.starts,
                "changes": change_rows(changes),
                "l1_block": None if receipt is None else receipt.block,
            },
        )
    else:
        print_pairs([(f"version {call.version} comes", show_time(call.starts))])
        print_changes(changes)
    if receipt is None:
        say("nothing was sent: --yes announces it")
        return EXIT_NO
    return EXIT_OK


def cancel_rules(arguments: argparse.Namespace) -> int:
    """Take a version back."""
    from prover.contract.calls import CancelRules

    call = CancelRules(arguments.version)
    receipt: L1Receipt = with_client(arguments, lambda l1: l1.send(call), signs=True)
    if arguments.json:
        print_json("l1.cancel-rules", {"version": call.version, "l1_block": receipt.block})
    else:
        print_pairs([("taken back", f"version {call.version}"), ("in L1 block", receipt.block)])
    return EXIT_OK
