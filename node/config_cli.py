"""``sextant config``: every setting as it would be in force, and where it came from."""

import argparse
import json
import sys
from typing import Any

from node.sources import SettingsInvalid, add_flags, load_arguments


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare ``sextant config``."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    show = commands.add_parser("show", help="print every setting as it would be in force")
    show.add_argument("--origin", action="store_true", help="say where each value came from")
    show.add_argument("--json", action="store_true", help="print one JSON object")
    add_flags(show)
    show.set_defaults(run=show_settings)


def show_settings(arguments: argparse.Namespace) -> int:
    """Print the effective settings; returns the exit code."""
    try:
        loaded = load_arguments(arguments)
    except SettingsInvalid as error:
        sys.stderr.write(f"sextant: {error}\n")
        return 2
    if arguments.json:
        values: dict[str, Any] = {"schema": "sextant.config.v1", "settings": loaded.values}
        if arguments.origin:
            values["origins"] = loaded.origins
        sys.stdout.write(json.dumps(values, indent=2) + "\n")
        return 0
    for name, value in loaded.values.items():
        line = f"{name} = {json.dumps(value)}"
        sys.stdout.write(
            f"{line:<48}  # {loaded.origins[name]}\n" if arguments.origin else line + "\n"
        )
    return 0
