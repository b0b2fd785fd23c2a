"""A lender: the first maker puts some of its money into the lending pool, so that it is alive."""

from typing import Final

import structlog

from sextant.client.api import AsyncClient
from sextant.errors import ClientError

SUPPLY_USDC: Final = 50_000


async def supply_once(client: AsyncClient) -> None:
    """Supply the pool if nobody has; one that cannot yet is left to whoever comes next."""
    try:
        if not (await client.pool()).shares:
            await client.supply_pool(SUPPLY_USDC)
    except ClientError as error:
        structlog.get_logger().warning("not lending", error=str(error))
