"""A developer's hands on a sequencer: held, made to make blocks one by one, or to ignore people."""

import asyncio
from typing import final

import structlog

from node.ledger.feed import Controls, Head
from node.sequencing.censor import Censor
from node.sequencing.runtime import SequencerNode

LOG = structlog.get_logger("sequencer")


@final
class SequencerControls(Controls):
    """What a developer may do to a running sequencer, on a devnet."""

    def __init__(self, node: SequencerNode) -> None:
        self.node = node

    async def hold(self) -> None:
        """Stop making blocks, and wait until L1's log has all that were made."""
        self.node.held = True
        try:
            await self.node.anchor.wait_posted()
        except asyncio.CancelledError:
            self.node.held = False
            raise

    async def resume(self) -> None:
        """Read the L1 clock again and go on making blocks."""
        await self.node.anchor.look()
        self.node.held = False

    @property
    def waiting(self) -> int:
        """How many transactions wait for a block."""
        return len(self.node.core.queue)

    async def make_block_at(self, time: int, submitted: int) -> Head | None:
        """Make the next block at ``time``, ms, of all that waits; see ``feed.Controls``."""
        if not self.node.held:
            return None
        await self.node.intake.arrivals.reach(submitted)
        await self.node.anchor.look()
        while not self.node.ready or self.node.delayed:
            await self.node.anchor.looked.wait()
        written = None if time > self.node.core.horizon else await self.node.build(time)
        if written is None:
            return None
        await written
        return self.node.durable

    def censor(self, addresses: frozenset[bytes], *, inbox: bool) -> None:
        """Ignore owners, or the inbox: for a devnet that wants to see what it is good for."""
        LOG.warning("censoring", addresses=sorted(a.hex() for a in addresses), inbox=inbox)
        self.node.core.censor = Censor(addresses, inbox)
