"""``sextant l1``: run the stub, and look at what it holds."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from devnet.l1.rules_cli import add_rules_commands
from sextant.cli.numbers import instance_number, read_span
from sextant.client.environment import L1 as L1_PLACE
from sextant.client.environment import starter_of
from sextant.errors import Unreachable

if TYPE_CHECKING:  # heavy: loaded by the command that needs it
    from collections.abc import Awaitable, Callable

    from node.l1.adapter import GrpcL1
    from prover.contract.rules import ContractRules

    Read = Callable[[GrpcL1], Awaitable[list[dict[str, Any]]]]

RETENTION: Final = "1572864s"
"""18.2 days, the least time that blobs are served on Ethereum (``chain.RETENTION_MS``)."""


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_run(commands.add_parser("run", help="run the stub until ctrl-C"))
    add_rules_commands(commands)
    for name, text, run in (
        ("status", "show tags, clock, deployment and totals", show_status),
        ("claims", "list the claims as they stand", show_claims),
        ("log", "list the log entries, without their bytes", show_log),
        ("mempool", "list the calls that wait for a block, with what they bid", show_mempool),
        ("account", "show what an address holds", show_account),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--l1",
            metavar="HOST:PORT",
            help="where the L1 listens (default: $SEXTANT_L1, else that of a devnet here)",
        )
        command.add_argument(
            "--instance", type=instance_number, metavar="N", help="the devnet's L1: adds 100 * N"
        )
        command.add_argument("--json", action="store_true", help="print JSON, one object a line")
        if name == "account":
            command.add_argument(
                "address", help="0x and 40 hex digits, or a devnet name such as alice"
            )
        command.set_defaults(run=run)


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``run``."""
    add = parser.add_argument
    add("--datadir", type=Path, required=True, help="directory of its store")
    add("--deployment", type=Path, help="file with the contract's rules; default: the devnet's")
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=50545, help="port of the service; 0 chooses one")
    add("--dev-port", type=int, default=50546, help="port of the controls, loopback only")
    add("--no-dev", action="store_true", help="serve no controls")
    add("--block-time-ms", type=int, default=1_000, help="interval; 0: a block for each call")
    add("--safe-blocks", type=int, default=1, help="how far the tag safe trails the latest block")
    add("--final-blocks", type=int, default=2, help="how far the tag final trails")
    add(
        "--base-fee",
        type=int,
        default=0,
        metavar="GWEI",
        help="of a million gas: where it begins, and how far it falls (default 0: gas is free "
        "until blocks are more than half full)",
    )
    add(
        "--retention",
        type=read_span,
        default=RETENTION,
        metavar="SPAN",
        help="how long the bytes of log entries are kept, such as 10m; 0s: without end (default "
        "%(default)s, as blobs on Ethereum)",
    )
    add(
        "--gas-target",
        type=int,
        default=30_000_000,
        metavar="GAS",
        help="gas of a block that leaves the base fee where it is; twice as much fits (default "
        "%(default)s)",
    )
    parser.set_defaults(run=run_stub)


def run_stub(arguments: argparse.Namespace) -> int:
    """Run the stub until ctrl-C."""
    import asyncio

    from devnet.l1.chain import ChainSettings
    from devnet.l1.server import DeploymentDiffers, StubSettings, serve
    from node.process.logs import configure_logs
    from node.settings import LogSettings
    from node.storage.database import StoreHeld
    from prover.verdict import judge_fault
    from statemachine.errors import SextantError

    configure_logs(LogSettings())
    try:
        settings = StubSettings(
            datadir=arguments.datadir,
            host=arguments.host,
            port=arguments.port,
            dev_port=None if arguments.no_dev else arguments.dev_port,
            block_ms=check_block_time(arguments.block_time_ms),
            chain=ChainSettings(
                arguments.safe_blocks,
                arguments.final_blocks,
                arguments.gas_target,
                arguments.base_fee,
                arguments.retention,
            ),
        )
    except ValueError as error:
        sys.stderr.write(f"sextant l1 run: {error}\n")
        return 2
    try:
        asyncio.run(serve(settings, load_deployment(arguments.deployment), judge_fault))
    except (DeploymentDiffers, StoreHeld, OSError, SextantError) as error:
        sys.stderr.write(f"sextant l1 run: {error}\n")
        return 3
    return 0


def check_block_time(block_ms: int) -> int:
    """Return the interval, or raise ``ValueError``."""
    if not 0 <= block_ms <= 3_600_000:
        raise ValueError(f"--block-time-ms: {block_ms}, need 0 to 3600000")
    return block_ms


def load_deployment(path: Path | None) -> "ContractRules":
    """Return the contract's rules in a file, or the devnet's."""
    from prover.contract.rules import decode_contract_rules

    if path is not None:
        return decode_contract_rules(path.read_bytes())
    from devnet.genesis import devnet_contract

    return devnet_contract()


def show_status(arguments: argparse.Namespace) -> int:
    """Show tags, clock, deployment and totals."""
    from devnet.l1.inspection import read_status

    return show(arguments, read_status)


def show_claims(arguments: argparse.Namespace) -> int:
    """List the claims as they stand."""
    from devnet.l1.inspection import read_claims

    return show(arguments, read_claims)


def show_log(arguments: argparse.Namespace) -> int:
    """List the log entries, without their bytes."""
    from devnet.l1.inspection import read_log

    return show(arguments, read_log)


def show_mempool(arguments: argparse.Namespace) -> int:
    """List the calls that wait."""
    from devnet.l1.inspection import read_mempool

    return show(arguments, read_mempool)


def show_account(arguments: argparse.Namespace) -> int:
    """Show what an address holds."""
    from functools import partial

    from devnet.identities import address_of_name
    from devnet.l1.inspection import read_account

    address = address_of_name(arguments.address)
    return show(arguments, partial(read_account, address=address))


def show(arguments: argparse.Namespace, read: "Read") -> int:
    """Ask the L1, and print its answer as JSON lines or as text."""
    from devnet.l1.inspection import ask

    target = L1_PLACE.resolve(arguments.l1, arguments.instance)
    rows = ask(target, read)
    if rows is None:
        advice = f"is it running? `{starter_of(target)}` starts one, or `sextant l1 run`"
        raise Unreachable("UNREACHABLE", f"no answer from the L1 at {target}", advice=advice)
    for row in rows:
        if arguments.json:
            sys.stdout.write(json.dumps({"schema": 1, **row}) + "\n")
        else:
            sys.stdout.write("  ".join(f"{name} {value}" for name, value in row.items()) + "\n")
    return 0
