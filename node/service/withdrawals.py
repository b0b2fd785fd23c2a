"""Withdrawals: what the chain owes on L1, and how far each has come."""

from collections.abc import Iterator
from typing import Final

from node import feed
from node.service.errors import Refused
from proto.sextant.v1 import common_pb2, query_pb2
from statemachine import keys
from statemachine.records import decode_withdrawal
from statemachine.state import State

ANSWERS_MAX: Final = 100
LEAVES_MAX: Final = 10_000
"""Leaves looked at for one answer, newest first."""


def list_withdrawals(
    ledger: feed.Ledger, request: query_pb2.GetWithdrawalsRequest
) -> list[query_pb2.Withdrawal]:
    """Return one withdrawal by its index, or an owner's newest ones."""
    which = request.WhichOneof("who")
    if which == "index":
        found = withdrawal_view(ledger, request.index)
        if found is None:
            raise Refused("NOT_FOUND", f"there is no withdrawal {request.index}")
        return [found]
    if which != "owner":
        raise Refused("ARGUMENT_INVALID", "name an owner or an index")
    return list(of_owner(ledger, request.owner))


def of_owner(ledger: feed.Ledger, owner: bytes) -> Iterator[query_pb2.Withdrawal]:
    """Yield an owner's withdrawals, newest first."""
    following = State(ledger.store, ledger.rules).ledger().next_withdrawal
    answered = 0
    for index in range(following - 1, max(-1, following - 1 - LEAVES_MAX), -1):
        found = withdrawal_view(ledger, index)
        if found is not None and found.owner == owner:
            yield found
            answered += 1
            if answered == ANSWERS_MAX:
                return


def withdrawal_view(ledger: feed.Ledger, index: int) -> query_pb2.Withdrawal | None:
    """Return a withdrawal, if there is one with this index."""
    key = keys.withdrawal_key(index)
    data = ledger.store.get(key)
    if data is None:
        return None
    owner, amount, time = decode_withdrawal(data)
    return query_pb2.Withdrawal(
        index=index,
        owner=owner,
        amount_micros=amount,
        time_ms=time,
        stage=stage_at(ledger.status(), time),
        key=key,
    )


def stage_at(status: feed.Status, time: int) -> common_pb2.Stage:
    """Return how far a block of this time has come; block times only grow."""
    if time <= status.final.time:
        return common_pb2.STAGE_FINAL
    if time <= status.safe.time:
        return common_pb2.STAGE_POSTED
    return common_pb2.STAGE_SEQUENCED
