"""``sextant challenger list`` and ``status``: what a running challenger found, from its file.

The challenger replaces ``status.json`` whole on every change, so that these can be asked
at any time, whoever holds its store.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from prover.cli.places import EXIT_NO, EXIT_OK, EXIT_UNREADABLE, note
from prover.durations import tell_duration
from sextant.cli.numbers import whole

if TYPE_CHECKING:  # a name of argparse that only checkers see
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  no other name

ROOT_DIGITS: Final = 16


def add_reports(commands: "Commands") -> None:
    """Add the two commands."""
    listing = commands.add_parser("list", help="list the newest claims, and the open cases")
    listing.add_argument("--datadir", type=Path, required=True, help="the challenger's directory")
    listing.add_argument("--wrong", action="store_true", help="only what is wrong or doomed")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    listing.set_defaults(run=run_list)
    status = commands.add_parser("status", help="show what a running challenger found")
    status.add_argument("claim", nargs="?", type=whole(), metavar="CLAIM", help="about one claim")
    status.add_argument("--datadir", type=Path, required=True, help="his data directory")
    status.set_defaults(run=run_status)


def read_status(directory: Path) -> dict[str, Any] | None:
    """Return what the status file says; say why if there is none."""
    try:
        found: dict[str, Any] = json.loads((directory / "status.json").read_text())
    except FileNotFoundError:
        note(f"no challenger keeps its state in {directory}; name its --datadir")
    except OSError as error:
        note(f"{error.filename}: {error.strerror}")
    except ValueError as error:
        note(f"{directory}/status.json: {error}")
    else:
        return found
    return None


def stage_of(status: dict[str, Any], claim: int) -> dict[str, Any] | None:
    """Return the case about a claim, if there is one."""
    return next((case for case in status["cases"] if case["claim"] == claim), None)


def run_list(arguments: argparse.Namespace) -> int:
    """List claims as they stand; the exit code says whether one that stands is wrong."""
    status = read_status(arguments.datadir)
    if status is None:
        return EXIT_UNREADABLE
    claims = [
        {**claim, "case": None if (case := stage_of(status, claim["claim"])) is None else case}
        for claim in status["claims_seen"]
        if not arguments.wrong or claim["standing"] in {"wrong", "doomed"}
    ]
    if arguments.json:
        sys.stdout.write(json.dumps({"schema": 1, "claims": claims}) + "\n")
    else:
        sys.stdout.write(
            f"{'CLAIM':>7} {'HEIGHT':>9}  {'ROOT':18} {'STANDING':9} {'LEFT':>12}  CASE\n"
        )
        for claim in claims:
            left = tell_duration(claim["left_ms"]) if claim["left_ms"] else "-"
            root = claim["root"][:ROOT_DIGITS] + ".."
            stage = "-" if claim["case"] is None else claim["case"]["stage"]
            sys.stdout.write(
                f"{claim['claim']:>7} {claim['height']:>9}  {root:18} {claim['standing']:9}"
                f" {left:>12}  {stage}\n"
            )
    return EXIT_NO if any(claim["standing"] == "wrong" for claim in claims) else EXIT_OK


def run_status(arguments: argparse.Namespace) -> int:
    """Print the status file, or what it says of one claim."""
    status = read_status(arguments.datadir)
    if status is None:
        return EXIT_UNREADABLE
    if arguments.claim is None:
        sys.stdout.write(json.dumps(status, indent=1) + "\n")
        return EXIT_OK
    number = arguments.claim
    claim = next((each for each in status["claims_seen"] if each["claim"] == number), None)
    if claim is None:
        note(f"claim {number} is not among the newest that were seen; see `list`")
        return EXIT_UNREADABLE
    told = {**claim, "case": stage_of(status, number)}
    sys.stdout.write(json.dumps({"schema": 1, **told}, indent=1) + "\n")
    return EXIT_NO if claim["standing"] == "wrong" else EXIT_OK
