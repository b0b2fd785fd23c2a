"""What stands behind the book: the exchange's own records, and those of who backs it.

The part of the state (:mod:`statemachine.state`) that is no trader's: the ledger,
the velocity of withdrawals, vaults and their depositors, the lending pool.
"""

from statemachine import keys
from statemachine.journal import Journal
from statemachine.records import (
    Ledger,
    Pool,
    Share,
    Supply,
    Vault,
    Velocity,
    decode_ledger,
    decode_pool,
    decode_share,
    decode_supply,
    decode_vault,
    decode_velocity,
)
from statemachine.rules import Rules
from statemachine.storage import Store
from statemachine.working_set import WorkingSet


class Backing(Journal):
    """Records by kind, decoded once, over a read-only store."""

    __slots__ = (
        "funds",
        "lending",
        "records",
        "rules",
        "shares",
        "stakes",
        "supplies",
        "vaults",
        "velocity_record",
    )

    def __init__(self, store: Store, rules: Rules, records: WorkingSet) -> None:
        """Read nothing yet."""
        super().__init__(store, records.blobs)
        self.rules = rules
        self.records = records
        self.vaults = records.vaults
        self.shares = records.shares
        self.funds = records.funds
        self.stakes = records.stakes
        self.supplies = records.supplies
        self.lending = False
        self.velocity_record: Velocity | None = None

    def ledger(self) -> Ledger:
        """Return the exchange's own balances."""
        record = self.records.ledger
        if record is None:
            data = self.store.get(keys.LEDGER_KEY)
            record = Ledger(stored=False) if data is None else decode_ledger(data)
            self.records.ledger = record
        return record

    def velocity(self) -> Velocity:
        """Return how fast money may leave."""
        record = self.velocity_record
        if record is None:
            data = self.store.get(keys.VELOCITY_KEY)
            record = Velocity(stored=False) if data is None else decode_velocity(data)
            self.velocity_record = record
        return record

    def vault(self, market: int) -> Vault:
        """Return a market's backstop vault, without depositors if nobody ever was one."""
        record = self.vaults.get(market)
        if record is None:
            key = keys.vault_key(market)
            data = self.store.get(key)
            record = Vault(key, False) if data is None else decode_vault(key, data)
            self.vaults[market] = record
        return record

    def share(self, market: int, account: int) -> Share:
        """Return what an account has in a market's vault, nothing if it never had."""
        key = keys.share_key(market, account)
        record = self.shares.get(key)
        if record is None:
            data = self.store.get(key)
            epoch = self.vault(market).epoch
            record = Share(key, False, epoch) if data is None else decode_share(key, data)
            self.shares[key] = record
        return record

    def pool(self) -> Pool:
        """Return the lending pool; the step at hand is charged for it."""
        self.lending = True
        record = self.records.pool
        if record is None:
            data = self.store.get(keys.POOL_KEY)
            record = Pool(stored=False) if data is None else decode_pool(data)
            self.records.pool = record
        return record

    def supply(self, account: int) -> Supply:
        """Return what an account has in the pool, nothing if it never had."""
        record = self.supplies.get(account)
        if record is None:
            key = keys.supply_key(account)
            data = self.store.get(key)
            if data is None:
                record = Supply(key, False, self.pool().epoch)
            else:
                record = decode_supply(key, data)
            self.supplies[account] = record
        return record
