"""Withdrawals: what the chain owes on L1, and how far each has come."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from node.ledger import feed
from node.service.assets import name_asset
from node.service.errors import Refused
from proto.sextant.v1 import common_pb2, query_pb2
from statemachine import keys
from statemachine.records import decode_withdrawal
from statemachine.state import State

ADDRESS_BYTES: Final = 20
ANSWERS_MAX: Final = 100
LEAVES_MAX: Final = 10_000
"""Leaves looked at for one answer, newest first."""
LEAVES_AT_ONCE: Final = 512


async def list_withdrawals(
    ledger: feed.Ledger, request: query_pb2.GetWithdrawalsRequest
) -> list[query_pb2.Withdrawal]:
    """Return one withdrawal by its index, or an owner's newest ones."""
    which = request.WhichOneof("who")
    if which == "index":
        data = ledger.store.get(keys.withdrawal_key(request.index))
        if data is None:
            raise Refused("NOT_FOUND", f"there is no withdrawal {request.index}")
        return [withdrawal_view(ledger, request.index, data)]
    if which != "owner":
        raise Refused("ARGUMENT_INVALID", "name an owner or an index")
    return [found async for found in of_owner(ledger, request.owner)]


async def of_owner(ledger: feed.Ledger, owner: bytes) -> AsyncIterator[query_pb2.Withdrawal]:
    """Yield an owner's withdrawals, newest first."""
    if len(owner) != ADDRESS_BYTES:
        raise Refused("ARGUMENT_INVALID", f"an address has 20 bytes, this one {len(owner)}")
    following = State(ledger.store, ledger.rules).ledger().next_withdrawal
    answered = 0
    for index in range(following - 1, max(-1, following - 1 - LEAVES_MAX), -1):
        if index % LEAVES_AT_ONCE == 0:
            await asyncio.sleep(0)  # withdrawals are never changed, and others wait
        data = ledger.store.get(keys.withdrawal_key(index))
        if data is not None and decode_withdrawal(data)[0] == owner:
            yield withdrawal_view(ledger, index, data)
            answered += 1
            if answered == ANSWERS_MAX:
                return


def withdrawal_view(ledger: feed.Ledger, index: int, data: bytes) -> query_pb2.Withdrawal:
    """Return the withdrawal that a leaf holds."""
    owner, amount, time, asset = decode_withdrawal(data)
    symbol, decimals = name_asset(ledger.rules, asset)
    return query_pb2.Withdrawal(
        index=index,
        owner=owner,
        amount_micros=amount,
        time_ms=time,
        stage=stage_at(ledger.status(), time),
        key=keys.withdrawal_key(index),
        asset=asset,
        symbol=symbol,
        decimals=decimals,
    )


def stage_at(status: feed.Status, time: int) -> common_pb2.Stage:
    """Return how far a block of this time has come; block times only grow."""
    if time <= status.final.time:
        return common_pb2.STAGE_FINAL
    if time <= status.safe.time:
        return common_pb2.STAGE_POSTED
    return common_pb2.STAGE_SEQUENCED
