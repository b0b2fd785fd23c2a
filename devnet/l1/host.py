"""The stub as it runs: a chain, its disk, its clock, and who waits for blocks.

A block is on disk before anybody hears of it; a mempool that is lost with the
process is sent again by its senders, for the same bytes are the same call.
"""

import asyncio
import time
from contextlib import suppress
from typing import Final, final

import structlog

from devnet.l1.chain import Chain, Mined
from devnet.l1.journal import Journal, StoredReceipt
from prover.contract.calls import Envelope

log = structlog.get_logger(__name__)

WARP_MS_MAX: Final = 10 * 365 * 86_400_000
STUCK_SECONDS: Final = 0.5
"""How often an L1 that makes blocks for calls alone makes one for those that bid too little."""


def wall_clock() -> int:
    """Return the wall clock in ms."""
    return time.time_ns() // 1_000_000


@final
class Host:
    """A running stub.

    Parameters
    ----------
    chain, journal
        Opened together.
    block_ms
        Interval between blocks; 0 makes a block for each call, and while calls wait that
        bid too little, one now and then: the base fee falls with each.
    mining
        Whether blocks are made without being asked for.
    """

    def __init__(self, chain: Chain, journal: Journal, block_ms: int, *, mining: bool) -> None:
        self.chain = chain
        self.journal = journal
        self.block_ms = block_ms
        self.mining = mining
        self.broken = asyncio.Event()
        self.forks: list[int] = []
        self.expired = 0
        """Entries before this one are older than L1 keeps bytes."""
        self._failure: BaseException | None = None
        self._news = asyncio.Event()
        self._work = asyncio.Event()

    def check(self) -> None:
        """Raise what broke the chain, if anything did."""
        if self._failure is not None:
            raise self._failure

    def open_genesis(self) -> None:
        """Make block 0, if there is none yet."""
        if not self.chain.headers:
            self.mine()

    def mine(self) -> Mined:
        """Make a block, make it durable, and tell everybody.

        Whatever goes wrong here leaves a state in memory that is not on disk:
        the process must end, and start again from the disk.
        """
        self.check()
        try:
            mined = self.chain.mine(wall_clock())
            self.journal.commit(mined, self.chain)
        except BaseException as error:
            self._failure = error
            self.broken.set()
            raise
        for waiting, result in zip(mined.calls, mined.results, strict=True):
            log.info(
                "call",
                block=mined.block.number,
                kind=type(waiting.envelope.call).__name__,
                sender=waiting.sender,
                code=result.code.name,
                value=result.value,
                gas=result.gas,
                gas_price=mined.price_of(waiting),
                message=result.message,
            )
        self.drop_expired()
        self._news.set()
        self._news = asyncio.Event()
        return mined

    def drop_expired(self) -> None:
        """Drop the bytes of final log entries that are older than L1 keeps them."""
        chain = self.chain
        oldest = chain.latest.time - chain.settings.retention_ms
        if not chain.settings.retention_ms:
            return
        count = 0
        for header in chain.contract.state.log[self.expired :]:
            if header.time >= oldest or header.block > chain.final.number:
                break
            count += self.journal.prune(header.index)
            self.expired = header.index + 1
        if count:
            log.info("dropped old data", entries=count, before=self.expired)

    def submit(self, envelope: Envelope) -> bytes:
        """Put a call into the mempool, unless it was mined before; raises ``Refusal``."""
        name, _ = self.chain.identify(envelope)
        if self.journal.receipt(name) is not None:
            return name
        self.chain.submit(envelope)
        self._work.set()
        return name

    def warp(self, forward_ms: int) -> Mined:
        """Move the clock forward and make a block there."""
        self.chain.warp(forward_ms)
        self.save_controls()
        return self.mine()

    def reorg(self, depth: int, *, drop: bool) -> Mined:
        """Take ``depth`` blocks back and make one more in their place, with other hashes.

        The calls of the old ones wait again, or are forgotten if ``drop``.
        Raises ``ValueError`` for a depth that would reach a final block.
        """
        self.check()
        chain = self.chain
        if not 0 < depth <= chain.depth_max:
            raise ValueError(f"depth {depth}: blocks after the final one are {chain.depth_max}")
        fork = chain.latest.number - depth
        try:
            calls = self.journal.take_back(chain.latest.number, depth)
            before, _ = self.journal.open_chain(
                chain.contract.rules, chain.contract.judge, chain.settings
            )
        except BaseException as error:
            self._failure = error
            self.broken.set()
            raise
        chain.fork(before, [] if drop else calls)
        self.forks.append(fork)
        log.info("reorg", depth=depth, fork=fork, calls=len(calls), dropped=drop)
        for _ in range(depth):
            self.mine()
        return self.mine()

    def prune(self, before_index: int) -> int:
        """Drop the bytes of final log entries before an index; return of how many."""
        final = self.chain.final.number
        log = self.chain.contract.state.log
        return sum(
            self.journal.prune(header.index)
            for header in log[:before_index]
            if header.block <= final
        )

    def set_mining(self, *, mining: bool) -> None:
        """Make blocks by the clock, or only when asked."""
        self.mining = mining
        self.save_controls()
        self._work.set()

    def set_clock(self, *, stopped: bool) -> None:
        """Stop the clock, or let it run on."""
        self.chain.set_clock(wall_clock(), stopped=stopped)
        self.save_controls()

    def save_controls(self) -> None:
        """Make the clock, the gas price and the mining switch durable."""
        self.journal.save_controls(self.chain, mining=self.mining)

    async def next_block(self) -> None:
        """Wait until another block was made."""
        await self._news.wait()

    async def receipt_of(self, name: bytes, until_block: int = 0) -> StoredReceipt | None:
        """Wait for a call's block, until L1 has ``until_block`` (0: without end).

        ``None`` if it is in no block then: it waits still, or is not known.
        """
        while True:
            receipt = self.journal.receipt(name)
            if receipt is not None or name not in self.chain.mempool:
                return receipt
            if until_block and self.chain.latest.number >= until_block:
                return None
            await self.next_block()

    async def run(self) -> None:
        """Make blocks until cancelled."""
        while True:
            if self.block_ms == 0:
                await self._wait_for_calls()
                if self.mining and self.chain.mempool:
                    self.mine()
                while self.mining and self.chain.can_include():
                    self.mine()
            else:
                await asyncio.sleep(self._pause_seconds())
                if self.mining:
                    self.mine()

    async def _wait_for_calls(self) -> None:
        """Wait for a call; while some bid too little, make a block for them now and then."""
        stuck = self.mining and self.chain.mempool and not self.chain.delay_blocks
        with suppress(TimeoutError):
            await asyncio.wait_for(self._work.wait(), STUCK_SECONDS if stuck else None)
        self._work.clear()

    def _pause_seconds(self) -> float:
        """Return how long to wait for the next multiple of the block time."""
        return (self.block_ms - wall_clock() % self.block_ms) / 1_000
