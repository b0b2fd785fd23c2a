"""What an owner has traded lately, and who brought him; and which builders he trusts."""

from struct import Struct
from typing import Final, final

from statemachine.records.base import RECORD_VERSION, Record, need

DAYS: Final = 14
"""Complete days that count towards a tier."""
VOLUME_TOP: Final = (1 << 64) - 1
"""A day's volume stops counting here, far above every tier."""

STANDING_LAYOUT: Final = Struct(f">BHI{DAYS}Q")
BUILDER_LAYOUT: Final = Struct(">BI")


@final
class Standing(Record):
    """An owner's volume by day, and who referred him.

    ``volumes[i]`` (micros) is what his sub-accounts, as far as they have
    reported, traded ``i + 1`` days before ``day`` (days since 1970).
    ``referrer`` is an account, 0 if there is none.
    """

    __slots__ = ("day", "referrer", "volumes")

    def __init__(self, key: bytes, stored: bool) -> None:
        """Start without volume."""
        super().__init__(key, stored)
        self.day = 0
        self.referrer = 0
        self.volumes = [0] * DAYS

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return STANDING_LAYOUT.pack(RECORD_VERSION, self.day, self.referrer, *self.volumes)


def decode_standing(key: bytes, data: bytes) -> Standing:
    """Return the standing that ``data`` encodes."""
    need(data, STANDING_LAYOUT.size, "standing")
    values = STANDING_LAYOUT.unpack(data)
    standing = Standing(key, True)
    standing.day = values[1]
    standing.referrer = values[2]
    standing.volumes = list(values[3:])
    return standing


def encode_builder(max_fee_ppm: int) -> bytes:
    """Return an approved builder's record: what it may ask for at most."""
    return BUILDER_LAYOUT.pack(RECORD_VERSION, max_fee_ppm)


def decode_builder(data: bytes) -> int:
    """Return what an approved builder may ask for, in ppm of notional."""
    need(data, BUILDER_LAYOUT.size, "builder")
    rate: int = BUILDER_LAYOUT.unpack(data)[1]
    return rate
