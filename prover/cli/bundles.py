"""``sextant challenger verify-batch``, ``export``, ``explain``: claims judged from a bundle."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from prover.cli.places import EXIT_NO, EXIT_OK, EXIT_UNREADABLE, add_l1, complain, connect_by, l1_of
from sextant.cli.numbers import whole
from statemachine.errors import SextantError

if TYPE_CHECKING:  # a name of argparse that only checkers see
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  no other name


def add_bundles(commands: "Commands") -> None:
    """Add the three commands."""
    verify = commands.add_parser("verify-batch", help="judge the claims of a file, offline")
    verify.add_argument("file", type=Path, metavar="FILE", help="a bundle; see `export`")
    verify.add_argument("--json", action="store_true", help="print one JSON object")
    verify.set_defaults(run=run_verify)
    export = commands.add_parser("export", help="write a bundle of what L1 has")
    export.add_argument("file", type=Path, metavar="FILE", help="the file to write")
    add_l1(export)
    export.set_defaults(run=run_export)
    explain = commands.add_parser("explain", help="say what is wrong with a claim")
    explain.add_argument("claim", type=whole(), metavar="CLAIM", help="number of the claim")
    add_l1(explain)
    explain.add_argument("--file", type=Path, help="read a bundle instead of asking L1")
    explain.add_argument("--json", action="store_true", help="print one JSON object")
    explain.set_defaults(run=run_explain)


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
    from prover.inquiry import fetch_bundle

    try:
        text = asyncio.run(fetch_bundle(connect_by(arguments), l1_of(arguments)))
        arguments.file.write_text(text)
    except (SextantError, OSError) as error:
        return complain(error)
    return EXIT_OK


def run_explain(arguments: argparse.Namespace) -> int:
    """Say what is wrong with one claim."""
    from prover.bundle import check_bundle, decode_bundle
    from prover.explain import explain_claim
    from prover.inquiry import fetch_bundle, fetch_deadline
    from statemachine.identity.signing import Domain, recover_signers

    deadline: dict[str, object] = {}
    try:
        if arguments.file is None:
            connect, target = connect_by(arguments), l1_of(arguments)
            text = asyncio.run(fetch_bundle(connect, target))
            deadline = asyncio.run(fetch_deadline(connect, target, arguments.claim))
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
        finding.derived.rules,
        finding.derived,
        finding.claim.output,
        finding.claim.trace,
        lambda transactions: recover_signers(domain, transactions),
    )
    told = {**deadline, **told}
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
