"""What L1 tells L2: deposits and forced actions, in L1's order.

A block consumes items in order from the cursor's inbox index.  An item past
its deadline is consumed by the next block, named by the sequencer or not.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, final

from statemachine.assets import ASSET_USDC, ASSETS_MAX
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.digest import hash_joined
from statemachine.errors import FrameInvalid
from statemachine.units import TIME_LIMIT, Micros, Millis


@final
class InboxKind(IntEnum):
    """What an inbox item does.  Numbers are consensus."""

    DEPOSIT = 1
    FORCED_WITHDRAW = 2
    FORCED_CANCEL_ALL = 3
    FORCED_CLOSE = 4
    FORCED_REVOKE = 5
    FORCED_POKE = 6
    ORACLE = 7


KINDS: Final = frozenset(int(kind) for kind in InboxKind)


@final
@dataclass(frozen=True, slots=True)
class InboxItem:
    """One item of the L1 inbox.

    ``owner`` is who acts, but for a deposit, which is his whom it is for, and an oracle
    message, which is its publisher's, whose signature L1 has checked.
    ``amount`` in micros, or in units of ``asset`` if that is not 0, USDC; a forced
    withdrawal of 0 means "all that may leave".
    ``time`` is the L1 time at which it was queued, in ms.
    ``price`` bounds a close in ``market``, micros per lot; 0 leaves it to the mark.
    ``other`` is the agent that is revoked, or the owner whose portfolio is poked.
    ``publisher`` says a ``price`` of ``market`` that was true at ``told``, ms.
    """

    kind: InboxKind
    owner: bytes
    sub: int
    amount: Micros
    time: Millis
    asset: int = ASSET_USDC
    market: int = 0
    price: int = 0
    other: bytes = b""
    publisher: int = 0
    told: int = 0

    def encode(self) -> bytes:
        """Return the canonical bytes, which the L1 inbox commits to."""
        return pack(
            [
                int(self.kind),
                self.owner,
                self.sub,
                self.amount,
                self.time,
                self.asset,
                self.market,
                self.price,
                self.other,
                self.publisher,
                self.told,
            ]
        )

    @property
    def hash(self) -> bytes:
        """Return what the item's receipt names: 32 bytes."""
        return hash_joined(self.encode())


def decode_inbox_item(data: bytes) -> InboxItem:
    """Return the item that ``data`` encodes, or raise ``FrameInvalid``."""
    kind, owner, sub, amount, time, asset, market, price, other, publisher, told = as_list(
        unpack(data), 11, "inbox item"
    )
    if kind not in KINDS:
        raise FrameInvalid(f"inbox kind: {kind!r} is not known")
    return InboxItem(
        kind=InboxKind(kind),
        owner=as_bytes(owner, 20, "owner"),
        sub=as_uint(sub, 256, "sub"),
        amount=Micros(as_uint(amount, 1 << 63, "amount")),
        time=Millis(as_uint(time, TIME_LIMIT, "time")),
        asset=as_uint(asset, ASSETS_MAX + 1, "asset"),
        market=as_uint(market, 1 << 16, "market"),
        price=as_uint(price, 1 << 63, "price"),
        other=as_bytes(other, 20, "other") if other else b"",
        publisher=as_uint(publisher, 256, "publisher"),
        told=as_uint(told, TIME_LIMIT, "told"),
    )
