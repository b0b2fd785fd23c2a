"""The challenger's commands."""

from prover.cli.commands import add_commands

__all__ = ["add_commands"]
