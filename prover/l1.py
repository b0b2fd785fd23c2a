"""What the rollup needs of an L1, whichever it is: one protocol, typed records.

The stub of a devnet and a real chain stand behind the same adapter.  Reads
answer with what L1 has; pages are bounded, so a reader asks again from where
it got to.  Sends wait until the call is in a block and say what became of it;
a refusal by the contract is an answer, not an exception.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol, final

from prover.contract.calls import (
    Append,
    AppendEmpty,
    Call,
    ClaimWithdrawal,
    CommitFault,
    Deposit,
    ForceWithdraw,
    ProveFault,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.events import Event
from prover.contract.log import LogEntry
from prover.contract.records import Account, Claim, QueuedItem, RulesVersion
from prover.contract.rules import ContractRules
from prover.outputs import Output
from statemachine.errors import SextantError


class L1Unreachable(SextantError):
    """The L1 did not answer in time; the same request may succeed later."""


class L1Held(L1Unreachable):
    """A call is in no block yet, and may still come into one: the same, sent again, waits on."""


class L1Refused(SextantError):
    """The L1 will not take a request as it is: it names why; a retry is no use."""


@final
@dataclass(frozen=True, slots=True)
class L1Block:
    """A block of L1: number, hash of 32 bytes, time in ms."""

    number: int
    hash: bytes
    time: int


@final
@dataclass(frozen=True, slots=True)
class Heads:
    """The tags of L1.  ``clock_offset_ms`` is L1's clock minus the wall clock.

    ``gas_price`` in gwei per 1,000,000 gas is the base fee of the next block;
    ``retention_ms`` how long L1 keeps the bytes of log entries, 0 if it does not say.
    """

    latest: L1Block
    safe: L1Block
    final: L1Block
    clock_offset_ms: int
    gas_price: int = 0
    retention_ms: int = 0


@final
@dataclass(frozen=True, slots=True)
class PostedClaim:
    """A claim and the trace of roots that came with it (genesis: its one root)."""

    claim: Claim
    trace: tuple[bytes, ...]


@final
@dataclass(frozen=True, slots=True)
class BlockEvents:
    """What happened in one L1 block; blocks without events are reported too."""

    block: L1Block
    events: tuple[Event, ...]
    heads: Heads


@final
@dataclass(frozen=True, slots=True)
class CallReceipt:
    """What became of a call: the block that holds it, and the contract's answer.

    ``value`` is the index, number or amount that the call is about; ``gas_price`` in
    gwei per 1,000,000 gas what it paid; ``raised`` how often its bid was raised before.
    """

    hash: bytes
    block: int
    code: ContractCode
    message: str
    value: int
    gas: int
    gas_price: int = 0
    raised: int = 0

    @property
    def ok(self) -> bool:
        """Whether the call took effect."""
        return self.code is ContractCode.OK


class L1(Protocol):
    """An L1 with one deployment of the contract, and one sender's key or none.

    Every method raises ``L1Unreachable`` when L1 does not answer in time, and
    ``L1Refused`` when it will not take the request; a send without a key is
    refused.  Adapters derive from this: what has a call of its own is here, in
    terms of :meth:`send`.
    """

    @property
    def address(self) -> bytes:
        """The sender's address; no bytes without a key."""
        ...

    async def deployment(self) -> ContractRules:
        """Return what the contract was deployed with."""
        ...

    async def versions(self) -> list[RulesVersion]:
        """Return every version of the exchange's rules, the first and cancelled ones too."""
        ...

    async def head(self) -> Heads:
        """Return the tags."""
        ...

    async def block(self, number: int) -> L1Block | None:
        """Return the block with this number on L1's chain now; ``None`` if it has none."""
        ...

    async def log_entries(self, from_index: int) -> list[LogEntry]:
        """Return a page of the log: entries from ``from_index`` on; empty at its end."""
        ...

    async def inbox_items(self, from_index: int) -> list[QueuedItem]:
        """Return a page of the inbox from ``from_index`` on; empty at its end."""
        ...

    async def claims(self, from_number: int = 0) -> list[PostedClaim]:
        """Return a page of claims as they stand now, by number; empty at the end."""
        ...

    async def claim(self, number: int) -> PostedClaim | None:
        """Return one claim as it stands now."""
        ...

    async def account(self, address: bytes) -> Account:
        """Return what an address holds on L1."""
        ...

    def events(self, from_block: int) -> AsyncIterator[BlockEvents]:
        """Follow blocks from ``from_block`` on, past ones first, without end."""
        ...

    async def send(self, call: Call, *, fee_max: int = 0) -> CallReceipt:
        """Sign and send a call, wait for its block, and return what became of it.

        Its bid is raised while it is in no block, up to ``fee_max`` in gwei per
        1,000,000 gas, or by the sender's policy if that is 0.
        After ``L1Unreachable`` the outcome is not known: the call may still come
        into a block.  Look before sending another (a deposit is not idempotent).
        """
        ...

    async def append(self, index: int, data: bytes, version: int = 1) -> CallReceipt:
        """Append log entry ``index``, to be executed by rules ``version``."""
        return await self.send(Append(index, data, version))

    async def append_empty(self, index: int) -> CallReceipt:
        """Append an entry of inbox items only, while the log is silent."""
        return await self.send(AppendEmpty(index))

    async def propose(self, parent: int, output: Output, trace: Sequence[bytes]) -> CallReceipt:
        """Claim an output; ``value`` is the claim's number."""
        return await self.send(propose_output(parent, output, trace))

    async def commit_fault(self, commitment: bytes) -> CallReceipt:
        """Commit to a fault (``prover.faults.commitment_of``)."""
        return await self.send(CommitFault(commitment))

    async def prove_fault(
        self,
        kind: int,
        claim: int,
        segment: int,
        correct_root: bytes,
        payee: bytes,
        salt: bytes,
        witness: bytes,
    ) -> CallReceipt:
        """Disprove a claim; ``value`` is the reward in gwei."""
        call = ProveFault(int(kind), claim, segment, correct_root, payee, salt, witness)
        return await self.send(call)

    async def deposit(self, owner: bytes, sub: int, amount: int, asset: int = 0) -> CallReceipt:
        """Deposit micro-USDC, or units of an asset; ``value`` is the inbox index."""
        return await self.send(Deposit(owner, sub, amount, asset))

    async def force_withdraw(self, sub: int, amount: int, asset: int = 0) -> CallReceipt:
        """Queue a withdrawal that the sequencer cannot refuse."""
        return await self.send(ForceWithdraw(sub, amount, asset))

    async def claim_withdrawal(self, claim: int, index: int, proof: bytes) -> CallReceipt:
        """Collect a withdrawal under a final claim; ``value`` is the amount."""
        return await self.send(ClaimWithdrawal(claim, index, proof))

    async def close(self) -> None:
        """Let go of the connection."""
        ...


async def still_has(l1: L1, block: L1Block) -> bool:
    """Return whether a block that was seen is still on L1's chain.

    A number says little: after a re-org another block has it, and the new chain
    is often the longer one.  The hash commits to everything before it.
    """
    return await l1.block(block.number) == block
