"""The cyclic garbage collector, kept from pausing the node.

A node holds hundreds of thousands of long-lived objects (tree, blocks,
receipts) and makes almost no reference cycles.  Python's collector would walk
all of them again and again as they grow: 300 ms at a time, which was the tail
of every acknowledgement.  So what is there at the start is set aside, the
young generations are kept small, and a full collection runs only when
the node has nothing else to do.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Final

YOUNG_OBJECTS: Final = 5_000
YOUNG_ROUNDS: Final = 5
NEVER: Final = 1_000_000
FULL_SECONDS: Final = 600.0


def tame_collector() -> None:
    """Set aside what there is now, and leave full collections to :func:`collect_when_idle`."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_ROUNDS, NEVER)


async def collect_when_idle(is_idle: Callable[[], bool]) -> None:
    """Run a full collection every ten minutes, when nobody waits; for ever."""
    while True:
        await asyncio.sleep(FULL_SECONDS)
        if is_idle():
            gc.collect()
