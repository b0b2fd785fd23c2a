"""``sextant attester``: vouch for claims with a stake, so that others need not wait."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sextant.cli.numbers import whole
from sextant.cli.on_l1 import run_on_l1
from sextant.cli.options import (
    add_key_options,
    add_l1_options,
    add_node_options,
    examples,
    l1_target,
)
from sextant.cli.output import print_json, print_pairs, print_table, say, show_time
from sextant.cli.session import policy_of, read_key
from sextant.client.amounts import show_decimal
from sextant.client.attesters import AttesterBook, Attesters
from sextant.client.l1_sender import L1Receipt
from sextant.errors import EXIT_OK, BadRequest
from statemachine.errors import StorageCorrupt

if TYPE_CHECKING:  # heavy: only the command that needs it loads it
    from prover.keeper import Disk
    from prover.l1 import L1

PAUSE_SECONDS: Final = 0.25


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    parser.epilog = examples(
        "sextant attester join 100000 --as alice",
        "sextant attester run --as alice",
        "sextant attester list",
        "sextant attester leave --as alice",
        note="the BLS key follows from the L1 key",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    join = verbs.add_parser("join", help="stake tokens on your BLS key")
    join.add_argument("amount", metavar="USDC", help="how much, such as 100000")
    join.set_defaults(run=run_join)
    run = verbs.add_parser("run", help="judge every claim, and vouch for those that are right")
    run.add_argument(
        "--every",
        type=whole(1),
        default=1,
        metavar="N",
        help="only claims of each N-th log entry: all attesters choose the same"
        " (default: %(default)s)",
    )
    run.add_argument(
        "--datadir",
        type=Path,
        metavar="DIR",
        help="what he has vouched for, and his state (default: $XDG_DATA_HOME/sextant/attester/"
        "ADDRESS; nothing is kept for a devnet's key)",
    )
    run.set_defaults(run=run_attester)
    listing = verbs.add_parser("list", help="list attesters, and what they vouch for")
    listing.set_defaults(run=run_list)
    leave = verbs.add_parser("leave", help="attest no more; the stake stays for a while")
    leave.set_defaults(run=run_leave)
    take = verbs.add_parser("take", help="take the stake back, once it is free")
    take.set_defaults(run=run_take)
    slash = verbs.add_parser("slash", help="take the stakes of who vouched for a claim that lost")
    slash.add_argument("claim", type=whole(), metavar="CLAIM", help="its number on L1")
    slash.set_defaults(run=run_slash)
    for verb in (join, run, listing, leave, take, slash):
        add_l1_options(verb, sends=True)
        if verb is not listing:
            add_key_options(verb)
        add_node_options(verb)


def run_join(arguments: argparse.Namespace) -> int:
    """Stake tokens."""
    receipt = run_on_l1(arguments, Attesters, lambda attesters: attesters.join(arguments.amount))
    return show(arguments, "attester.join", receipt, [("attester", receipt.value)])


def run_leave(arguments: argparse.Namespace) -> int:
    """Attest no more."""
    receipt = run_on_l1(arguments, Attesters, Attesters.leave)
    free = [("stake may be taken from", show_time(receipt.value))]
    return show(arguments, "attester.leave", receipt, free)


def run_take(arguments: argparse.Namespace) -> int:
    """Take a stake back."""
    receipt = run_on_l1(arguments, Attesters, Attesters.take)
    return show(arguments, "attester.take", receipt, [("micros", receipt.value)])


def run_slash(arguments: argparse.Namespace) -> int:
    """Slash who lied."""
    receipt = run_on_l1(arguments, Attesters, lambda attesters: attesters.slash(arguments.claim))
    return show(arguments, "attester.slash", receipt, [("micros slashed", receipt.value)])


def show(
    arguments: argparse.Namespace,
    schema: str,
    receipt: L1Receipt,
    rows: list[tuple[str, object]] | list[tuple[str, int]] | list[tuple[str, str]],
) -> int:
    """Print what became of a call."""
    if arguments.json:
        print_json(schema, {"l1": receipt})
    else:
        print_pairs([("L1 block", receipt.block), *rows])
    return EXIT_OK


def run_list(arguments: argparse.Namespace) -> int:
    """List attesters and attestations."""
    book: AttesterBook = run_on_l1(arguments, Attesters, Attesters.book, signs=False)
    if arguments.json:
        print_json("attesters", book)
        return EXIT_OK
    print_table(
        arguments,
        [">NUMBER", "ADDRESS", ">STAKE", "STATE"],
        [
            (one.number, f"0x{one.address.hex()}", one.stake, "attests" if one.active else "left")
            for one in book.attesters
        ],
        empty="there are no attesters",
    )
    print_table(
        arguments,
        [">CLAIM", "ATTESTERS", ">WEIGHT", "ENOUGH"],
        [
            (one.claim, ",".join(map(str, one.attesters)), one.weight, "yes" if one.enough else "")
            for one in book.attestations
        ],
        empty="nobody vouches for a claim",
    )
    print_pairs([("may be paid ahead", f"{show_decimal(book.room)} USDC")])
    return EXIT_OK


def run_attester(arguments: argparse.Namespace) -> int:
    """Judge and vouch until told to stop."""
    number = run_on_l1(arguments, Attesters, Attesters.number)
    key = read_key(arguments).reveal()
    database = open_store(arguments, key)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(keep_attesting(arguments, key, number, database))
    except StorageCorrupt as error:
        raise BadRequest("DATADIR", str(error)) from error
    finally:
        if database is not None:
            database.close()
    return EXIT_OK


def open_store(arguments: argparse.Namespace, key: bytes) -> "Disk | None":
    """Open what an attester keeps; ``None``, and a word about it, for a devnet's key."""
    from prover.keeper import SCHEMA
    from statemachine.identity.signing import address_of

    directory: Path | None = arguments.datadir
    if directory is None and arguments.devnet_name:
        say("a devnet's key: nothing is kept without --datadir")
        return None
    if directory is None:
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        name = f"0x{address_of(key).hex()}"
        directory = Path(base).expanduser() / "sextant" / "attester" / name
    storage = import_module("node.storage.database")
    try:
        store: Disk = storage.Database(directory / "store", SCHEMA, owner="attester")
    except (storage.StoreHeld, StorageCorrupt, OSError) as error:
        raise BadRequest("DATADIR", str(error)) from error
    return store


