"""Which devnet a command is about: ``--instance``, ``--datadir`` and the environment."""

import argparse
from pathlib import Path

from devnet.layout import Layout, layout_of
from sextant.cli.numbers import instance_number
from sextant.client.environment import INSTANCE_VARIABLE, instance_of


def add_place(parser: argparse.ArgumentParser) -> None:
    """Declare which devnet a command is about."""
    parser.add_argument(
        "--instance",
        type=instance_number,
        metavar="N",
        help=f"which devnet: adds 100 * N to every port (default: ${INSTANCE_VARIABLE}, else 0)",
    )
    parser.add_argument(
        "--datadir", type=Path, help="its data directory (default: under XDG_DATA_HOME)"
    )


def place_of(arguments: argparse.Namespace) -> Layout:
    """Return the layout that a command line, or else the environment, names.

    Raises
    ------
    BadRequest
        ``INSTANCE``: the environment names none that can be.
    """
    return layout_of(instance_of(arguments.instance), arguments.datadir)
