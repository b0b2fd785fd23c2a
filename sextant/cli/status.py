"""``sextant status``: what a node says about itself."""

import argparse

from sextant.cli.options import add_node_options, node_target
from sextant.cli.output import print_json, print_pairs, say, show_span, show_time
from sextant.cli.session import run_client
from sextant.client.models import Head, NodeStatus, Solvency
from sextant.errors import EXIT_NO, EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = "exit code 1: the node answers, but is not ready"
    add_node_options(parser)
    parser.set_defaults(run=run_status)


def run_status(arguments: argparse.Namespace) -> int:
    """Show the status of a node."""
    status = run_client(arguments, lambda client: client.status())
    if arguments.json:
        print_json("status", status)
    else:
        print_status(status, node_target(arguments))
        if status.l1_is_stub:
            say("the L1 is a STUB: it demonstrates the protocol, and gives no security")
    return EXIT_OK if status.ready else EXIT_NO


def show_deficits(solvency: Solvency) -> str:
    """Return the exchange's deficits in words, and what they cost whoever withdraws."""
    if not solvency.uncovered:
        return f"{solvency.deficits:,f} USDC, covered"
    paid = f"withdrawals are paid {solvency.payable:.4%}"
    return f"{solvency.deficits:,f} USDC, {solvency.uncovered:,f} UNCOVERED: {paid}"


def print_status(status: NodeStatus, target: str) -> None:
    """Print a status."""
    ready = "ready" if status.ready else f"NOT READY: {status.not_ready_because}"
    now = status.time_ms

    def head(one: Head) -> str:
        if not one.height:
            return "-"
        return f"{one.height:>9}  {show_time(one.time_ms, now_ms=now)}"

    print_pairs(
        [
            ("node", f"{status.role} at {target}, {ready}"),
            ("version", f"{status.version} {status.commit}".strip()),
            ("chain", f"{status.chain_id}, rollup 0x{status.rollup.hex()}"),
            ("rules", status.rules_hash),
            ("genesis", status.genesis_root),
            ("sequencer", status.sequencer),
            ("time", show_time(now)),
            ("unsafe", head(status.unsafe)),
            ("safe", head(status.safe)),
            ("final", head(status.final)),
            ("roots", head(status.roots)),
            ("L1", f"block {status.l1_latest}, final {status.l1_final}"),
            ("queue", f"{status.queue} transactions"),
            (
                "done",
                f"{status.transactions} transactions, {status.trades} trades since it started",
            ),
            ("insurance", f"{status.solvency.insurance:,f} USDC"),
            ("deficits", show_deficits(status.solvency)),
            ("may leave", f"{status.solvency.withdrawal_capacity:,f} USDC now"),
            ("up", show_span(status.uptime_ms / 1000)),
        ]
    )
