"""``sextant challenger``: check what proposers claim, and dispute what is wrong.

Exit codes: 0 all claims are right, 1 one is wrong, 2 bad usage, 3 L1 or a file
cannot be read, 70 a bug.  Data goes to stdout, talk to stderr.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sextant.cli.numbers import instance_number
from sextant.client.environment import L1 as L1_PLACE
from statemachine.errors import SextantError

if TYPE_CHECKING:  # heavy: only the command that needs it loads it
    from prover.derivation import Recover
    from prover.duty import Connect
    from prover.l1 import L1
    from statemachine.identity.signing import Domain

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  no other name
    Run = Callable[[argparse.Namespace], int]

EXIT_OK: Final = 0
EXIT_NO: Final = 1
EXIT_UNREADABLE: Final = 3
TARGET: Final = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})", re.ASCII)
PORT_MAX: Final = 65_535
BALANCE_GWEI_MIN: Final = 10_000_000
"""What a defender should hold for gas: 0.01 ETH."""


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of this module to ``parser``."""
    commands = parser.add_subparsers(dest="challenger_command", required=True, metavar="COMMAND")
    add_duty(commands, "watch", "judge every claim; no key, no calls", run_watch)
    add_duty(commands, "defend", "judge every claim, and have wrong ones convicted", run_defend)
    verify = commands.add_parser("verify-batch", help="judge the claims of a file, offline")
    verify.add_argument("file", type=Path, metavar="FILE", help="a bundle; see `export`")
    verify.add_argument("--json", action="store_true", help="print one JSON object")
    verify.set_defaults(run=run_verify)
    export = commands.add_parser("export", help="write a bundle of what L1 has")
    export.add_argument("file", type=Path, metavar="FILE", help="the file to write")
    add_l1(export)
    export.set_defaults(run=run_export)
    explain = commands.add_parser("explain", help="say what is wrong with a claim")
    explain.add_argument("claim", type=int, metavar="CLAIM", help="number of the claim")
    add_l1(explain)
    explain.add_argument("--file", type=Path, help="read a bundle instead of asking L1")
    explain.add_argument("--json", action="store_true", help="print one JSON object")
    explain.set_defaults(run=run_explain)
    status = commands.add_parser("status", help="show what a running challenger found")
    status.add_argument("--datadir", type=Path, required=True, help="his data directory")
    status.set_defaults(run=run_status)
    bonds = commands.add_parser("claim-bonds", help="get back bonds of claims that died")
    add_l1(bonds)
    bonds.add_argument("--key-file", type=Path, required=True, help="the proposer's L1 key")
    bonds.add_argument("--json", action="store_true", help="print one JSON object")
    bonds.set_defaults(run=run_claim_bonds)
    drill = commands.add_parser("drill", help="corrupt synthetic claims, and convict each")
    drill.add_argument("--faults", type=int, default=50, help="random segments to corrupt")
    drill.add_argument("--seed", type=int, default=1, help="of traffic and choices")
    drill.add_argument("--bystanders", type=int, default=0, help="accounts that do nothing")
    drill.add_argument("--json", action="store_true", help="print one JSON object")
    drill.set_defaults(run=run_drill)


def add_l1(parser: argparse.ArgumentParser) -> None:
    """Declare which L1 a command is about."""
    parser.add_argument(
        "--l1",
        type=l1_target,
        metavar="HOST:PORT",
        help="address of L1 (default: $SEXTANT_L1, else that of a devnet here)",
    )
    parser.add_argument(
        "--archives",
        default="",
        metavar="HOST:PORT,...",
        help="followers that keep the bytes of batches which L1 has dropped",
    )
    parser.add_argument(
        "--instance",
        type=instance_number,
        metavar="N",
        help="the devnet's L1: adds 100 * N to the port (default: $SEXTANT_INSTANCE, else 0)",
    )


def l1_of(arguments: argparse.Namespace) -> str:
    """Return the ``host:port`` that a command line, or else the environment, names."""
    return L1_PLACE.resolve(arguments.l1, arguments.instance)


