"""``sextant challenger``: check what proposers claim, and dispute what is wrong.

Exit codes: 0 all claims are right, 1 one is wrong, 2 bad usage, 3 L1 or a file
cannot be read, 70 a bug.  Data goes to stdout, talk to stderr.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prover.cli.bundles import add_bundles
from prover.cli.drills import add_drill
from prover.cli.kept import signed_blocks
from prover.cli.places import (
    EXIT_NO,
    EXIT_OK,
    EXIT_USAGE,
    add_l1,
    complain,
    connect_by,
    l1_of,
    note,
    print_line,
)
from prover.cli.reports import add_reports
from sextant.cli.numbers import U16_MAX, argument_of, whole
from sextant.client.names import read_address
from statemachine.errors import SextantError
from statemachine.units import DAY_MS

if TYPE_CHECKING:  # heavy: only the command that needs it loads it
    from prover.derivation import Recover
    from prover.roots import Roots
    from statemachine.identity.signing import Domain

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  no other name
    Run = Callable[[argparse.Namespace], int]

MICROS_PER_USDC: Final = 1_000_000
BALANCE_GWEI_MIN: Final = 10_000_000
"""What a defender should hold for gas: 0.01 ETH."""


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of this module to ``parser``."""
    commands = parser.add_subparsers(dest="challenger_command", required=True, metavar="COMMAND")
    add_duty(commands, "watch", "judge every claim; no key, no calls", run_watch)
    add_duty(commands, "defend", "judge every claim, and have wrong ones convicted", run_defend)
    add_bundles(commands)
    add_reports(commands)
    resume = commands.add_parser(
        "resume", help="finish one dispute by hand; 0: the claim is dead, 1: it is not"
    )
    resume.add_argument("claim", type=whole(), metavar="CLAIM", help="number of the claim")
    add_defender(resume)
    add_common(resume)
    resume.set_defaults(run=run_defend, dry_run=False)
    bonds = commands.add_parser("claim-bonds", help="get back bonds of claims that died")
    add_l1(bonds)
    bonds.add_argument("--key-file", type=Path, required=True, help="the proposer's L1 key")
    bonds.add_argument("--json", action="store_true", help="print one JSON object")
    bonds.set_defaults(run=run_claim_bonds)
    add_drill(commands)


def add_duty(commands: "Commands", name: str, text: str, run: "Run") -> None:
    """Add ``watch`` or ``defend``, which share most of their options."""
    duty = commands.add_parser(name, help=text)
    if name == "watch":
        duty.add_argument("--stay", action="store_true", help="go on after a wrong claim")
    else:
        add_defender(duty)
        duty.add_argument(
            "--dry-run",
            action="store_true",
            help="judge once; print calldata, cost and verdict of what would be sent, send nothing",
        )
    add_common(duty)
    duty.set_defaults(run=run)


def add_common(duty: argparse.ArgumentParser) -> None:
    """Add what every duty needs to know."""
    add_l1(duty)
    duty.add_argument("--datadir", type=Path, help="where to keep state and commitments")
    duty.add_argument(
        "--metrics-port", type=whole(0, U16_MAX), metavar="PORT", help="serve Prometheus here"
    )
    duty.add_argument("--poll-ms", type=whole(), default=250, help="pause between looks at L1")
    duty.add_argument(
        "--workers",
        type=int,
        choices=range(17),
        metavar="N",
        help="processes that recover signers of large batches ahead (default: by the processors); "
        "0: no processes for roots either",
    )
    duty.add_argument(
        "--value-at-risk-max",
        type=whole(),
        default=0,
        metavar="USDC",
        help="alarm if L1 holds more than this behind a claim's bond (default: no limit)",
    )
    duty.add_argument(
        "--data-days",
        type=whole(),
        default=0,
        metavar="DAYS",
        help="how long L1 keeps data: alarm before it drops any that matters (default: as L1 says)",
    )
    duty.add_argument(
        "--receipts",
        type=Path,
        metavar="DIR",
        help="signed blocks to compare with L1, as clients keep them"
        " ($XDG_STATE_HOME/sextant/receipts): alarm when a promise is broken",
    )
    duty.add_argument("--json", action="store_true", help="one JSON object per line")


def add_defender(duty: argparse.ArgumentParser) -> None:
    """Add the key, and what it may spend."""
    duty.add_argument("--key-file", type=Path, help="the L1 key to act with")
    duty.add_argument(
        "--balance-gwei-min", type=whole(), default=BALANCE_GWEI_MIN, help="alarm below this"
    )
    duty.add_argument(
        "--max-gas-price",
        type=whole(),
        default=0,
        metavar="GWEI",
        help="send nothing while 1,000,000 gas cost more than this (default: no limit)",
    )
    duty.add_argument(
        "--max-spend",
        type=whole(),
        default=0,
        metavar="GWEI",
        help="send nothing that takes all fees beyond this, less what convictions paid back, "
        "restarts included (default: no limit)",
    )
    duty.add_argument(
        "--payee",
        type=argument_of(read_address),
        metavar="ADDRESS",
        help="who is paid; default: the key's",
    )


