"""What became of a fund, as messages to its leader and to whoever has shares of it."""

from collections.abc import Iterator
from typing import Final

from proto.sextant.v1 import common_pb2, funds_pb2, stream_pb2
from statemachine.fund_events import (
    FundChanged,
)

STAGES: Final = (
    funds_pb2.FUND_STAGE_UNSPECIFIED,
    funds_pb2.FUND_STAGE_OPENED,
    funds_pb2.FUND_STAGE_BOUGHT,
    funds_pb2.FUND_STAGE_ASKED,
    funds_pb2.FUND_STAGE_WAITS,
    funds_pb2.FUND_STAGE_PAID,
    funds_pb2.FUND_STAGE_LOST,
    funds_pb2.FUND_STAGE_EXITING,
    funds_pb2.FUND_STAGE_RELEASED,
    funds_pb2.FUND_STAGE_VOID,
)


def name_of(number: int) -> common_pb2.Portfolio:
    """Return a portfolio's two numbers."""
    return common_pb2.Portfolio(account=number >> 8, sub=number & 255)


def fund_events_of(event: FundChanged) -> Iterator[tuple[int, stream_pb2.AccountEvent]]:
    """Yield what became of a fund's shares, to its leader and to whoever has them."""
    message = funds_pb2.FundEvent(
        fund=name_of(event.fund),
        stage=STAGES[event.stage],
        shares=event.shares,
        amount_micros=event.amount,
        time_ms=event.time,
    )
    if event.holder:
        message.holder.CopyFrom(name_of(event.holder))
    yield event.fund, stream_pb2.AccountEvent(portfolio=name_of(event.fund), fund=message)
    if event.holder and event.holder >> 8 != event.fund >> 8:
        yield event.holder, stream_pb2.AccountEvent(portfolio=name_of(event.holder), fund=message)
