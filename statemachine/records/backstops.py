"""What stands behind the book: vaults, their depositors, and how fast money may leave."""

from struct import Struct
from typing import Final, final

from statemachine import keys
from statemachine.records.base import RECORD_VERSION, Record, money, need, unmoney

VAULT_LAYOUT: Final = Struct(">B12sIBI12s")
SHARE_LAYOUT: Final = Struct(">BI12s12s")
VELOCITY_LAYOUT: Final = Struct(">B12sQ")


@final
class Vault(Record):
    """A market's backstop: its shares, and what insurance paid for the market today.

    ``shares`` counts all shares of ``epoch``, those on notice too; an epoch
    ends when a vault has lost everything.  ``unwinding``: due work waits to
    sell what it holds.  ``insured`` micros were drawn on day ``insured_day``.
    """

    __slots__ = ("epoch", "insured", "insured_day", "shares", "unwinding")

    def __init__(self, key: bytes, stored: bool) -> None:
        """Start without depositors."""
        super().__init__(key, stored)
        self.shares = 0
        self.epoch = 0
        self.unwinding = 0
        self.insured_day = 0
        self.insured = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return VAULT_LAYOUT.pack(
            RECORD_VERSION,
            money(self.shares),
            self.epoch,
            self.unwinding,
            self.insured_day,
            money(self.insured),
        )


def decode_vault(key: bytes, data: bytes) -> Vault:
    """Return the vault that ``data`` encodes."""
    need(data, VAULT_LAYOUT.size, "vault")
    vault = Vault(key, True)
    _, shares, vault.epoch, vault.unwinding, vault.insured_day, insured = VAULT_LAYOUT.unpack(data)
    vault.shares = unmoney(shares)
    vault.insured = unmoney(insured)
    return vault


@final
class Share(Record):
    """What an account has in a vault: shares it ``held`` back, and those on ``notice``."""

    __slots__ = ("epoch", "held", "notice")

    def __init__(self, key: bytes, stored: bool, epoch: int) -> None:
        """Start with nothing, in the vault's epoch."""
        super().__init__(key, stored)
        self.epoch = epoch
        self.held = 0
        self.notice = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return SHARE_LAYOUT.pack(RECORD_VERSION, self.epoch, money(self.held), money(self.notice))


def decode_share(key: bytes, data: bytes) -> Share:
    """Return the share that ``data`` encodes."""
    need(data, SHARE_LAYOUT.size, "share")
    _, epoch, held, notice = SHARE_LAYOUT.unpack(data)
    share = Share(key, True, epoch)
    share.held = unmoney(held)
    share.notice = unmoney(notice)
    return share


@final
class Velocity(Record):
    """How much may leave at ``time`` (ms); it grows back from there."""

    __slots__ = ("capacity", "time")

    def __init__(self, stored: bool) -> None:
        """Start full: nothing has left for as long as there is time."""
        super().__init__(keys.VELOCITY_KEY, stored)
        self.capacity = 0
        self.time = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return VELOCITY_LAYOUT.pack(RECORD_VERSION, money(self.capacity), self.time)


def decode_velocity(data: bytes) -> Velocity:
    """Return the record that ``data`` encodes."""
    need(data, VELOCITY_LAYOUT.size, "velocity")
    velocity = Velocity(stored=True)
    _, capacity, velocity.time = VELOCITY_LAYOUT.unpack(data)
    velocity.capacity = unmoney(capacity)
    return velocity
