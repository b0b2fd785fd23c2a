"""The actors, by what they attack; importing this enters all of them into the library."""

from tests.adversaries.actors import (
    batches,
    claims,
    disputes,
    duty,
    exits,
    forgeries,
    inbox,
    nodes,
    reorgs,
    shares,
    upgrades,
    vouchers,
    vows,
)

__all__ = [
    "batches",
    "claims",
    "disputes",
    "duty",
    "exits",
    "forgeries",
    "inbox",
    "nodes",
    "reorgs",
    "shares",
    "upgrades",
    "vouchers",
    "vows",
]
