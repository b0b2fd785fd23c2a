"""Money between owners: what one sends to another.

Bodies, in the order in which they are packed:

====  ============  =============================================
kind  action        body
====  ============  =============================================
21    Send          to, source sub, target sub, amount
====  ============  =============================================
"""

from dataclasses import dataclass
from typing import Final, final

from statemachine.codec import as_bytes, as_list, as_uint
from statemachine.units import Micros

AMOUNTS_LIMIT: Final = 1 << 64


@final
@dataclass(frozen=True, slots=True)
class Send:
    """Move settled collateral to a sub-account of another owner, named by his address."""

    to: bytes
    source: int
    target: int
    amount: Micros


def body_of_send(action: Send) -> list[object]:
    """Return the body as it is packed."""
    return [action.to, action.source, action.target, action.amount]


def decode_send(body: object) -> Send:
    """Return the action that :func:`body_of_send` wrote, or raise ``FrameInvalid``."""
    to, source, target, amount = as_list(body, 4, "send")
    return Send(
        as_bytes(to, 20, "to"),
        as_uint(source, 256, "source"),
        as_uint(target, 256, "target"),
        Micros(as_uint(amount, AMOUNTS_LIMIT, "amount")),
    )
