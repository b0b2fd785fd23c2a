"""Who trades in a replay: makers and takers with keys and money, and the publishers."""

import asyncio
from typing import Final, final

from devnet.funds import await_credit, balance_of, deposit
from devnet.identities import PUBLISHERS, Identity, identity_of
from devnet.layout import Layout
from devnet.replay.plan import Planned
from sextant.client.api import AsyncClient
from sextant.client.clock import NodeClock
from sextant.client.market import Market
from sextant.client.nonces import NonceSource
from sextant.client.secret import Secret
from sextant.errors import ClientError
from statemachine.actions import (
    Action,
    CancelAll,
    OracleMessage,
    OracleUpdate,
    encode_transaction,
)
from statemachine.identity.signing import Domain, oracle_digest, sign_action, sign_digest
from statemachine.units import Millis, Price

MAKERS: Final = 8
TAKERS: Final = 4
DEPOSIT_MICROS: Final = 1_000_000_000 * 10**6
BALANCE_MICROS_MIN: Final = 500_000_000 * 10**6
FUNDING_AT_ONCE: Final = 4
BOOK_TAKEN: Final = "BOOK_TAKEN"


@final
class Desk:
    """Signs for all of them, with the node's time."""

    def __init__(self, domain: Domain, clock: NodeClock) -> None:
        self.domain = domain
        self.clock = clock
        self.makers = [identity_of(f"replay-maker-{number}") for number in range(MAKERS)]
        self.takers = [identity_of(f"replay-taker-{number}") for number in range(TAKERS)]
        self.publishers = [identity_of(name) for name in PUBLISHERS]
        self.nonces = {who.name: NonceSource(clock) for who in (*self.makers, *self.takers)}

    def sign(self, planned: Planned) -> bytes:
        """Return a planned transaction, signed."""
        is_maker = planned.maker >= 0
        who = self.makers[planned.maker] if is_maker else self.takers[planned.taker]
        return self.sign_for(who, planned.action)

    def sign_for(self, who: Identity, action: Action) -> bytes:
        """Return an action, signed by one of us."""
        return sign_action(self.domain, who.key, action, self.nonces[who.name].draw()).data

    def cancel_all(self, market: int) -> list[bytes]:
        """Return what takes every order of every maker off a market."""
        return [self.sign_for(who, CancelAll(0, market)) for who in self.makers]

    def prices(self, market: int, price: int, now_ms: int) -> bytes:
        """Return an oracle update in which every publisher says ``price``."""
        digest = oracle_digest(self.domain, market, price, now_ms)
        messages = tuple(
            OracleMessage(number, Price(price), Millis(now_ms), sign_digest(who.key, digest))
            for number, who in enumerate(self.publishers)
        )
        return encode_transaction(OracleUpdate(market, messages), 0, 0, b"")

    async def fund(self, layout: Layout, target: str) -> None:
        """Deposit from L1 for whoever has too little to trade a whole recorded market."""
        room = asyncio.Semaphore(FUNDING_AT_ONCE)

        async def fund_one(who: Identity) -> None:
            async with (
                room,
                AsyncClient(target, key=Secret(who.key), verify=False) as client,
            ):
                if await balance_of(client) < BALANCE_MICROS_MIN:
                    await deposit(layout, who, DEPOSIT_MICROS)
                    await await_credit(client, BALANCE_MICROS_MIN)

        await asyncio.gather(*(fund_one(who) for who in (*self.makers, *self.takers)))


async def clear_book(client: AsyncClient, desk: Desk, market: Market) -> None:
    """Take orders of an earlier replay off the market.

    Raises
    ------
    ClientError
        ``BOOK_TAKEN``: other people's orders rest there.
    """
    await client.sync_clock()
    await client.submit_signed(desk.cancel_all(market.id))
    book = await client.book(market, levels=1)
    if book.bids or book.asks:
        raise ClientError(
            BOOK_TAKEN,
            f"other people's orders rest in {market.name} at {client.connection.target}, so its"
            " book cannot become the recording's",
            advice="run the devnet without bots (`--makers 0 --takers 0`), or the replay with"
            " an exchange of its own (`--own`)",
        )
