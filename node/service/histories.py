"""A market's remembered past, as a message."""

from typing import Final

from node.storage.history import NOTIONALS, History, Sample
from proto.sextant.v1 import query_pb2

SAMPLES_DEFAULT: Final = 500
SAMPLES_MAX: Final = 2_000


def history_view(
    history: History, request: query_pb2.GetHistoryRequest, now: int
) -> query_pb2.History:
    """Return what is remembered of a market, of the span that was asked for."""
    since = max(history.since_ms, now - request.span_ms if request.span_ms else 0)
    most = min(request.samples_max or SAMPLES_DEFAULT, SAMPLES_MAX)
    return query_pb2.History(
        market=request.market,
        time_ms=now,
        since_ms=since,
        notionals_micros=NOTIONALS,
        funding=[
            query_pb2.FundingPoint(time_ms=time, rate_ppb=rate)
            for time, rate in history.funding(request.market, since)
        ],
        samples=[sample_view(sample) for sample in history.samples(request.market, since, most)],
        outages=[
            query_pb2.Outage(start_ms=start, end_ms=end) for start, end in history.outages(since)
        ],
        tail=history.tail(request.market, since),
    )


def sample_view(sample: Sample) -> query_pb2.MarketSample:
    """Return one sample."""
    return query_pb2.MarketSample(
        time_ms=sample.time_ms,
        mark=sample.mark,
        index=sample.index,
        best_bid=sample.bid,
        best_ask=sample.ask,
        spread_ppm=sample.spread_ppm,
        index_age_ms=max(0, sample.index_age_ms),
        divergence_ppm=sample.divergence_ppm,
        publishers_fresh=sample.publishers,
        open_interest_lots=sample.open_interest,
        buy_slippage_ppm=sample.buys,
        sell_slippage_ppm=sample.sells,
    )