def run_watch(arguments: argparse.Namespace) -> int:
    """Judge claims until told to stop."""
    return run_duty(arguments, None)


def run_defend(arguments: argparse.Namespace) -> int:
    """Judge claims and act on wrong ones until told to stop."""
    if arguments.key_file is None:
        if arguments.dry_run:
            return run_duty(arguments, None)
        sys.stderr.write("sextant challenger: to act on L1 takes a --key-file; or use --dry-run\n")
        return EXIT_USAGE
    try:
        key = import_module("node.process.keyfile").load_key(arguments.key_file)
    except SextantError as error:
        return complain(error)
    return run_duty(arguments, key)


def run_duty(arguments: argparse.Namespace, key: bytes | None) -> int:
    """Run ``watch`` or ``defend`` to its end."""
    from prover.duty import DutySettings, keep_duty
    from prover.keeper import SCHEMA

    database = None
    try:
        if arguments.datadir is not None:
            owner = "challenger defend" if key else "challenger watch"
            database = import_module("node.storage.database").Database(
                arguments.datadir / "store", SCHEMA, owner
            )
        settings = DutySettings(
            key=key,
            payee=getattr(arguments, "payee", None) or b"",
            stay=key is not None or getattr(arguments, "stay", True),
            pause=arguments.poll_ms / 1_000,
            as_json=arguments.json,
            metrics_port=arguments.metrics_port,
            balance_gwei_min=getattr(arguments, "balance_gwei_min", 0),
            gas_price_max=getattr(arguments, "max_gas_price", 0),
            spend_gwei_max=getattr(arguments, "max_spend", 0),
            value_at_risk_max=arguments.value_at_risk_max * MICROS_PER_USDC,
            data_ms=arguments.data_days * DAY_MS,
            only=getattr(arguments, "claim", None),
            rehearses=getattr(arguments, "dry_run", False),
            recover=recovery_of(arguments.workers),
            signed=None if arguments.receipts is None else signed_blocks(arguments.receipts),
            roots=roots_of(arguments.workers),
            status=None if arguments.datadir is None else arguments.datadir / "status.json",
        )
        import_module("node.process.garbage").tame_collector()
        return asyncio.run(keep_duty(connect_by(arguments), l1_of(arguments), database, settings))
    except (SextantError, OSError, ValueError) as error:
        return complain(error)
    finally:
        if database is not None:
            database.close()


def recovery_of(workers: int | None) -> "Callable[[Domain], Recover] | None":
    """Return what makes a pool of so many workers; as many as there is room for by default."""
    if workers == 0:
        return None
    pool = import_module("node.process.recovery")
    count = workers or pool.workers_for(os.cpu_count() or 1)

    def make(domain: "Domain") -> "Recover":
        recover: Recover = pool.RecoveryPool(domain, count)
        return recover

    return make


def roots_of(workers: int | None) -> "Roots | None":
    """Return what computes roots in processes of its own, where there are processors for it."""
    processors = os.cpu_count() or 1
    if workers == 0 or processors == 1:
        return None
    pool = import_module("node.derivation.roots")
    roots: Roots = pool.RootPool(pool.workers_for(processors))
    return roots


def run_claim_bonds(arguments: argparse.Namespace) -> int:
    """Ask L1 for every bond of a proposer that waits there."""
    from prover.bonds import Payment, claim_bonds

    async def collect(key: bytes) -> list[Payment]:
        l1 = connect_by(arguments)(l1_of(arguments), key)
        try:
            return [paid async for paid in claim_bonds(l1, note)]
        finally:
            await l1.close()

    try:
        key = import_module("node.process.keyfile").load_key(arguments.key_file)
        payments = asyncio.run(collect(key))
    except SextantError as error:
        return complain(error)
    gwei = sum(paid.bond for paid in payments if paid.is_settled)
    refused = [paid for paid in payments if not paid.is_settled]
    if arguments.json:
        claims = [paid.claim for paid in payments if paid.is_settled]
        print_line(json.dumps({"schema": 1, "claims": claims, "gwei": gwei}))
    else:
        for paid in payments:
            told = "paid" if paid.is_settled else paid.receipt.message
            print_line(f"claim {paid.claim}: {paid.bond} gwei: {told}")
    return EXIT_NO if refused else EXIT_OK
