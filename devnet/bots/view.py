"""What a bot sees of the exchange before it acts: integers, straight from the wire."""

from dataclasses import dataclass
from typing import final

from proto.sextant.v1 import query_pb2
from sextant.client.session import Session


@final
@dataclass(frozen=True, slots=True)
class MarketView:
    """One market as one portfolio sees it; prices in micro-USDC per lot, 0 if unknown."""

    market: int
    tick: int
    fill_band_ppm: int
    index: int
    mark: int
    best_bid: int
    best_ask: int
    position: int


async def look(session: Session) -> list[MarketView]:
    """Return every market that takes orders, with the session's own position there."""
    query = session.connection.query
    markets = await session.connection.call(query.GetMarkets, query_pb2.GetMarketsRequest())
    account = await session.connection.call(
        query.GetAccount, query_pb2.GetAccountRequest(address=session.address, subs=[session.sub])
    )
    positions = {
        position.market: position.size_lots
        for portfolio in account.portfolios
        for position in portfolio.positions
    }
    return [
        MarketView(
            market=market.market,
            tick=market.tick,
            fill_band_ppm=market.fill_band_ppm,
            index=market.index,
            mark=market.mark,
            best_bid=market.best_bid,
            best_ask=market.best_ask,
            position=positions.get(market.market, 0),
        )
        for market in markets.markets
        if not market.collateral_only
    ]
