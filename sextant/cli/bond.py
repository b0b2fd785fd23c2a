"""``sextant bond``: what is behind the sequencer's signature, for its operator and for all."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sextant.cli.numbers import U64_MAX, instance_number
from sextant.cli.options import add_key_options, add_output_options, examples
from sextant.cli.output import print_json, print_pairs, say, show_time
from sextant.cli.session import read_key
from sextant.client.amounts import read_decimal
from sextant.client.environment import L1 as L1_PLACE
from sextant.errors import EXIT_NO, EXIT_OK, BadRequest

if TYPE_CHECKING:  # heavy: loaded by the command that needs it
    from prover.contract.calls import Call

GWEI_PER_ETH: Final = 1_000_000_000


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    parser.epilog = examples(
        "sextant bond status",
        "sextant bond put 10 --as poster",
        "sextant bond leave --as poster",
        "sextant bond take --as poster",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    status = verbs.add_parser("status", help="show who signs blocks, and what it stakes on that")
    status.set_defaults(run=run_status)
    put = verbs.add_parser("put", help="add to the bond")
    put.add_argument("eth", metavar="ETH", help="how much, such as 10 or 0.5")
    put.set_defaults(run=run_put)
    leave = verbs.add_parser("leave", help="promise no more, so that the bond can be taken later")
    leave.set_defaults(run=run_leave)
    take = verbs.add_parser("take", help="take the bond back, once every promise was judged")
    take.set_defaults(run=run_take)
    for verb in (status, put, leave, take):
        verb.add_argument("--l1", metavar="HOST:PORT", help="address of L1 (default: $SEXTANT_L1)")
        verb.add_argument(
            "--instance", type=instance_number, metavar="N", help="the devnet's L1: adds 100 * N"
        )
        if verb is not status:
            add_key_options(verb)
        add_output_options(verb)


def with_l1(
    arguments: argparse.Namespace, key: bytes, work: Callable[[Any], Awaitable[Any]]
) -> Any:  # noqa: ANN401  the adapter stands above this package
    """Connect to L1, do the work, and let go."""
    from prover.inquiry import reach_once

    async def run() -> Any:  # noqa: ANN401  whatever the work gives
        target = L1_PLACE.resolve(arguments.l1, arguments.instance)
        l1 = import_module("node.l1.adapter").GrpcL1(target, key, on_stuck=say)
        try:
            await reach_once(l1, target)
            return await work(l1)
        finally:
            await l1.close()

    return asyncio.run(run())


def run_status(arguments: argparse.Namespace) -> int:
    """Show the signer and the bond."""

    async def work(l1: Any) -> dict[str, Any]:  # noqa: ANN401  see with_l1
        rules, totals = await l1.deployment(), await l1.totals()
        return {
            "signer": rules.signer,
            "bond_gwei": totals.sequencer_bond_gwei,
            "left_ms": totals.sequencer_left_ms,
            "receipt_deadline_ms": rules.rules.receipt_deadline_ms,
        }

    found = with_l1(arguments, b"", work)
    if arguments.json:
        print_json("bond", found)
        return EXIT_OK
    left = found["left_ms"]
    print_pairs(
        [
            ("signer", found["signer"] if any(found["signer"]) else "nobody: nothing is promised"),
            ("bond", f"{found['bond_gwei'] / GWEI_PER_ETH:g} ETH"),
            ("on L1 within", f"{found['receipt_deadline_ms'] / 1000:g} s of a block's time"),
            ("leaving", f"since {show_time(left)}" if left else "no"),
        ]
    )
    return EXIT_OK


def send(arguments: argparse.Namespace, make: Callable[[Any], Awaitable["Call | None"]]) -> int:
    """Send one call of the operator's, and say what became of it."""

    async def work(l1: Any) -> Any:  # noqa: ANN401  see with_l1
        call = await make(l1)
        return None if call is None else await l1.send(call)

    receipt = with_l1(arguments, read_key(arguments).reveal(), work)
    if receipt is None:
        say("no claim has been final for long enough: try again later")
        return EXIT_NO
    if arguments.json:
        told = {"code": receipt.code.name, "value": receipt.value, "l1_block": receipt.block}
        print_json("bond.call", told)
    elif receipt.ok:
        print_pairs([("done in L1 block", receipt.block), (arguments.verb, receipt.value)])
    else:
        say(receipt.message)
    return EXIT_OK if receipt.ok else EXIT_NO


def run_put(arguments: argparse.Namespace) -> int:
    """Add to the bond."""
    from prover.contract.calls import BondSequencer

    amount = read_decimal(arguments.eth)
    if not 0 < amount * GWEI_PER_ETH <= U64_MAX:
        raise BadRequest("AMOUNT", f"{arguments.eth} ETH is no bond", advice="such as 10")

    async def make(l1: Any) -> "Call":  # noqa: ANN401  see with_l1
        del l1
        return BondSequencer(int(amount * GWEI_PER_ETH))

    return send(arguments, make)


def run_leave(arguments: argparse.Namespace) -> int:
    """Say that no more is promised."""
    from prover.contract.calls import LeaveBond

    async def make(l1: Any) -> "Call":  # noqa: ANN401  see with_l1
        del l1
        return LeaveBond()

    return send(arguments, make)


def run_take(arguments: argparse.Namespace) -> int:
    """Take the bond back under the newest claim that has been final for a window."""
    from prover.contract.calls import TakeBond
    from prover.contract.records import ClaimStatus

    async def make(l1: Any) -> "Call | None":  # noqa: ANN401  see with_l1
        rules, now = await l1.deployment(), (await l1.head()).latest.time
        newest = seen = 0
        while page := await l1.claims(seen):
            seen += len(page)
            for claim in (posted.claim for posted in page):
                old = claim.time + 2 * rules.window_ms <= now
                if claim.number and old and claim.status is ClaimStatus.FINAL:
                    newest = claim.number
        return TakeBond(newest) if newest else None

    return send(arguments, make)
