"""``sextant oracle``: run one of the devnet's price publishers."""

import argparse
import asyncio
from pathlib import Path
from typing import Final

from sextant.cli.numbers import instance_number
from sextant.client.environment import NODE

DEFAULT_SEED: Final = 7
PERIOD_MS: Final = 1_000


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare ``sextant oracle run``."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="publish prices until stopped")
    run.add_argument("--publisher", type=int, required=True, metavar="I", help="which one: 0, 1, 2")
    run.add_argument(
        "--target",
        metavar="HOST:PORT",
        help="of the sequencer (default: $SEXTANT_NODE, else that of a devnet here)",
    )
    run.add_argument(
        "--instance",
        type=instance_number,
        metavar="N",
        help="the devnet: adds 100 * N to the port (default: $SEXTANT_INSTANCE, else 0)",
    )
    run.add_argument("--seed", type=int, default=DEFAULT_SEED, help="seed of the random walk")
    run.add_argument("--script", type=Path, help="file of lines: SECONDS MARKET PRICE")
    run.add_argument("--held", type=Path, required=True, help="file of the prices held by hand")
    run.add_argument(
        "--period-ms", type=int, default=PERIOD_MS, help="interval (default %(default)s)"
    )
    run.set_defaults(run=run_publisher)


def run_publisher(arguments: argparse.Namespace) -> int:
    """Publish until SIGTERM; returns the exit code."""
    from devnet.commands import run_until_stopped
    from devnet.identities import PUBLISHERS, identity_of
    from devnet.prices import HeldPrices, PricesInvalid, read_script
    from devnet.publisher import PriceSource, Publisher
    from sextant.client.session import Session
    from sextant.errors import BadRequest

    if not 0 <= arguments.publisher < len(PUBLISHERS):
        raise BadRequest("PUBLISHER", f"there are publishers 0 to {len(PUBLISHERS) - 1}")
    try:
        script = read_script(arguments.script) if arguments.script else ()
    except PricesInvalid as error:
        raise BadRequest("SCRIPT", str(error)) from error

    target = NODE.resolve(arguments.target, arguments.instance)

    async def publish() -> None:
        async with Session(target, verify=False) as session:
            started = await wait_for_clock(session)
            source = PriceSource(
                HeldPrices(arguments.held), script, arguments.seed, arguments.publisher, started
            )
            identity = identity_of(PUBLISHERS[arguments.publisher])
            await Publisher(identity, source, session, arguments.period_ms).run()

    async def wait_for_clock(session: Session) -> int:
        from sextant.errors import ClientError

        while True:
            try:
                return await session.sync_clock()
            except ClientError:
                await asyncio.sleep(0.2)

    return run_until_stopped(publish)
