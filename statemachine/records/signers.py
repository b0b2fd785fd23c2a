"""Who may sign: owners, agents, their used nonces; and whose an account is."""

from struct import Struct
from typing import Final, final

from statemachine.errors import StorageCorrupt
from statemachine.records.base import RECORD_VERSION, VERSION_BYTE, Record, need

ROLE_OWNER: Final = 0
ROLE_AGENT: Final = 1
ROLE_REVOKED: Final = 2
NONCES_PER_BUCKET: Final = 16
NONCE_BUCKETS: Final = 16

SIGNER_LAYOUT: Final = Struct(">BIBQIQ")
NONCES_LAYOUTS: Final = tuple(Struct(f">BQB{n}Q") for n in range(NONCES_PER_BUCKET + 1))


@final
class Signer(Record):
    """What an address may sign for.  A revoked agent stays, as a tombstone.

    ``kinds`` has bit ``1 << kind`` for each kind of transaction an agent may
    sign; ``markets`` has bit ``1 << market``, 0 meaning every market.
    """

    __slots__ = ("account", "expires_at", "kinds", "markets", "role")

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
        """Take every field, in the order of the encoding."""
        super().__init__(key, stored)
        self.account = account
        self.role = role
        self.expires_at = expires_at
        self.kinds = kinds
        self.markets = markets

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return SIGNER_LAYOUT.pack(
            RECORD_VERSION, self.account, self.role, self.expires_at, self.kinds, self.markets
        )


def decode_signer(key: bytes, data: bytes) -> Signer:
    """Return the signer that ``data`` encodes."""
    need(data, SIGNER_LAYOUT.size, "signer")
    _, account, role, expires_at, kinds, markets = SIGNER_LAYOUT.unpack(data)
    return Signer(key, True, account, role, expires_at, kinds, markets)


def encode_account(owner: bytes) -> bytes:
    """Return an account record: the owner's address."""
    return VERSION_BYTE + owner


def decode_account(data: bytes) -> bytes:
    """Return the owner's address."""
    need(data, 21, "account")
    return data[1:]


@final
class Nonces(Record):
    """One bucket of a signer's window: its floor and its used nonces, ascending.

    A signer has 16 buckets of 16; a nonce belongs to the bucket that its low
    bits name, so a burnt nonce touches one small leaf.
    """

    __slots__ = ("floor", "used")

    def __init__(self, key: bytes, stored: bool, floor: int, used: list[int]) -> None:
        """Nonces up to ``floor`` are refused; ``used`` are burnt."""
        super().__init__(key, stored)
        self.floor = floor
        self.used = used

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        count = len(self.used)
        return NONCES_LAYOUTS[count].pack(RECORD_VERSION, self.floor, count, *self.used)


def decode_nonces(key: bytes, data: bytes) -> Nonces:
    """Return the bucket that ``data`` encodes."""
    count = data[9] if len(data) > 9 else NONCES_PER_BUCKET + 1
    if count > NONCES_PER_BUCKET:
        raise StorageCorrupt(f"not a nonce bucket: {data[:24].hex()}")
    need(data, NONCES_LAYOUTS[count].size, "nonce bucket")
    values = NONCES_LAYOUTS[count].unpack(data)
    return Nonces(key, True, values[1], list(values[3:]))
