"""Who shares in an account's fees: its referrer, and the builders that it lets ask for some.

Bodies, in the order in which they are packed:

====  ==============  =======================================
kind  action          body
====  ==============  =======================================
22    SetReferrer     sub, referrer (an account)
23    ApproveBuilder  builder (an account), max fee (0: none)
====  ==============  =======================================
"""

from dataclasses import dataclass
from typing import Final, final

from statemachine.codec import as_list, as_uint
from statemachine.units import PPM_ONE

ACCOUNTS_LIMIT: Final = 1 << 32
REFERRER_KIND: Final = 22
REFERRAL_KINDS: Final = frozenset({REFERRER_KIND, 23})


@final
@dataclass(frozen=True, slots=True)
class SetReferrer:
    """Name the account that brought this one: it gets a share of the exchange's taker fees."""

    sub: int
    referrer: int


@final
@dataclass(frozen=True, slots=True)
class ApproveBuilder:
    """Let an account ask for up to so many ppm on orders that name it; 0 ends it."""

    builder: int
    max_fee_ppm: int


def body_of_referral(action: SetReferrer | ApproveBuilder) -> list[object]:
    """Return the body as it is packed."""
    if isinstance(action, SetReferrer):
        return [action.sub, action.referrer]
    return [action.builder, action.max_fee_ppm]


def decode_referral(kind: int, body: object) -> SetReferrer | ApproveBuilder:
    """Return the action that :func:`body_of_referral` wrote, or raise ``FrameInvalid``."""
    if kind == REFERRER_KIND:
        sub, referrer = as_list(body, 2, "set referrer")
        return SetReferrer(as_uint(sub, 256, "sub"), as_uint(referrer, ACCOUNTS_LIMIT, "referrer"))
    builder, rate = as_list(body, 2, "approve builder")
    return ApproveBuilder(
        as_uint(builder, ACCOUNTS_LIMIT, "builder"), as_uint(rate, PPM_ONE + 1, "max fee")
    )
