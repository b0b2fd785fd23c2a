"""``sextant bot``: run a market maker or a taker of the devnet."""

import argparse
from typing import Final

from devnet.place import add_place, place_of

MAKER_MICROS: Final = 2_000_000_000_000
TAKER_MICROS: Final = 100_000_000_000
MICROS_MIN: Final = 1_000_000_000


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare ``sextant bot maker`` and ``sextant bot taker``."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in (
        ("maker", "quote a ladder around the index in every market"),
        ("taker", "cross the spread at random"),
    ):
        bot = commands.add_parser(name, help=summary)
        bot.add_argument("--identity", required=True, help="devnet name, such as maker-0")
        bot.add_argument("--seed", type=int, default=0, help="of its randomness (default 0)")
        if name == "maker":
            bot.add_argument(
                "--pegged", action="store_true", help="quote with orders that follow the index"
            )
        add_place(bot)
        bot.set_defaults(run=run_bot, bot=name)


def run_bot(arguments: argparse.Namespace) -> int:
    """Fund the bot's account if it is empty, then trade until SIGTERM."""
    from devnet.bots.follower import Follower
    from devnet.bots.lender import supply_once
    from devnet.bots.maker import Maker
    from devnet.bots.taker import Taker
    from devnet.commands import run_until_stopped
    from devnet.funds import await_credit, balance_of, deposit
    from devnet.identities import identity_of
    from sextant.client.api import AsyncClient
    from sextant.client.secret import Secret

    layout = place_of(arguments)
    identity = identity_of(arguments.identity)
    is_maker = arguments.bot == "maker"
    micros = MAKER_MICROS if is_maker else TAKER_MICROS

    async def trade() -> None:
        target = layout.address("grpc")
        async with AsyncClient(target, key=Secret(identity.key), verify=False) as client:
            await client.status()
            if await balance_of(client) < MICROS_MIN:
                await deposit(layout, identity, micros)
                await await_credit(client, MICROS_MIN)
            if is_maker:
                await supply_once(client)
                maker = Follower if arguments.pegged else Maker
                await maker(client, offset_ppm=arguments.seed % 100 * 37).run()
            else:
                await Taker(client, arguments.seed).run()

    return run_until_stopped(trade)
