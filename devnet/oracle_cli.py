"""``sextant oracle``: run one of the devnet's price publishers."""

import argparse
from functools import partial
from pathlib import Path
from typing import Final

from sextant.cli.numbers import instance_number, whole
from sextant.client.environment import FOLLOWER, L1, NODE

DEFAULT_SEED: Final = 7
PERIOD_MS: Final = 1_000
FALLBACK_MS: Final = 15_000
"""How long the sequencer may take no price before L1 is told."""
L1_PERIOD_MS: Final = 20_000
"""Between two rounds on L1: well below the age at which a price is stale, and no faster."""


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
    run.add_argument(
        "--l1",
        metavar="HOST:PORT",
        help="of L1, where prices go that no sequencer takes (default: $SEXTANT_L1, else that of"
        " a devnet here)",
    )
    run.add_argument(
        "--fallback-ms",
        type=whole(),
        default=FALLBACK_MS,
        metavar="MS",
        help="how long the sequencer may take no price, or post none, before L1 is told; 0: L1"
        " never is (default %(default)s)",
    )
    run.add_argument(
        "--follower",
        metavar="HOST:PORT",
        help="who derives all from L1, and tells what prices the log has (default:"
        " $SEXTANT_FOLLOWER, else that of a devnet here)",
    )
    run.add_argument(
        "--l1-period-ms",
        type=whole(1),
        default=L1_PERIOD_MS,
        metavar="MS",
        help="interval there; each message is paid for (default %(default)s)",
    )
    run.set_defaults(run=run_publisher)


def run_publisher(arguments: argparse.Namespace) -> int:
    """Publish until SIGTERM; returns the exit code."""
    from devnet.commands import run_until_stopped
    from devnet.identities import PUBLISHERS, identity_of
    from devnet.last_resort import LastResort, oldest_index, wait_for_clock
    from devnet.prices import HeldPrices, PricesInvalid, read_script
    from devnet.publisher import Publisher
    from devnet.quotes import PriceSource
    from node.l1.adapter import GrpcL1
    from sextant.client.connection import TIMEOUT_S
    from sextant.client.session import Session
    from sextant.errors import BadRequest

    number: int = arguments.publisher
    if not 0 <= number < len(PUBLISHERS):
        raise BadRequest("PUBLISHER", f"there are publishers 0 to {len(PUBLISHERS) - 1}")
    try:
        script = read_script(arguments.script) if arguments.script else ()
    except PricesInvalid as error:
        raise BadRequest("SCRIPT", str(error)) from error

    target = NODE.resolve(arguments.target, arguments.instance)
    follower = FOLLOWER.resolve(arguments.follower, arguments.instance)
    identity = identity_of(PUBLISHERS[number])
    patience_s = arguments.fallback_ms / 1_000
    timeout = min(TIMEOUT_S, patience_s / 3 or TIMEOUT_S)

    async def publish() -> None:
        l1 = GrpcL1(L1.resolve(arguments.l1, arguments.instance), identity.key, timeout)
        try:
            async with (
                Session(target, verify=False, timeout=timeout) as session,
                Session(follower, verify=False, timeout=timeout) as derived,
            ):
                started = await wait_for_clock(session, l1 if patience_s else None)
                held = HeldPrices(arguments.held)
                source = PriceSource(held, script, arguments.seed, number, started)
                period_s = arguments.l1_period_ms / 1_000
                look = partial(oldest_index, derived)
                fallback = LastResort(l1, identity, source, patience_s, period_s, look)
                publisher = Publisher(
                    identity,
                    source,
                    session,
                    arguments.period_ms,
                    fallback if patience_s else None,
                )
                await publisher.run()
        finally:
            await l1.close()

    return run_until_stopped(publish)
