"""The trader's checklist: what a careful person asks before a position, and what the answers are.

``gather`` asks the node and the L1; ``assess`` turns the answers into lines, each
with a level:

======  ==================================================================
level   means
======  ==================================================================
ok      asked, and nothing against it
note    a fact to know
look    not what it should be, or not known: look before you trade
bad     a reason not to trade here now
======  ==================================================================

The bounds are ours, and said with each line (:mod:`sextant.client.assessment`).
"""

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from proto.sextant.v1 import l1_pb2
from sextant.client.amounts import from_micros
from sextant.client.api import AsyncClient
from sextant.client.assets import Asset, Holding
from sextant.client.exposure import Exposure, exposure_of
from sextant.client.history import MarketHistory
from sextant.client.market import Market
from sextant.client.models import Book, NodeStatus, Side, Ticker, Vault
from sextant.client.upgrades import Upgrades, read_upgrades
from sextant.errors import ClientError, Refused
from statemachine.rules import Rules
from statemachine.units import DAY_MS

SPAN_MS: Final = 30 * DAY_MS
LEVELS: Final = 1_000
PPM: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The intended position: ``leverage`` says how much margin of its own it gets."""

    market: str
    side: Side
    notional: Decimal
    leverage: Decimal
    slices: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What taking a size from a book would cost; ``price`` is the mean, ``left`` not to be had."""

    price: Decimal | None
    slippage: Decimal | None
    left: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that was asked; what the L1 would not say is None.

    ``holdings`` are the asker's own assets beyond USDC, if he said who he is.
    """

    wish: Wish
    status: NodeStatus
    rules: Rules
    ticker: Ticker
    book: Book
    history: MarketHistory
    vault: Vault
    deployment: l1_pb2.L1Deployment | None
    upgrades: Upgrades | None
    l1_silence: str
    size: Decimal
    taking: Walk
    slice_taking: Walk
    exposure: Exposure | None
    assets: tuple[Asset, ...] = ()
    holdings: tuple[Holding, ...] = ()
    l1_clock_ms: int | None = None

    @property
    def market(self) -> Market:
        """The market that is asked about."""
        return self.ticker.market


async def gather(client: AsyncClient, wish: Wish, *, mine: bool = False) -> Facts:
    """Ask the node and the L1 for everything at once; with ``mine`` what the signer holds, too.

    Raises
    ------
    ClientError
        The node does not answer; an L1 that does not is said in the facts.
    """
    assets = await client.assets()
    status, rules, ticker, book, history, vault = await asyncio.gather(
        client.status(),
        client.rules(),
        client.ticker(wish.market),
        client.book(wish.market, levels=LEVELS),
        client.history(wish.market, span_ms=SPAN_MS, samples=2_000),
        client.vault(wish.market),
    )
    deployment, upgrades, silence, clock_ms = None, None, "", None
    try:
        async with client.l1() as l1:
            clock_ms = await l1.clock_ms()
            deployment = await l1.deployment()
            upgrades = await read_upgrades(l1)
    except ClientError as error:
        silence = error.message
    market, price = ticker.market, ticker.mark or ticker.index
    size = Decimal(0) if price is None else (wish.notional / price).quantize(market.lot_size)
    taking = walk(book, wish.side, size)
    exposure = None
    if size and price is not None:
        lots, at = market.size(size), taking.price or price
        exposure = exposure_of(
            rules,
            ticker,
            wish.side,
            lots,
            int(at.scaleb(market.price_decimals)),
            (wish.notional / wish.leverage).quantize(Decimal("0.000001")),
            fee_of(max(market.taker_fee_ppm, ticker.taker_fee_now_ppm), wish.notional),
        )
    return Facts(
        wish=wish,
        status=status,
        rules=rules,
        ticker=ticker,
        book=book,
        history=history,
        vault=vault,
        deployment=deployment,
        upgrades=upgrades,
        l1_silence=silence,
        size=size,
        taking=taking,
        slice_taking=walk(book, wish.side, size / wish.slices),
        exposure=exposure,
        assets=tuple(assets),
        holdings=await holdings_of(client) if mine else (),
        l1_clock_ms=clock_ms,
    )


async def holdings_of(client: AsyncClient) -> tuple[Holding, ...]:
    """Return what the signer's sub-account holds beyond USDC; nothing, if there is none yet."""
    try:
        portfolio = (await client.account()).portfolio(client.sub)
    except Refused:
        return ()
    return () if portfolio is None else portfolio.assets


def fee_of(rate_ppm: int, notional: Decimal) -> Decimal:
    """Return a fee, rounded up to the micro."""
    micros = int(notional.scaleb(6))
    return from_micros(-(-micros * rate_ppm // PPM))


def walk(book: Book, side: Side, size: Decimal) -> Walk:
    """Return what taking ``size`` from the book now would cost, against mid."""
    levels = book.asks if side is Side.BUY else book.bids
    left, spent = size, Decimal(0)
    for level in levels:
        taken = min(left, level.size)
        spent += taken * level.price
        left -= taken
        if not left:
            break
    got = size - left
    if not got or not book.bids or not book.asks:
        return Walk(price=spent / got if got else None, slippage=None, left=left)
    mid = (book.bids[0].price + book.asks[0].price) / 2
    mean = spent / got
    return Walk(price=mean, slippage=abs(mean - mid) / mid, left=left)
