"""What the challenger's commands share: exit codes, where L1 is, how to talk.

Data goes to stdout, talk to stderr.
"""

import argparse
import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from sextant.cli.numbers import instance_number
from sextant.client.environment import L1 as L1_PLACE

if TYPE_CHECKING:  # heavy: only the command that needs it loads it
    from prover.inquiry import Connect
    from prover.l1 import L1

EXIT_OK: Final = 0
EXIT_NO: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNREADABLE: Final = 3
TARGET: Final = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})", re.ASCII)
PORT_MAX: Final = 65_535


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
        type=archive_targets,
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


def archive_targets(text: str) -> str:
    """Return ``HOST:PORT,...`` as given; refuse a part that no connection could be made to."""
    for part in filter(None, text.split(",")):
        l1_target(part.strip())
    return text


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
        adapter: L1 = import_module("node.l1.adapter").GrpcL1(
            target, key or b"", archives=archives, on_stuck=note
        )
        return adapter

    return connect


def note(line: object) -> None:
    """Write one line of talk."""
    sys.stderr.write(f"sextant challenger: {line}\n")


def print_line(line: str) -> None:
    """Write one line of data."""
    sys.stdout.write(line + "\n")
