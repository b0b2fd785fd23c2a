"""``sextant node``: run a sequencer, a poster or a follower, or ask one how it is."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # heavy: only the command that needs it loads it
    from google.protobuf.message import Message

EXIT_UNREADABLE = 3
EXIT_USAGE = 2
EXIT_BUG = 70
ASK_SECONDS = 5.0


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare ``sextant node run`` and ``sextant node status``."""
    from node.sources import add_flags
    from sextant.cli.numbers import instance_number

    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="run a node until it is told to stop")
    run.add_argument(
        "--propose",
        action="store_true",
        default=None,
        help="a follower: propose the right output where none was, or a wrong one died",
    )
    add_flags(run)
    run.set_defaults(run=run_node)
    status = commands.add_parser("status", help="ask a running node how it is")
    status.add_argument(
        "--target", help="host:port of its gRPC (default: $SEXTANT_NODE, else 127.0.0.1:50551)"
    )
    status.add_argument(
        "--instance",
        type=instance_number,
        metavar="N",
        help="devnet instance on this machine: ports + 100 * N (default: $SEXTANT_INSTANCE)",
    )
    status.add_argument("--json", action="store_true", help="print one JSON object")
    status.set_defaults(run=show_status)


def run_node(arguments: argparse.Namespace) -> int:
    """Run the role that the settings name; return the exit code."""
    import asyncio

    from node.process.logs import configure_logs
    from node.roles import NodeFailed, run_role
    from node.sources import SettingsInvalid, load_arguments
    from statemachine.errors import SextantError

    try:
        settings = load_arguments(arguments).settings
    except SettingsInvalid as error:
        sys.stderr.write(f"sextant: {error}\n")
        return EXIT_USAGE
    configure_logs(settings.log)
    try:
        asyncio.run(run_role(settings, propose=bool(arguments.propose)))
    except NodeFailed as error:
        sys.stderr.write(f"sextant: the {settings.role} has halted: {error}\n")
        return EXIT_BUG
    except (SextantError, OSError) as error:
        sys.stderr.write(f"sextant: {error}\n")
        return EXIT_UNREADABLE
    return 0


def show_status(arguments: argparse.Namespace) -> int:
    """Print a node's status; return the exit code."""
    import asyncio

    import grpc.aio

    from proto.sextant.v1 import query_pb2_grpc, status_pb2
    from sextant.client.connection import reason_of
    from sextant.client.environment import NODE, starter_of

    target = NODE.resolve(arguments.target, arguments.instance)

    async def ask() -> status_pb2.Status:
        async with grpc.aio.insecure_channel(target) as channel:
            query = query_pb2_grpc.QueryStub(channel)
            return await query.GetStatus(status_pb2.GetStatusRequest(), timeout=ASK_SECONDS)

    try:
        answer = asyncio.run(ask())
    except grpc.aio.AioRpcError as error:
        why = reason_of(error.details() or error.code().name)
        advice = f"`{starter_of(target)}` starts a devnet"
        sys.stderr.write(f"sextant: {target} does not answer ({why}); {advice}\n")
        return EXIT_UNREADABLE
    found = read_fields(answer)
    if arguments.json:
        sys.stdout.write(json.dumps({"schema": "sextant.status.v1", **found}) + "\n")
        return 0
    for name, value in found.items():
        text = " ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else value
        sys.stdout.write(f"{name:<31} {text}\n")
    return 0


def read_fields(message: "Message") -> dict[str, Any]:
    """Return the fields that are set as plain values: bytes in hex, wide numbers as text."""
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.message_type is not None:
            found[field.name] = read_fields(value)
        elif field.enum_type is not None:
            found[field.name] = field.enum_type.values_by_number[value].name
        else:
            wide = field.cpp_type in {field.CPPTYPE_INT64, field.CPPTYPE_UINT64}
            exact = str(value) if wide else value
            found[field.name] = f"0x{value.hex()}" if isinstance(value, bytes) else exact
    return found
