"""What is done to markets, as models: states, settlement prices, margin rates on their way."""

from dataclasses import dataclass

from proto.sextant.v1 import query_pb2, stream_pb2
from sextant.client.market import Market
from sextant.client.wire import Markets


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The guardian moved a market to another state; a settled one is over."""

    market: Market
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesChanged:
    """Margin rates (ppm) were announced, or took a step towards those in force at ``until_ms``."""

    market: Market
    initial_margin_ppm: int
    maintenance_margin_ppm: int
    initial_margin_target_ppm: int
    maintenance_margin_target_ppm: int
    until_ms: int


MarketEvent = StateChanged | RatesChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketUpdate:
    """All that one block did to the markets; the first update is empty."""

    height: int
    time_ms: int
    events: tuple[MarketEvent, ...]


def market_update_of(markets: Markets, message: stream_pb2.MarketEventsUpdate) -> MarketUpdate:
    """Return an update; kinds of events that this version does not know are left out."""
    events = (market_event_of(markets, event) for event in message.events)
    return MarketUpdate(
        height=message.height,
        time_ms=message.time_ms,
        events=tuple(event for event in events if event is not None),
    )


def market_event_of(markets: Markets, message: stream_pb2.MarketEvent) -> MarketEvent | None:
    """Return one event."""
    market = markets.of(message.market)
    match message.WhichOneof("event"):
        case "state":
            return StateChanged(
                market=market,
                before=state_name(message.state.before),
                after=state_name(message.state.after),
            )
        case "rates":
            rates = message.rates
            return RatesChanged(
                market=market,
                initial_margin_ppm=rates.initial_margin_ppm,
                maintenance_margin_ppm=rates.maintenance_margin_ppm,
                initial_margin_target_ppm=rates.initial_margin_target_ppm,
                maintenance_margin_target_ppm=rates.maintenance_margin_target_ppm,
                until_ms=rates.until_ms,
            )
    return None


def state_name(state: query_pb2.MarketState) -> str:
    """Return a market's state as it is shown."""
    name = query_pb2.MarketState.Name(state)
    return name.removeprefix("MARKET_STATE_").lower().replace("_", "-")