def l1_target(text: str) -> str:
    """Return ``HOST:PORT`` as given; refuse what no connection could be made to."""
    found = TARGET.fullmatch(text)
    if found is None or not 0 < int(found[1]) <= PORT_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no HOST:PORT, such as 127.0.0.1:{L1_PLACE.port}"
        )
    return text


def add_duty(commands: "Commands", name: str, text: str, run: "Run") -> None:
    """Add ``watch`` or ``defend``, which share most of their options."""
    duty = commands.add_parser(name, help=text)
    add_l1(duty)
    duty.add_argument("--datadir", type=Path, help="where to keep state and commitments")
    duty.add_argument("--metrics-port", type=int, metavar="PORT", help="serve Prometheus here")
    duty.add_argument("--poll-ms", type=int, default=250, help="pause between looks at L1")
    duty.add_argument(
        "--workers",
        type=int,
        choices=range(17),
        metavar="N",
        help="processes that recover signers of large batches ahead (default: by the processors)",
    )
    duty.add_argument("--json", action="store_true", help="one JSON object per line")
    if name == "watch":
        duty.add_argument("--stay", action="store_true", help="go on after a wrong claim")
    else:
        duty.add_argument("--key-file", type=Path, required=True, help="the L1 key to act with")
        duty.add_argument(
            "--balance-gwei-min", type=int, default=BALANCE_GWEI_MIN, help="alarm below this"
        )
        duty.add_argument("--payee", metavar="ADDRESS", help="who is paid; default: the key's")
    duty.set_defaults(run=run)


def complain(error: object) -> int:
    """Say on stderr why a command cannot go on."""
    if isinstance(error, OSError) and error.strerror:
        error = ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    sys.stderr.write(f"sextant challenger: {error}\n")
    return EXIT_UNREADABLE


def connect_by(arguments: argparse.Namespace) -> "Connect":
    """Return what makes an adapter of a target, and of the key that it signs with.

    Loaded by name: the adapter stands above this package.
    """
    archives = import_module("node.l1.archives").archives_of(arguments.archives)

    def connect(target: str, key: bytes | None) -> "L1":
        adapter: L1 = import_module("node.l1.adapter").GrpcL1(target, key or b"", archives=archives)
        return adapter

    return connect


def run_watch(arguments: argparse.Namespace) -> int:
    """Judge claims until told to stop."""
    return run_duty(arguments, None)


def run_defend(arguments: argparse.Namespace) -> int:
    """Judge claims and act on wrong ones until told to stop."""
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
            payee=bytes.fromhex((getattr(arguments, "payee", None) or "").removeprefix("0x")),
            stay=key is not None or arguments.stay,
            pause=arguments.poll_ms / 1_000,
            as_json=arguments.json,
            metrics_port=arguments.metrics_port,
            balance_gwei_min=getattr(arguments, "balance_gwei_min", 0),
            recover=recovery_of(arguments.workers),
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


def run_verify(arguments: argparse.Namespace) -> int:
    """Judge a bundle; the exit code is the verdict."""
    from prover.bundle import check_bundle, decode_bundle

    try:
        bundle = decode_bundle(arguments.file.read_text())
        findings = check_bundle(bundle, lambda _: None)
    except OSError as error:
        return complain(error)
    except (UnicodeDecodeError, SextantError) as error:
        return complain(f"{arguments.file}: {error}")
    wrong = 0
    results = []
    for finding in findings:
        number = finding.claim.number
        root = finding.claim.output.post_root.hex()
        if not finding.judged:
            verdict = "cannot be judged: its entry or trace is not in the file"
        elif finding.fault is None:
            verdict = "right"
        else:
            wrong += 1
            verdict = f"WRONG: {finding.fault.kind.name}: {finding.fault.reason}"
        results.append({"claim": number, "root": root, "verdict": verdict})
    if arguments.json:
        sys.stdout.write(json.dumps({"schema": 1, "wrong": wrong, "claims": results}) + "\n")
    else:
        for result in results:
            sys.stdout.write(
                f"claim {result['claim']} root {result['root']}: {result['verdict']}\n"
            )
    if any(not finding.judged for finding in findings) or not findings:
        return EXIT_UNREADABLE if not wrong else EXIT_NO
    return EXIT_NO if wrong else EXIT_OK


