"""The challenger's process around its core: read L1, carry out effects, again.

One task, in L1's order: tags, inbox items, log entries, claims, then whatever
the core asks for.  An L1 that does not answer is waited for; nothing is lost by
that, for each round asks from the first thing that is not final.
"""

import asyncio
from collections.abc import Callable
from typing import Final, final

from prover.board import Board
from prover.challenger import Challenger
from prover.effects import Effect, Keep, Learnt, Said, Send, Settled
from prover.gauges import Surroundings, Watchman, watch_figures
from prover.keeper import Keeper
from prover.l1 import L1, CallReceipt, Heads, L1Refused, L1Unreachable

PAUSE_MAX_SECONDS: Final = 5.0
CALLS_AT_ONCE_MAX: Final = 256
"""Calls that wait for L1 at the same time: half of what a block of the stub holds."""


@final
class Patrol:
    """One challenger on duty.

    Parameters
    ----------
    keeper
        Where secrets and settled state go; ``None`` keeps nothing.
    wall_ms
        Returns the wall clock, for the time of a line.
    watchman
        Says what goes bad besides claims.
    around
        Returns what is known from outside.
    """

    def __init__(
        self,
        l1: L1,
        core: Challenger,
        board: Board,
        keeper: Keeper | None,
        wall_ms: Callable[[], int],
        watchman: Watchman | None = None,
        around: Callable[[], Surroundings] = Surroundings,
    ) -> None:
        self.l1 = l1
        self.core = core
        self.board = board
        self.keeper = keeper
        self.wall_ms = wall_ms
        self.watchman = watchman or Watchman()
        self.around = around
        self.seen: Heads | None = None

    async def run(
        self,
        pause: float,
        *,
        until_wrong: bool = False,
        until: Callable[[Challenger], bool] | None = None,
    ) -> bool:
        """Make rounds until cancelled; return whether all claims were right.

        ``pause`` in seconds between rounds; with ``until_wrong`` the first
        wrong claim ends it, and ``until`` is asked after each round.
        """
        missing = 0
        while True:
            try:
                await self.make_round()
                if missing:
                    self.note("info", f"L1 answers again after {missing} attempts")
                missing = 0
            except L1Unreachable as error:
                missing += 1
                if missing == 1:
                    self.note("warning", f"L1 does not answer, waiting for it: {error}")
            if until_wrong and self.core.docket.wrong:
                return False
            if until is not None and not missing and until(self.core):
                return not self.core.docket.wrong
            await asyncio.sleep(min(pause * (1 + missing), PAUSE_MAX_SECONDS))

    async def make_round(self) -> None:
        """Read what is new on L1, once, and act on it."""
        heads = await self.l1.head()
        if self.seen is not None and heads.latest.hash == self.seen.latest.hash:
            return
        self.core.note_heads(heads)
        await self.carry_out(self.core.on_versions(await self.l1.versions()))
        await self.read_items()
        await self.read_entries()
        await self.read_claims()
        if self.core.defence is not None and self.l1.address:
            account = await self.l1.account(self.l1.address)
            await self.carry_out(self.core.on_balance(account.eth))
        await self.carry_out(self.core.on_head(heads))
        self.seen = heads
        self.board.around = self.around()
        for level, text in self.watchman.look(watch_figures(self.core, self.board.around)):
            self.note(level, text)
        self.board.refresh(self.core)

    async def read_items(self) -> None:
        """Take note of every inbox item that L1 has."""
        index = self.core.next_item
        while items := await self.l1.inbox_items(index):
            await self.carry_out(self.core.on_items(items))
            index = items[-1].index + 1

    async def read_entries(self) -> None:
        """Derive every entry that L1 has."""
        index = self.core.next_entry
        while entries := await self.l1.log_entries(index):
            self.core.expect(entries)
            for entry in entries:
                await self.carry_out(self.core.on_entry(entry))
                self.board.refresh(self.core)
            index = entries[-1].index + 1
        await self.carry_out(self.core.on_log_end(index))

    async def read_claims(self) -> None:
        """Look at every claim that is not decided."""
        number = self.core.next_claim
        while claims := await self.l1.claims(number):
            for posted in claims:
                await self.carry_out(self.core.on_claim(posted))
            number = claims[-1].claim.number + 1
        await self.carry_out(self.core.on_claims_end(number))

    async def carry_out(self, effects: list[Effect]) -> None:
        """Do what the core asks for, in order; send its calls when all else is done.

        They go out together: a block has room for many, and a liar with many
        claims must not make the defender wait for a block for each.
        """
        while effects:
            calls: list[Send] = []
            for effect in effects:
                match effect:
                    case Said():
                        self.board.write_line(effect, self.wall_ms())
                    case Keep():
                        if self.keeper is not None:
                            self.keeper.keep_case(effect.key, effect.value)
                    case Learnt():
                        if self.keeper is not None:
                            self.keeper.keep_book(effect.book)
                    case Settled():
                        if self.keeper is not None:
                            self.keeper.settle(effect.derived)
                    case Send():
                        calls.append(effect)
            effects = []
            for first in range(0, len(calls), CALLS_AT_ONCE_MAX):
                sent = calls[first : first + CALLS_AT_ONCE_MAX]
                receipts = await asyncio.gather(*(self.send(call) for call in sent))
                for call, receipt in zip(sent, receipts, strict=True):
                    effects += self.core.on_receipt(call.claim, receipt)

    async def send(self, effect: Send) -> CallReceipt | None:
        """Send a call; ``None`` if nobody knows what became of it."""
        try:
            return await self.l1.send(effect.call, fee_max=effect.fee_max)
        except L1Unreachable as error:
            self.note("warning", f"claim {effect.claim}: sending failed: {error}")
        except L1Refused as error:
            self.note("alert", f"claim {effect.claim}: L1 refuses the call: {error}")
        return None

    def note(self, level: str, text: str) -> None:
        """Write a line of the process's own."""
        self.board.write_line(Said(level, text, {}), self.wall_ms())