async def keep_attesting(
    arguments: argparse.Namespace, key: bytes, number: int, disk: "Disk | None"
) -> None:
    """Make rounds until a signal."""
    from prover.attester import Attester, Seal
    from prover.bls import default_bls, secret_from
    from prover.board import Board
    from prover.duty import DutySettings, make_core
    from prover.inquiry import reach_deployment
    from prover.patrol import Patrol
    from prover.vows import Vows

    l1: L1 = import_module("node.l1.adapter").GrpcL1(
        l1_target(arguments), key, policy=policy_of(arguments), on_stuck=say
    )
    task: asyncio.Task[Any] | None = asyncio.current_task()
    for sign in (signal.SIGINT, signal.SIGTERM):
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    settings = DutySettings(
        key=None,
        payee=b"",
        stay=True,
        pause=PAUSE_SECONDS,
        as_json=arguments.json,
        metrics_port=None,
        status=None,
    )
    try:
        deployment = await reach_deployment(l1, l1_target(arguments), PAUSE_SECONDS)
        core, keeper = await make_core(l1, deployment, disk, settings)
        board = Board("attest", sys.stdout, as_json=arguments.json, path=None, port=None)
        patrol = Patrol(l1, core, board, keeper, lambda: time.time_ns() // 1_000_000)
        seal = Seal(number, secret_from(key), default_bls())
        vows = Vows(disk, seal.bls.key_of(seal.secret))
        attester = Attester(patrol, seal, arguments.every, vows)
        patrol.note("info", f"attester {number}: rules {deployment.rules.hash.hex()[:16]}.. known")
        await attester.run(PAUSE_SECONDS)
    finally:
        await l1.close()
