"""Writes the golden vectors of the exchange: ``python -m tests.exchange_vectors``.

A scene is a history, made by real blocks, and one more block on top of it that
shows one outcome of one handler.  A vector is that block with everything that
goes in and comes out of it, as bytes.  ``tests/vectors/exchange/README.md``
describes the files for those who implement the exchange elsewhere.

They are part of the protocol: if this changes a file that is committed, then
some block means something else than it did.
"""

from tests.exchange_vectors import (
    assets,
    atomic,
    authority,
    custody,
    ends,
    fees,
    forced,
    funds,
    lending,
    limits,
    pegs,
    pricing,
    rescue,
    strategies,
    tail,
    trading,
    upkeep,
)
from tests.exchange_vectors.scene import Scene

MODULES = (
    authority,
    custody,
    forced,
    fees,
    assets,
    funds,
    trading,
    atomic,
    strategies,
    pegs,
    limits,
    pricing,
    rescue,
    tail,
    lending,
    upkeep,
    ends,
)


def all_scenes() -> list[Scene]:
    """Return every scene, by handler, then in code order."""
    scenes = [scene for module in MODULES for scene in module.STAGE.scenes]
    return sorted(scenes, key=lambda scene: (scene.handler, scene.file))
