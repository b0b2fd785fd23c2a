"""The options that commands share: where the node is, which key signs, how to print."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sextant.cli.numbers import instance_number, read_timeout, whole
from sextant.client.environment import (
    FOLLOWER,
    INSTANCE_PORTS,
    INSTANCE_VARIABLE,
    L1,
    NODE,
)

TIMEOUT_S: Final = 10.0

Run = Callable[[argparse.Namespace], int]


def examples(*commands: str, note: str = "") -> str:
    """Return what stands at the end of a command's help: a line for each example, then a note."""
    head = "example:" if len(commands) == 1 else "examples:"
    lines = [head, *[f"  {command}" for command in commands]]
    return "\n".join([*lines, "", note] if note else lines)


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add how to print: ``--json`` and ``--color``."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print one JSON object for programs")
    group.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="tables and colour: auto is only on a terminal, and not with NO_COLOR set",
    )


def add_node_options(parser: argparse.ArgumentParser) -> None:
    """Add where the node is."""
    group = parser.add_argument_group("node")
    group.add_argument(
        "--node",
        metavar="HOST:PORT",
        help=f"node to talk to (default: ${NODE.variable}, else 127.0.0.1:{NODE.port})",
    )
    group.add_argument(
        "--instance",
        type=instance_number,
        metavar="N",
        help=f"devnet instance on this machine: ports + {INSTANCE_PORTS} * N"
        f" (default: ${INSTANCE_VARIABLE}, else 0)",
    )
    group.add_argument(
        "--follower",
        metavar="HOST:PORT",
        help="follower to ask for proofs of older states"
        f" (default: ${FOLLOWER.variable}, else 127.0.0.1:{FOLLOWER.port})",
    )
    group.add_argument(
        "--sequencer",
        metavar="ADDRESS",
        help="who must have signed blocks and receipts (default: whom the node names)",
    )
    group.add_argument(
        "--timeout",
        type=read_timeout,
        default=TIMEOUT_S,
        metavar="S",
        help="seconds that one call may take (default: %(default)g)",
    )
    add_output_options(parser)


def add_l1_options(
    parser: "argparse.ArgumentParser | argparse._ArgumentGroup", *, sends: bool = False
) -> None:
    """Add where the L1 is, and what a command that ``sends`` calls may bid for gas."""
    parser.add_argument(
        "--l1",
        metavar="HOST:PORT",
        help=f"L1 to talk to (default: ${L1.variable}, else 127.0.0.1:{L1.port})",
    )
    if not sends:
        return
    parser.add_argument(
        "--max-gas-price",
        type=whole(),
        default=0,
        metavar="GWEI",
        help="most that a call to L1 bids for a million gas; it waits while gas is dearer"
        " (default: no limit)",
    )


def add_key_options(parser: argparse.ArgumentParser) -> None:
    """Add which key signs, and for which sub-account.  A key itself is never an argument."""
    group = parser.add_argument_group("key")
    choice = group.add_mutually_exclusive_group()
    choice.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="file with the key or a keystore, mode 0600"
        " (default: $SEXTANT_KEY_FILE, else ~/.config/sextant/key)",
    )
    choice.add_argument(
        "--key-env", metavar="NAME", help="name of an environment variable that holds the key"
    )
    choice.add_argument(
        "--as",
        dest="devnet_name",
        metavar="NAME",
        help="sign as one of the devnet's UNSAFE identities, such as alice",
    )
    group.add_argument(
        "--sub",
        type=whole(0, 255),
        default=0,
        metavar="N",
        help="sub-account (default: %(default)s)",
    )


def names_key(arguments: argparse.Namespace) -> bool:
    """Return whether the options name a key, whose own things can be shown too."""
    return any((arguments.devnet_name, arguments.key_file, arguments.key_env))


def add_shares(parser: argparse.ArgumentParser) -> None:
    """Add how many shares, all of them if nothing is said."""
    parser.add_argument(
        "shares",
        metavar="SHARES",
        nargs="?",
        type=whole(),
        default=0,
        help="how many (default: all)",
    )


def add_rounding(parser: argparse.ArgumentParser) -> None:
    """Add the consent to rounding."""
    parser.add_argument(
        "--round",
        dest="rounding",
        choices=("down", "up", "nearest"),
        help="move a price or size that is not on the grid; without it such a number is refused",
    )


def node_target(arguments: argparse.Namespace) -> str:
    """Return ``host:port`` of the node: flag, instance, environment, default."""
    return NODE.resolve(arguments.node, arguments.instance)


def follower_target(arguments: argparse.Namespace) -> str:
    """Return ``host:port`` of the follower."""
    return FOLLOWER.resolve(arguments.follower, arguments.instance)


def l1_target(arguments: argparse.Namespace) -> str:
    """Return ``host:port`` of the L1."""
    return L1.resolve(getattr(arguments, "l1", None), arguments.instance)
