"""An L1 of one's own that has what another one has: log, inbox, and the right claims.

For drills.  The contract is the pure one, its verdicts are the real ones, its blocks come
one by one with the calls.  Nothing that happens on it touches the L1 it was forked from.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final, final

from prover.bundle import Bundle
from prover.contract.calls import (
    Call,
    propose_output,
)
from prover.contract.context import Moment
from prover.contract.contract import Contract
from prover.contract.inbox import ACCUMULATOR_EMPTY, accumulate
from prover.contract.log import LogEntry, entry_of
from prover.contract.records import Account, Claim, ClaimStatus, LogHeader, QueuedItem, RulesVersion
from prover.contract.rules import ContractRules
from prover.contract.versions import VERSION_FIRST, list_versions
from prover.entry import data_root
from prover.l1 import L1, BlockEvents, CallReceipt, Heads, L1Block, L1Refused, PostedClaim
from prover.outputs import Output
from prover.replica import Derived
from prover.verdict import judge_fault

STEP_MS: Final = 1_000
PAGE: Final = 64
PURSE_GWEI: Final = 10**12


@final
class Fork(L1):
    """The forked chain, and an adapter to it for one sender."""

    def __init__(self, bundle: Bundle, address: bytes, gas_price: int) -> None:
        """Hold the bundle's log and inbox; claims come with :meth:`agree`."""
        self.rules = bundle.deployment
        self.contract = Contract(self.rules, judge_fault)
        self._address = address
        self.gas_price = gas_price
        self.data = [entry.data for entry in bundle.entries]
        self.traces: list[tuple[bytes, ...]] = [(self.rules.genesis.post_root,)]
        self.height = 0
        self.time = max((entry.time for entry in bundle.entries), default=0)
        accumulators = [ACCUMULATOR_EMPTY]
        for index, item in enumerate(bundle.items):
            accumulators.append(accumulate(accumulators[-1], item))
            self.contract.state.inbox.put(index, QueuedItem(index, item, 0, accumulators[-1]))
        for version in bundle.versions:
            if version.number > VERSION_FIRST:
                place = len(self.contract.state.versions)
                self.contract.state.versions.put(place, version)
        for entry in bundle.entries:
            count = entry.inbox_count
            root, size = data_root(entry.data), len(entry.data)
            header = LogHeader(
                index=entry.index,
                data_root=root,
                length=size,
                time=entry.time,
                block=0,
                inbox_count=count,
                inbox_accumulator=accumulators[count],
                sender=self.rules.sequencer,
                reached=0,
                version=entry.version,
            )
            self.contract.state.log.put(entry.index, header)

    def agree(self, derived: Sequence[Derived]) -> None:
        """Make the right claim about each of these entries final, oldest first."""
        state = self.contract.state
        for each in derived:
            number = len(state.claims)
            claim = Claim(
                number=number,
                parent=number - 1,
                output=each.output,
                proposer=self.rules.sequencer,
                time=each.facts.time,
                block=0,
                bond=0,
                status=ClaimStatus.PENDING,
            )
            state.claims.put(number, claim)
            state.claims.put(number, replace(claim, status=ClaimStatus.FINAL))
            self.traces.append(tuple(each.trace))

    def propose_as(self, proposer: bytes, output: Output, trace: Sequence[bytes]) -> int:
        """Let another one claim something about the next entry; return the claim's number."""
        self.contract.mint(proposer, PURSE_GWEI, 0)
        parent = len(self.contract.state.claims) - 1
        receipt = self.execute(proposer, propose_output(parent, output, list(trace)))
        if not receipt.ok:
            raise L1Refused(receipt.message)
        self.traces.append(tuple(trace))
        return receipt.value

    def execute(self, sender: bytes, call: Call) -> CallReceipt:
        """Mine a block with this call."""
        self.mine()
        moment = Moment(self.height, self.time, self.gas_price)
        result = self.contract.call(sender, moment, call)
        code, message, value, gas = result.code, result.message, result.value, result.gas
        return CallReceipt(b"", self.height, code, message, value, gas, self.gas_price)

    def mine(self) -> None:
        """Let a block pass."""
        self.height += 1
        self.time += STEP_MS

    # The adapter

    @property
    def address(self) -> bytes:
        """The sender's address."""
        return self._address

    async def deployment(self) -> ContractRules:
        """Return what the contract was deployed with."""
        return self.rules

    async def versions(self) -> list[RulesVersion]:
        """Return every version of the rules."""
        return list_versions(self.rules, self.contract.state)

    async def block(self, number: int) -> L1Block | None:
        """Return a block that was mined."""
        if not 0 <= number <= self.height:
            return None
        digest = sha256(number.to_bytes(8, "big")).digest()
        return L1Block(number, digest, self.time - STEP_MS * (self.height - number))

    async def head(self) -> Heads:
        """Return the tags: every block is final at once."""
        digest = sha256(self.height.to_bytes(8, "big")).digest()
        here = L1Block(self.height, digest, self.time)
        return Heads(here, here, here, 0, self.gas_price)

    async def log_entries(self, from_index: int) -> list[LogEntry]:
        """Return a page of the log."""
        headers = self.contract.state.log[from_index : from_index + PAGE]
        return [entry_of(header, self.data[header.index]) for header in headers]

    async def inbox_items(self, from_index: int) -> list[QueuedItem]:
        """Return a page of the inbox."""
        return list(self.contract.state.inbox[from_index : from_index + PAGE])

    async def claims(self, from_number: int = 0) -> list[PostedClaim]:
        """Return a page of claims as they stand now."""
        page = self.contract.state.claims[from_number : from_number + PAGE]
        return [PostedClaim(claim, self.traces[claim.number]) for claim in page]

    async def claim(self, number: int) -> PostedClaim | None:
        """Return one claim as it stands now."""
        return next(iter(await self.claims(number)), None)

    async def account(self, address: bytes) -> Account:
        """Return what an address holds."""
        return self.contract.state.account_of(address)

    def events(self, from_block: int) -> AsyncIterator[BlockEvents]:
        """Refuse: a drill asks, it does not follow."""
        raise L1Refused(f"a fork has no feed, asked from block {from_block}")

    async def send(self, call: Call, *, fee_max: int = 0) -> CallReceipt:
        """Mine a block with a call of the sender."""
        del fee_max
        return self.execute(self._address, call)

    async def close(self) -> None:
        """Nothing to close."""
