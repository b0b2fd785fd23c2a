"""Clients of the traders of a served world."""

from decimal import Decimal
from typing import Any

from sextant.client.api import AsyncClient
from sextant.client.secret import Secret
from statemachine.identity.signing import address_of
from tests.e2e.serving import Served
from tests.exchange import SEQUENCER_KEY
from tests.worlds import trader_key

MARKET = "M0"


def client_of(served: Served, trader: int, **options: Any) -> AsyncClient:
    """Return a client that signs as a trader, and knows who must have signed blocks."""
    return AsyncClient(
        f"127.0.0.1:{served.server.port}",
        key=Secret(trader_key(trader)),
        timeout=5,
        sequencer=address_of(SEQUENCER_KEY),
        **options,
    )


async def mark_of(client: AsyncClient) -> Decimal:
    """Return the mark of the first market, in USD."""
    mark = (await client.ticker(MARKET)).mark
    assert mark is not None
    return mark
