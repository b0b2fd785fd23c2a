"""Keeping the chain alive without its sequencer: entries of inbox items only, by anyone.

Once the log has been silent past the liveness deadline, and an item of the inbox is
overdue, an empty entry makes a block of whatever is overdue.  So what was forced on
L1 happens, whether there is a sequencer or not; and if the inbox is so full that items
wait for room, entry follows entry (:mod:`prover.contract.reach`).
"""

import time
from typing import Final, final

import structlog

from node.derivation.deriver import Deriver
from prover.contract.codes import ContractCode
from prover.contract.reach import overdue_ms_max
from prover.contract.rules import ContractRules
from prover.l1 import L1
from statemachine.delay import deadline_of
from statemachine.inbox import InboxItem

PAUSE_SECONDS: Final = 5.0
"""After an attempt that L1 did not take: it may be that another one's was."""

LOG = structlog.get_logger("keep-alive")


@final
class KeepAlive:
    """Appends empty entries when the chain would stand still otherwise."""

    def __init__(self, l1: L1, deriver: Deriver, deployment: ContractRules) -> None:
        """Act with the key of ``l1`` on what ``deriver`` knows."""
        self.l1 = l1
        self.deriver = deriver
        self.deployment = deployment
        self.paused_until = 0.0

    @property
    def next_item(self) -> InboxItem | None:
        """The first inbox item that no block has consumed."""
        chain = self.deriver.chain
        inbox = chain.replica.inbox
        place = chain.head.inbox_index
        return inbox[place] if place < len(inbox) else None

    async def is_due(self) -> bool:
        """Return whether an entry would be taken, and would do something."""
        chain = self.deriver.chain
        await self.deriver.read_inbox(len(chain.replica.inbox))
        item = self.next_item
        clock = self.deriver.clock
        if item is None or item.time + deadline_of(chain.rules, chain.cursor) > clock:
            return False
        if clock - item.time - chain.rules.inbox_deadline_ms > overdue_ms_max(self.deployment):
            return True
        last = await self.l1.log_entries(max(0, chain.head.log_index - 1))
        since = max([self.deployment.genesis_time_ms, *(entry.time for entry in last)])
        return clock - since > self.deployment.liveness_ms_max

    async def act(self) -> bool:
        """Append an entry if one is due; return whether L1 took it."""
        if time.monotonic() < self.paused_until or not await self.is_due():
            return False
        index = self.deriver.chain.head.log_index
        LOG.warning("appending for the inbox, which nobody does", log_index=index)
        receipt = await self.l1.append_empty(index)
        if not receipt.ok:
            self.paused_until = time.monotonic() + PAUSE_SECONDS
        if receipt.code in (ContractCode.ENTRY_INDEX, ContractCode.SEQUENCER_ALIVE):
            LOG.info("somebody was faster", log_index=index)
        elif not receipt.ok:
            LOG.error("not appended", code=receipt.code.name, why=receipt.message)
        return receipt.ok
