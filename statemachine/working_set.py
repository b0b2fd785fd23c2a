"""Decoded records that outlive a block: the memory of a node that runs block after block.

A cache and nothing else: what it holds is what the store holds, decoded.  So
its owner keeps two promises.  Every result's writes go into the store before
the next block runs, and whoever changes the store otherwise (taking blocks
back, for one) clears this first.  A verdict uses none: it reads every leaf.
"""

from typing import Final, final

from statemachine.records import (
    AssetSums,
    Blob,
    Fund,
    Group,
    Holding,
    Ledger,
    Market,
    Nonces,
    Oracle,
    Order,
    Pool,
    Portfolio,
    Position,
    Ramp,
    Share,
    Signer,
    Sleeper,
    Stake,
    Standing,
    Supply,
    TwapPlan,
    Vault,
)

RECORDS_MAX: Final = 500_000
"""With more records than this, some 200 MB, the set starts anew."""


@final
class WorkingSet:
    """Every record a run has touched, by kind; ``None`` where there is known to be none."""

    __slots__ = (
        "assets",
        "blobs",
        "funds",
        "groups",
        "holdings",
        "ledger",
        "markets",
        "nonces",
        "oracles",
        "orders",
        "pool",
        "portfolios",
        "positions",
        "ramps",
        "shares",
        "signers",
        "sleepers",
        "stakes",
        "standings",
        "supplies",
        "twaps",
        "vaults",
    )

    def __init__(self) -> None:
        """Hold nothing."""
        self.ledger: Ledger | None = None
        self.pool: Pool | None = None
        self.markets: dict[int, Market] = {}
        self.oracles: dict[int, Oracle] = {}
        self.ramps: dict[int, Ramp] = {}
        self.portfolios: dict[int, Portfolio | None] = {}
        self.positions: dict[int, Position] = {}
        self.orders: dict[bytes, Order] = {}
        self.sleepers: dict[bytes, Sleeper] = {}
        self.standings: dict[int, Standing] = {}
        self.groups: dict[bytes, Group] = {}
        self.twaps: dict[bytes, TwapPlan] = {}
        self.vaults: dict[int, Vault] = {}
        self.shares: dict[bytes, Share] = {}
        self.funds: dict[int, Fund | None] = {}
        self.stakes: dict[bytes, Stake] = {}
        self.supplies: dict[int, Supply] = {}
        self.signers: dict[bytes, Signer | None] = {}
        self.nonces: dict[bytes, Nonces] = {}
        self.holdings: dict[int, Holding] = {}
        self.assets: dict[int, AssetSums] = {}
        self.blobs: dict[bytes, Blob | None] = {}

    def clear(self) -> None:
        """Forget everything."""
        self.ledger = None
        self.pool = None
        self.markets = {}
        self.oracles = {}
        self.ramps = {}
        self.portfolios = {}
        self.positions = {}
        self.orders = {}
        self.sleepers = {}
        self.standings = {}
        self.groups = {}
        self.twaps = {}
        self.vaults = {}
        self.shares = {}
        self.funds = {}
        self.stakes = {}
        self.supplies = {}
        self.signers = {}
        self.nonces = {}
        self.holdings = {}
        self.assets = {}
        self.blobs = {}

    def trim(self) -> None:
        """Start anew if there is too much to keep."""
        count = len(self.orders) + len(self.blobs) + len(self.positions) + len(self.nonces)
        if count + len(self.portfolios) > RECORDS_MAX:
            self.clear()
