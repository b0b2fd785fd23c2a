"""What L1 tells L2: deposits and forced actions, in L1's order.

A block consumes items in order from the cursor's inbox index.  An item past
its deadline is consumed by the next block, named by the sequencer or not.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import final

from statemachine.assets import ASSET_USDC, ASSETS_MAX
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.units import TIME_LIMIT, Micros, Millis


@final
class InboxKind(IntEnum):
    """What an inbox item does.  Numbers are consensus."""

    DEPOSIT = 1
    FORCED_WITHDRAW = 2


@final
@dataclass(frozen=True, slots=True)
class InboxItem:
    """One item of the L1 inbox.

    ``amount`` in micros, or in units of ``asset`` if that is not 0, USDC; a forced
    withdrawal of 0 means "all that may leave".
    ``time`` is the L1 time at which it was queued, in ms.
    """

    kind: InboxKind
    owner: bytes
    sub: int
    amount: Micros
    time: Millis
    asset: int = ASSET_USDC

    def encode(self) -> bytes:
        """Return the canonical bytes, which the L1 inbox commits to."""
        return pack([int(self.kind), self.owner, self.sub, self.amount, self.time, self.asset])


def decode_inbox_item(data: bytes) -> InboxItem:
    """Return the item that ``data`` encodes, or raise ``FrameInvalid``."""
    kind, owner, sub, amount, time, asset = as_list(unpack(data), 6, "inbox item")
    if kind not in (1, 2):
        raise FrameInvalid(f"inbox kind: {kind!r} is not known")
    return InboxItem(
        kind=InboxKind(kind),
        owner=as_bytes(owner, 20, "owner"),
        sub=as_uint(sub, 256, "sub"),
        amount=Micros(as_uint(amount, 1 << 63, "amount")),
        time=Millis(as_uint(time, TIME_LIMIT, "time")),
        asset=as_uint(asset, ASSETS_MAX + 1, "asset"),
    )
