"""Frames: the bytes of one block, as posted to L1.

``pack([1, height, time, inbox_until, [transaction bytes...]])``, at most
64 KiB, decodable alone.  Transactions stand in execution order, which is by
class: what takes liquidity away comes before what would take it.

=====  ==================================================
class  what
=====  ==================================================
2      oracle updates
5      pokes
6      cancels
7      post-only orders
8      modifies that cannot cross (post-only)
9      everything else
=====  ==================================================

A bulk has the last class among its legs.  Classes 0, 1, 3 and 4 belong to
work that no transaction carries: inbox, system due work, triggers, user due
work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from statemachine.actions import (
    FLAG_POST_ONLY,
    Action,
    Bulk,
    Cancel,
    CancelAll,
    CancelAt,
    Modify,
    OracleUpdate,
    PlaceOrder,
    Poke,
    Scale,
    Transaction,
    decode_transaction,
)
from statemachine.codec import as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.units import TIME_LIMIT, Millis

FRAME_VERSION: Final = 1
FRAME_BYTES_MAX: Final = 65_536
CLASS_ORACLE: Final = 2
CLASS_POKE: Final = 5
CLASS_CANCEL: Final = 6
CLASS_POST_ONLY: Final = 7
CLASS_MODIFY: Final = 8
CLASS_OTHER: Final = 9


@final
@dataclass(frozen=True, slots=True)
class Frame:
    """One block's inputs.  ``inbox_until``: consume L1 inbox items below this index."""

    height: int
    time: Millis
    inbox_until: int
    transactions: tuple[Transaction, ...]


def class_of(action: Action) -> int:
    """Return the class by which an action is ordered within its block."""
    match action:
        case PlaceOrder(flags=flags):
            return CLASS_POST_ONLY if flags & FLAG_POST_ONLY else CLASS_OTHER
        case Cancel() | CancelAll() | CancelAt():
            return CLASS_CANCEL
        case Scale(flags=flags):
            return CLASS_POST_ONLY if flags & FLAG_POST_ONLY else CLASS_OTHER
        case Bulk(legs=legs):
            return max(class_of(leg) for leg in legs)
        case Modify(flags=flags):
            return CLASS_MODIFY if flags & FLAG_POST_ONLY else CLASS_OTHER
        case OracleUpdate():
            return CLASS_ORACLE
        case Poke():
            return CLASS_POKE
        case _:
            return CLASS_OTHER


def encode_frame(
    height: int, time: int, inbox_until: int, transactions: Sequence[Transaction]
) -> bytes:
    """Return the canonical bytes of a block's inputs."""
    items: list[Any] = [transaction.data for transaction in transactions]
    return pack([FRAME_VERSION, height, time, inbox_until, items])


def decode_frame(data: bytes) -> Frame:
    """Return the frame that ``data`` encodes, or raise ``FrameInvalid``.

    Shape only: whether it may follow its predecessor is judged by
    ``transition.judge_frame``.
    """
    if len(data) > FRAME_BYTES_MAX:
        raise FrameInvalid(f"frame: {len(data)} bytes, at most {FRAME_BYTES_MAX}")
    version, height, time, inbox_until, items = as_list(unpack(data), 5, "frame")
    if type(version) is not int or version != FRAME_VERSION:
        raise FrameInvalid(f"frame version: {version!r} is not known")
    if type(items) is not list:
        raise FrameInvalid("frame: transactions are an array")
    transactions = []
    for item in items:
        if type(item) is not bytes:
            raise FrameInvalid("frame: a transaction is a byte string")
        transactions.append(decode_transaction(item))
    return Frame(
        as_uint(height, 1 << 63, "height"),
        Millis(as_uint(time, TIME_LIMIT, "time")),
        as_uint(inbox_until, 1 << 63, "inbox until"),
        tuple(transactions),
    )
