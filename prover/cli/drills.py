"""``sextant challenger drill``: does this set-up catch a fraud, and how fast.

Without ``--fork`` on synthetic traffic, with nothing but this program.  With it on a fork
of the L1 that is watched: its data, its rules, its contract, and a false claim after its
newest entry.
"""

import argparse
import asyncio
import json
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prover.cli.places import (
    EXIT_NO,
    EXIT_OK,
    add_l1,
    complain,
    connect_by,
    l1_of,
    print_line,
)
from prover.durations import tell_duration
from sextant.cli.numbers import whole
from statemachine.errors import SextantError

if TYPE_CHECKING:  # a name of argparse that only checkers see, and what is heavy
    from prover.inquiry import Connect
    from prover.rehearsal import Rehearsal

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  no other name

DRILL_ADDRESS: Final = b"\xd1" * 20
"""Who defends in a drill without a key."""
NS: Final = 1_000_000_000


def add_drill(commands: "Commands") -> None:
    """Add the command."""
    drill = commands.add_parser("drill", help="play a fraud, and convict it")
    drill.add_argument(
        "--fork", action="store_true", help="on a fork of L1, with a false claim after its log"
    )
    add_l1(drill)
    drill.add_argument("--datadir", type=Path, help="--fork: note there when a drill was won")
    drill.add_argument(
        "--key-file", type=Path, help="--fork: the defender's key; can it pay for a dispute?"
    )
    drill.add_argument("--faults", type=whole(1), default=50, help="random segments to corrupt")
    drill.add_argument("--seed", type=int, default=1, help="of traffic and choices")
    drill.add_argument("--bystanders", type=whole(), default=0, help="accounts that do nothing")
    drill.add_argument("--json", action="store_true", help="print one JSON object")
    drill.set_defaults(run=run_drill)


def run_drill(arguments: argparse.Namespace) -> int:
    """Play one fraud on a fork, or many on synthetic traffic."""
    return drill_on_fork(arguments) if arguments.fork else drill_synthetic(arguments)


def drill_synthetic(arguments: argparse.Namespace) -> int:
    """Corrupt random segments of synthetic entries, and convict each claim."""
    from prover.drill import Drill, tell_report

    drill = Drill(arguments.seed, time.perf_counter_ns, arguments.bystanders)
    report = drill.run(arguments.faults, lambda line: None if arguments.json else print_line(line))
    if arguments.json:
        body = {
            "schema": 1,
            "convicted": report.convicted,
            "acquitted": report.acquitted,
            "witness_bytes_max": max(report.witness_bytes),
            "gas_max": max(report.gas),
            "verdict_ns_max": max(report.verdict_ns),
            "proof_ns_max": max(report.proof_ns),
            "failures": report.failures,
        }
        print_line(json.dumps(body))
    else:
        for line in tell_report(report):
            print_line(line)
    return EXIT_NO if report.failures else EXIT_OK


def drill_on_fork(arguments: argparse.Namespace) -> int:
    """Fork the L1 that is watched, play a fraud, and say how it went."""
    from prover.bundle import decode_bundle
    from prover.duty import DRILL_NOTE
    from prover.inquiry import fetch_bundle
    from prover.rehearsal import rehearse_defence
    from statemachine.identity.signing import address_of

    target, connect = l1_of(arguments), connect_by(arguments)
    try:
        address = DRILL_ADDRESS
        if arguments.key_file is not None:
            key = import_module("node.process.keyfile").load_key(arguments.key_file)
            address = address_of(key)
        bundle = decode_bundle(asyncio.run(fetch_bundle(connect, target)))
        held, gas_price = asyncio.run(look_at_purse(connect, target, address))
        played = asyncio.run(
            rehearse_defence(
                bundle, address, time.perf_counter_ns, gas_price=gas_price, seed=arguments.seed
            )
        )
        has_purse = arguments.key_file is None or held >= played.spent_gwei
        if played.won and has_purse and arguments.datadir is not None:
            arguments.datadir.mkdir(parents=True, exist_ok=True)
            note = arguments.datadir / DRILL_NOTE
            note.write_text(json.dumps(played.as_dict()) + "\n")
    except (SextantError, OSError) as error:
        return complain(error)
    if arguments.json:
        print_line(json.dumps({**played.as_dict(), "held_gwei": held}))
    else:
        for line in [*played.lines, *tell_rehearsal(played)]:
            print_line(line)
        if not has_purse:
            print_line(f"the key holds {held} gwei on L1, a dispute took {played.spent_gwei}")
    return EXIT_OK if played.won and has_purse else EXIT_NO


async def look_at_purse(connect: "Connect", target: str, address: bytes) -> tuple[int, int]:
    """Return (gwei that an address holds on L1, L1's gas price)."""
    l1 = connect(target, None)
    try:
        return (await l1.account(address)).eth, (await l1.head()).gas_price
    finally:
        await l1.close()


def tell_rehearsal(played: "Rehearsal") -> list[str]:
    """Return what a rehearsal told, as lines."""
    took = played.proof_ns / NS
    return [
        f"derived {played.entries} log entries in {played.derive_ns / NS:.2f} s",
        f"false claim after entry {played.entry}, segment {played.segment}: "
        + ("CONVICTED" if played.won else "NOT CONVICTED")
        + f" after {took:.2f} s and {played.blocks} L1 blocks, "
        f"of a window of {tell_duration(played.window_ms)}",
        f"witness of {played.witness_bytes} bytes; fees {played.spent_gwei} gwei",
        f"the purse holds {played.reward_gwei} gwei more than before, at a gas price of "
        + str(played.gas_price),
    ]
