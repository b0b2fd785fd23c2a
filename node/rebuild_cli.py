"""``sextant rebuild``: make a node's store anew, from L1's data and genesis alone."""

import argparse
import sys

EXIT_NO = 1
EXIT_USAGE = 2
EXIT_UNREADABLE = 3


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare ``sextant rebuild``."""
    from node.sources import add_flags

    parser.add_argument(
        "--from-l1",
        action="store_true",
        required=True,
        help="read L1's log and inbox from their beginning",
    )
    parser.add_argument(
        "--until",
        type=entries_count,
        metavar="N",
        help="from the first N log entries alone: what was there then (a follower or poster)",
    )
    add_flags(parser)
    parser.set_defaults(run=rebuild_node)


def entries_count(text: str) -> int:
    """Return a number of log entries; 0 is genesis."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of log entries")
    return int(text)


def rebuild_node(arguments: argparse.Namespace) -> int:
    """Rebuild the store of the role that the settings name; return the exit code."""
    import asyncio

    from node.l1.adapter import GrpcL1
    from node.l1.archives import archives_of
    from node.process.keyfile import load_key
    from node.process.logs import configure_logs
    from node.rebuild import RebuildRefused, Rebuilt, rebuild
    from node.roles import key_path
    from node.sources import SettingsInvalid, load_arguments
    from statemachine.errors import SextantError

    def tell(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    try:
        settings = load_arguments(arguments).settings
    except SettingsInvalid as error:
        tell(f"sextant rebuild: {error}")
        return EXIT_USAGE
    configure_logs(settings.log)

    async def work() -> Rebuilt:
        signs = settings.role == "sequencer"
        key = load_key(key_path(settings, settings.sequencer.key_file)) if signs else b""
        l1 = GrpcL1(settings.l1.target, archives=archives_of(settings.l1.archives))
        try:
            return await rebuild(settings.directory, settings.role, l1, key, tell, arguments.until)
        finally:
            await l1.close()

    try:
        made = asyncio.run(work())
    except RebuildRefused as error:
        tell(f"sextant rebuild: {error}")
        return EXIT_NO
    except (SextantError, OSError) as error:
        tell(f"sextant rebuild: {error}")
        return EXIT_UNREADABLE
    sys.stdout.write(
        f"{settings.role}: {made.log_index} log entries, {made.height} blocks, "
        f"root {made.root.hex()}; agrees with L1's final claim {made.claim}\n"
    )
    if settings.role == "sequencer":
        tell("what was acknowledged and is not on L1 is lost: its receipts are broken promises")
    return 0
