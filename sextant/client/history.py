"""What a node remembers of a market, and what an action would do: models, and how they are read.

Everything a history says is one node's word: another node, or the chain
itself, says the same to whoever asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from proto.sextant.v1 import query_pb2
from sextant.client.amounts import from_micros, to_decimal
from sextant.client.chain_wire import receipt_of
from sextant.client.market import Market
from sextant.client.models import Portfolio
from sextant.client.receipts import Receipt
from sextant.client.wire import PPB_DECIMALS, Markets, maybe_price, portfolio_of

PPM_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPoint:
    """An hour's funding rate, as a share of the notional per 8 hours."""

    time_ms: int
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSample:
    """A market in one minute; spread, divergence and slippages as shares.

    ``spread`` is None if a side was empty; a slippage is None if the book did
    not hold so much.
    """

    time_ms: int
    mark: Decimal | None
    index: Decimal | None
    spread: Decimal | None
    index_age_ms: int
    divergence: Decimal
    publishers_fresh: int
    open_interest: Decimal
    buy_slippage: tuple[Decimal | None, ...]
    sell_slippage: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A pause between two blocks."""

    start_ms: int
    end_ms: int

    @property
    def span_ms(self) -> int:
        """How long it lasted."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketHistory:
    """A market's past as one node remembers it, since ``since_ms``.

    ``notionals`` are the sizes in USDC of the samples' slippages; ``tail`` says
    how often what happened.
    """

    market: Market
    time_ms: int
    since_ms: int
    funding: tuple[FundingPoint, ...]
    notionals: tuple[Decimal, ...]
    samples: tuple[MarketSample, ...]
    outages: tuple[Outage, ...]
    tail: dict[str, int]

    @property
    def span_ms(self) -> int:
        """How far back it reaches."""
        return self.time_ms - self.since_ms

    @property
    def uptime(self) -> Decimal | None:
        """The share of the span in which blocks came; None for no span."""
        if self.span_ms <= 0:
            return None
        down = sum(
            max(0, outage.end_ms - max(outage.start_ms, self.since_ms)) for outage in self.outages
        )
        return 1 - Decimal(down) / self.span_ms

    def slippages(self, *, buys: bool, notional: Decimal) -> list[Decimal | None] | None:
        """Return the samples' slippages at the least sampled size that covers ``notional``.

        None if no sampled size does.
        """
        place = next((i for i, size in enumerate(self.notionals) if size >= notional), None)
        if place is None:
            return None
        return [(s.buy_slippage if buys else s.sell_slippage)[place] for s in self.samples]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an action would do if it were the next: its receipts, and the portfolios after it."""

    height: int
    time_ms: int
    receipts: tuple[Receipt, ...]
    after: tuple[Portfolio, ...]

    @property
    def receipt(self) -> Receipt:
        """The only receipt, or a bulk's first."""
        return self.receipts[0]

    def portfolio(self, sub: int) -> Portfolio | None:
        """Return one of the portfolios after it."""
        return next((p for p in self.after if p.sub == sub), None)


def share_of(ppm: int) -> Decimal | None:
    """Return parts per million as a share; None for what could not be said."""
    return None if ppm < 0 else to_decimal(ppm, PPM_DECIMALS)


def sample_of(market: Market, message: query_pb2.MarketSample) -> MarketSample:
    """Return a sample."""
    return MarketSample(
        time_ms=message.time_ms,
        mark=maybe_price(market, message.mark),
        index=maybe_price(market, message.index),
        spread=share_of(message.spread_ppm),
        index_age_ms=message.index_age_ms,
        divergence=to_decimal(message.divergence_ppm, PPM_DECIMALS),
        publishers_fresh=message.publishers_fresh,
        open_interest=market.show_size(message.open_interest_lots),
        buy_slippage=tuple(map(share_of, message.buy_slippage_ppm)),
        sell_slippage=tuple(map(share_of, message.sell_slippage_ppm)),
    )


def history_of(market: Market, message: query_pb2.History) -> MarketHistory:
    """Return a market's history."""
    return MarketHistory(
        market=market,
        time_ms=message.time_ms,
        since_ms=message.since_ms,
        funding=tuple(
            FundingPoint(time_ms=point.time_ms, rate=to_decimal(point.rate_ppb, PPB_DECIMALS))
            for point in message.funding
        ),
        notionals=tuple(map(from_micros, message.notionals_micros)),
        samples=tuple(sample_of(market, sample) for sample in message.samples),
        outages=tuple(Outage(start_ms=one.start_ms, end_ms=one.end_ms) for one in message.outages),
        tail=dict(message.tail),
    )


def preview_of(markets: Markets, message: query_pb2.PreviewResponse) -> Preview:
    """Return what an action would do."""
    return Preview(
        height=message.height,
        time_ms=message.time_ms,
        receipts=tuple(map(receipt_of, message.receipts)),
        after=tuple(portfolio_of(markets, portfolio) for portfolio in message.after),
    )


def quantile(values: Sequence[Decimal], share: Decimal) -> Decimal:
    """Return the value below which ``share`` of ``values`` lie: the nearest rank, no average."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
