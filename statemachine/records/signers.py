"""Who may sign: owners, agents, their used nonces; and whose an account is."""

from struct import Struct
from typing import Final, final

from statemachine.errors import StorageCorrupt
from statemachine.records.base import (
    RECORD_VERSION,
    VERSION_BYTE,
    Record,
    money,
    need,
    unmoney,
)

ROLE_OWNER: Final = 0
ROLE_AGENT: Final = 1
ROLE_REVOKED: Final = 2
NONCES_PER_BUCKET: Final = 16
NONCE_BUCKETS: Final = 16

SIGNER_LAYOUT: Final = Struct(">BIBQIQQQIBQ12s")
NONCES_LAYOUT: Final = Struct(">BQB")
NONCE_BYTES: Final = 8


@final
class Nonces(Record):
    """One bucket of a signer's window: its floor and its used nonces, ascending.

    A signer has 16 buckets of 16; a nonce belongs to the bucket that its low
    bits name, so a burnt nonce touches one small leaf.  ``used`` keeps them as they
    are stored, 8 bytes each, big-endian: most are burnt by being put at the end.
    """

    __slots__ = ("floor", "used")

    def __init__(self, key: bytes, stored: bool, floor: int, used: bytes) -> None:
        """Nonces up to ``floor`` are refused; ``used`` are burnt."""
        super().__init__(key, stored)
        self.floor = floor
        self.used = used

    def burn(self, nonce: int) -> bool:
        """Add a nonce above the floor, unless it was used; a full bucket gives up its lowest."""
        data = nonce.to_bytes(NONCE_BYTES, "big")
        used = self.used
        place = len(used)
        while place and data <= used[place - NONCE_BYTES : place]:
            place -= NONCE_BYTES
            if data == used[place : place + NONCE_BYTES]:
                return False
        used = used[:place] + data + used[place:]
        if len(used) > NONCES_PER_BUCKET * NONCE_BYTES:
            self.floor = int.from_bytes(used[:NONCE_BYTES], "big")
            used = used[NONCE_BYTES:]
        self.used = used
        return True

    def burnt(self) -> list[int]:
        """Return the nonces above the floor that are burnt, ascending."""
        used = self.used
        places = range(0, len(used), NONCE_BYTES)
        return [int.from_bytes(used[place : place + NONCE_BYTES], "big") for place in places]

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        used = self.used
        return NONCES_LAYOUT.pack(RECORD_VERSION, self.floor, len(used) // NONCE_BYTES) + used


@final
class Signer(Record):
    """What an address may sign for.  A revoked agent stays, as a tombstone.

    ``kinds`` has bit ``1 << kind`` for each kind of transaction an agent may
    sign; ``markets`` has bit ``1 << market``, 0 meaning every market.

    An agent's budgets are ``notional_max`` and ``loss_max``, micros per day, 0
    for none.  ``notional`` is what it has used of the first on ``day`` (days
    since 1970); ``start`` what its sub-account ``sub`` had made by trading at
    the day's first action.

    ``buckets``, not stored, are those of its nonces that were asked for.
    """

    __slots__ = (
        "account",
        "buckets",
        "day",
        "expires_at",
        "kinds",
        "loss_max",
        "markets",
        "notional",
        "notional_max",
        "role",
        "start",
        "sub",
    )

    def __init__(
        self,
        key: bytes,
        stored: bool,
        account: int,
        role: int,
        expires_at: int,
        kinds: int,
        markets: int,
    ) -> None:
        """Take the role and its terms; budgets start at none."""
        super().__init__(key, stored)
        self.account = account
        self.role = role
        self.expires_at = expires_at
        self.kinds = kinds
        self.markets = markets
        self.buckets: dict[int, Nonces] = {}
        self.notional_max = 0
        self.loss_max = 0
        self.day = 0
        self.sub = 0
        self.notional = 0
        self.start = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return SIGNER_LAYOUT.pack(
            RECORD_VERSION,
            self.account,
            self.role,
            self.expires_at,
            self.kinds,
            self.markets,
            self.notional_max,
            self.loss_max,
            self.day,
            self.sub,
            self.notional,
            money(self.start),
        )


def decode_signer(key: bytes, data: bytes) -> Signer:
    """Return the signer that ``data`` encodes."""
    need(data, SIGNER_LAYOUT.size, "signer")
    values = SIGNER_LAYOUT.unpack(data)
    signer = Signer(key, True, values[1], values[2], values[3], values[4], values[5])
    signer.notional_max = values[6]
    signer.loss_max = values[7]
    signer.day = values[8]
    signer.sub = values[9]
    signer.notional = values[10]
    signer.start = unmoney(values[11])
    return signer


def encode_account(owner: bytes) -> bytes:
    """Return an account record: the owner's address."""
    return VERSION_BYTE + owner


def decode_account(data: bytes) -> bytes:
    """Return the owner's address."""
    need(data, 21, "account")
    return data[1:]


def decode_nonces(key: bytes, data: bytes) -> Nonces:
    """Return the bucket that ``data`` encodes."""
    count = data[9] if len(data) > 9 else NONCES_PER_BUCKET + 1
    if count > NONCES_PER_BUCKET:
        raise StorageCorrupt(f"not a nonce bucket: {data[:24].hex()}")
    need(data, NONCES_LAYOUT.size + count * NONCE_BYTES, "nonce bucket")
    return Nonces(key, True, int.from_bytes(data[1:9], "big"), data[NONCES_LAYOUT.size :])
