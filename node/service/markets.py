"""Markets as a trader reads them: their rules, their figures now, and what is done to them."""

from dataclasses import replace
from typing import Final

from node.service.answers import saturate
from node.service.books import BookView
from proto.sextant.v1 import query_pb2, stream_pb2
from statemachine.book.entry import ORDER_LOTS_LIMIT
from statemachine.events import Event, MarketChanged, RatesChanged
from statemachine.fees.rates import ramp_end, ramp_excess
from statemachine.keys import BUY, SELL
from statemachine.pricing.funding import rate_of
from statemachine.pricing.guards import AVERAGE_SHIFT
from statemachine.risk.grace import grace_of
from statemachine.risk.ramps import ramp_of
from statemachine.risk.tiers import initial_of
from statemachine.rules import MarketRules
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import PPM_ONE

STATES: Final = (
    query_pb2.MARKET_STATE_INITIALIZING,
    query_pb2.MARKET_STATE_ACTIVE,
    query_pb2.MARKET_STATE_POST_ONLY,
    query_pb2.MARKET_STATE_CANCEL_ONLY,
    query_pb2.MARKET_STATE_PAUSED,
    query_pb2.MARKET_STATE_SETTLED,
)
"""By the number in the market's record."""


def market_view(state: State, rules: MarketRules, book: BookView) -> query_pb2.Market:
    """Return one market."""
    market = state.market(rules.market)
    until, updates = grace_of(state.rules, market, state.cursor.time)
    oracle = state.oracle(rules.market)
    excess = ramp_excess(state.rules, market, rules.taker_ppm, state.cursor.time)
    answer = query_pb2.Market(
        market=rules.market,
        symbol=rules.symbol.decode("ascii", "replace"),
        state=STATES[market.state],
        lot_decimals=rules.lot_decimals,
        tick=rules.tick,
        order_lots_min=1,
        order_lots_max=ORDER_LOTS_LIMIT - 1,
        notional_min_micros=rules.notional_min,
        initial_margin_ppm=market.initial_ppm,
        maintenance_margin_ppm=market.maintenance_ppm,
        maker_fee_ppm=rules.maker_ppm,
        taker_fee_ppm=rules.taker_ppm,
        fill_band_ppm=rules.fill_band_ppm,
        tiers=[
            query_pb2.MarginTier(
                notional_from_micros=lower,
                initial_margin_ppm=initial,
                maintenance_margin_ppm=maintenance,
            )
            for lower, initial, maintenance in rules.tiers
        ],
        open_interest_max_lots=rules.open_interest_max,
        open_interest_lower_micros=rules.open_interest_lower,
        open_interest_upper_micros=rules.open_interest_upper,
        index_band_ppm=rules.index_band_ppm,
        index_average=oracle.average >> AVERAGE_SHIFT,
        index_pending=oracle.pending,
        initial_margin_now_ppm=initial_of(
            replace(rules, tiers=()),
            market.initial_ppm,
            PPM_ONE,
            market.open_interest * market.mark,
            0,
        ),
        funding_interval_ms=state.rules.funding_interval_ms,
        mark=market.mark,
        index=market.index,
        last=market.last,
        best_bid=book.best_price(BUY),
        best_ask=book.best_price(SELL),
        index_time_ms=market.index_time,
        funding_rate_ppb=market.funding_rate,
        funding_next_ppb=rate_of(Step(state), market),
        funding_time_ms=market.funding_time,
        open_interest_lots=market.open_interest,
        funding_index=saturate(market.funding_index),
        deficit_micros=saturate(market.deficit),
        grace_until_ms=until,
        grace_updates=updates,
        taker_fee_now_ppm=rules.taker_ppm + excess,
        fee_ramp_end_ms=ramp_end(state.rules, market) if excess else 0,
        publishers=[
            query_pb2.PublisherPrice(price=price, time_ms=time)
            for price, time in zip(oracle.prices, oracle.times, strict=True)
        ][: len(state.rules.publishers)],
        collateral_only=rules.collateral_only != 0,
    )
    ramp = ramp_of(state, rules.market)
    if ramp is not None:
        answer.initial_margin_target_ppm, answer.maintenance_margin_target_ppm = ramp.target
        answer.margin_ramp_start_ms = ramp.start
        answer.margin_ramp_end_ms = ramp.end
    return answer


def market_event_of(event: Event) -> stream_pb2.MarketEvent | None:
    """Return what the guardian did to a market, or what followed from it; nothing else."""
    if isinstance(event, MarketChanged):
        moved = stream_pb2.MarketStateEvent(before=STATES[event.before], after=STATES[event.state])
        return stream_pb2.MarketEvent(market=event.market, state=moved)
    if isinstance(event, RatesChanged):
        rates = stream_pb2.MarginRatesEvent(
            initial_margin_ppm=event.initial,
            maintenance_margin_ppm=event.maintenance,
            initial_margin_target_ppm=event.initial_to,
            maintenance_margin_target_ppm=event.maintenance_to,
            until_ms=event.until,
        )
        return stream_pb2.MarketEvent(market=event.market, rates=rates)
    return None
