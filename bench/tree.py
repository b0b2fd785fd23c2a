"""The root of a large state: microseconds per key that changed.

One million keys as an exchange would hold them (resting orders, positions,
portfolios), ten thousand of them changed in one update, chosen uniformly: the
worst case, since real changes are neighbours.  What bounds it is memory: each of the
seven or so branches below the shared top of the tree is a cache miss or two, beside
its SHA-256.  The same number of neighbouring keys is given for comparison.
"""

import gc
import random
from statistics import median
from time import perf_counter
from typing import Final

from bench.figures import Figure
from statemachine.keys import BUY, SELL, order_key, portfolio_key, position_key
from statemachine.merkle.tree import Tree

KEYS: Final = 1_000_000
DIRTY: Final = 10_000
ROUNDS: Final = 7
VALUE_BYTES: Final = 48
MARKETS: Final = 10


def state_keys(rng: random.Random) -> list[bytes]:
    """Return a million different keys in order: half of them orders."""
    keys = {portfolio_key(account << 8) for account in range(KEYS // 6)}
    keys |= {
        position_key(account << 8, market) for account in range(KEYS // 6) for market in (1, 2)
    }
    while len(keys) < KEYS:
        side = rng.choice((BUY, SELL))
        price = 6_000_000 + 100 * rng.randrange(5_000)
        keys.add(order_key(rng.randrange(MARKETS), side, price, len(keys)))
    return sorted(keys)


def time_updates(tree: Tree, batches: list[list[bytes]], rng: random.Random) -> list[float]:
    """Return the microseconds per key that each batch took."""
    taken = []
    for batch in batches:
        writes: dict[bytes, bytes | None] = {key: rng.randbytes(VALUE_BYTES) for key in batch}
        start = perf_counter()
        tree.update(writes)
        taken.append((perf_counter() - start) / len(batch) * 1e6)
    return taken


def measure(variant: str) -> list[Figure]:
    """Return the figures; there is one variant."""
    rng = random.Random(f"tree{variant}")
    keys = state_keys(rng)
    gc.disable()  # as the root worker does: nodes refer to each other only downwards
    start = perf_counter()
    tree = Tree.from_items((key, rng.randbytes(VALUE_BYTES)) for key in keys)
    built = perf_counter() - start
    scattered = time_updates(tree, [rng.sample(keys, DIRTY) for _ in range(ROUNDS)], rng)
    places = [rng.randrange(KEYS - DIRTY) for _ in range(ROUNDS)]
    nearby = time_updates(tree, [keys[p : p + DIRTY] for p in places], rng)
    spread = f"{min(scattered):.1f} to {max(scattered):.1f} in {ROUNDS} updates"
    return [
        Figure(
            "tree.dirty_key",
            median(scattered),
            "us/key",
            f"{DIRTY:,} of {KEYS:,} keys, uniformly chosen; {spread}",
            ceiling=20,
        ),
        Figure("tree.dirty_neighbour", median(nearby), "us/key", f"{DIRTY:,} neighbouring keys"),
        Figure("tree.build", built, "s", f"{KEYS:,} sorted items"),
    ]