def run_export(arguments: argparse.Namespace) -> int:
    """Write what L1 has into a bundle."""
    from prover.duty import fetch_bundle

    try:
        text = asyncio.run(fetch_bundle(connect_by(arguments), l1_of(arguments)))
        arguments.file.write_text(text)
    except (SextantError, OSError) as error:
        return complain(error)
    return EXIT_OK


def run_explain(arguments: argparse.Namespace) -> int:
    """Say what is wrong with one claim."""
    from prover.bundle import check_bundle, decode_bundle
    from prover.duty import fetch_bundle
    from prover.explain import explain_claim
    from statemachine.identity.signing import Domain, recover_signers

    try:
        if arguments.file is None:
            text = asyncio.run(fetch_bundle(connect_by(arguments), l1_of(arguments)))
        else:
            text = arguments.file.read_text()
        bundle = decode_bundle(text)
        findings = check_bundle(bundle, lambda _: None)
    except (OSError, UnicodeDecodeError, SextantError) as error:
        return complain(error)
    finding = next((f for f in findings if f.claim.number == arguments.claim), None)
    if finding is None or finding.derived is None:
        return complain(f"claim {arguments.claim}: L1 has none, or its entry is not there")
    rules = bundle.deployment.rules
    if finding.derived.parent.hash != finding.claim.output.previous_output:
        return complain(f"claim {arguments.claim} builds on another wrong claim; explain that one")
    domain = Domain(rules.chain_id, rules.rollup)
    told = explain_claim(
        rules,
        finding.derived,
        finding.claim.output,
        finding.claim.trace,
        lambda transactions: recover_signers(domain, transactions),
    )
    if arguments.json:
        sys.stdout.write(json.dumps({"schema": 1, "claim": arguments.claim, **told}) + "\n")
    else:
        for name, value in told.items():
            if isinstance(value, list):
                sys.stdout.write(f"{name}:\n")
                for row in value:
                    cells = " ".join(f"{k}={v}" for k, v in row.items())
                    sys.stdout.write(f"    {cells}\n")
            else:
                sys.stdout.write(f"{name:18} {value}\n")
    return EXIT_OK if told["agrees"] else EXIT_NO


def run_status(arguments: argparse.Namespace) -> int:
    """Print the status file of a running challenger."""
    try:
        sys.stdout.write((arguments.datadir / "status.json").read_text())
    except FileNotFoundError:
        return complain(f"no challenger keeps its state in {arguments.datadir}; name its --datadir")
    except OSError as error:
        return complain(error)
    return EXIT_OK


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


def note(line: str) -> None:
    """Write one line of talk."""
    sys.stderr.write(f"sextant challenger: {line}\n")


def run_drill(arguments: argparse.Namespace) -> int:
    """Corrupt random segments of synthetic entries, and convict each claim."""
    from prover.drill import Drill, tell_report

    drill = Drill(arguments.seed, time.perf_counter_ns, arguments.bystanders)
    report = drill.run(arguments.faults, lambda line: None if arguments.json else print_line(line))
    if arguments.json:
        sys.stdout.write(
            json.dumps(
                {
                    "schema": 1,
                    "convicted": report.convicted,
                    "acquitted": report.acquitted,
                    "witness_bytes_max": max(report.witness_bytes),
                    "gas_max": max(report.gas),
                    "verdict_ns_max": max(report.verdict_ns),
                    "proof_ns_max": max(report.proof_ns),
                    "failures": report.failures,
                }
            )
            + "\n"
        )
    else:
        for line in tell_report(report):
            print_line(line)
    return EXIT_NO if report.failures else EXIT_OK


def print_line(line: str) -> None:
    """Write one line of data."""
    sys.stdout.write(line + "\n")
