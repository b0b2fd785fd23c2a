"""An L1 in memory: the contract model behind the adapter, a block for each call.

Its gas price is what a test says, block by block if it likes (``price_at``); calls
bid by everybody's rule, wait ``wait_blocks`` and while they bid too little, and are
bid up.  It has ``dropped`` the bytes of the first entries; an adapter may know an
archive that kept them.  It can lose its last blocks, be out of reach, and drop the
answer to a call that it executed: what a challenger has to live with.
"""

from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from hashlib import sha256

from prover.contract.calls import (
    Append,
    AppendEmpty,
    Call,
    Propose,
)
from prover.contract.codes import ContractCode
from prover.contract.context import Moment
from prover.contract.contract import Contract
from prover.contract.fees import Bid, FeePolicy, first_bid, price_of, raised_bid
from prover.contract.log import EMPTY_ENTRY, LogEntry, entry_of
from prover.contract.records import Account, QueuedItem, RulesVersion
from prover.contract.rules import ContractRules
from prover.contract.versions import list_versions
from prover.l1 import L1, BlockEvents, CallReceipt, Heads, L1Block, L1Unreachable, PostedClaim
from prover.verdict import judge_fault

FINAL_BLOCKS = 3
PAGE = 4
PATIENCE_BLOCKS = 30
"""Blocks after which a sender gives up."""


@dataclass
class Past:
    """What a re-org returns to."""

    items: dict[bytes, bytes]
    data: list[bytes]
    traces: list[tuple[bytes, ...]]


@dataclass
class MemoryChain:
    """The chain that all adapters share.

    ``headers`` are its blocks from number 0 on; a block's hash commits to its
    parent's, so that after a re-org every later block has another.
    """

    rules: ContractRules
    time: int
    gas_price: int = 0
    price_at: Callable[[int], int] | None = None
    wait_blocks: int = 0
    dropped: int = 0
    tip: int = 0
    raised: list[tuple[Bid, int]] = field(default_factory=list)
    final_blocks: int = FINAL_BLOCKS
    forks: int = 0
    headers: list[L1Block] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    traces: list[tuple[bytes, ...]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    sent: list[tuple[int, bytes, Call]] = field(default_factory=list)
    past: dict[int, Past] = field(default_factory=dict)
    unreachable: bool = False
    lose_answers: int = 0

    def __post_init__(self) -> None:
        self.contract = Contract(self.rules, judge_fault)
        self.traces.append((self.rules.genesis.post_root,))
        self.headers.append(L1Block(0, sha256(b"genesis").digest(), self.time))

    @property
    def block(self) -> int:
        """The number of the latest block."""
        return self.headers[-1].number

    def open_block(self, step_ms: int) -> Moment:
        """Begin the next block; what was before it can be returned to."""
        parent = self.headers[-1]
        self.past[parent.number] = Past(
            dict(self.contract.state.items()), list(self.data), list(self.traces)
        )
        self.time += step_ms
        self.add_header()
        return Moment(self.block, self.time, self.gas_price)

    @property
    def base_fee(self) -> int:
        """What gas costs in the next block, but for tips."""
        if self.price_at is not None:
            self.gas_price = self.price_at(self.block + 1)
        return self.gas_price

    def add_header(self) -> None:
        """Make the next block's header."""
        parent = self.headers[-1]
        number = parent.number + 1
        name = parent.hash + f"{self.forks}/{number}".encode()
        self.headers.append(L1Block(number, sha256(name).digest(), self.time))

    def execute(self, sender: bytes, call: Call, step_ms: int = 1_000) -> CallReceipt:
        """Mine a block with this call."""
        price = self.base_fee + self.tip
        moment = replace(self.open_block(step_ms), gas_price=price)
        self.calls.append(call)
        self.sent.append((moment.block, sender, call))
        if isinstance(call, Append):
            self.data.append(call.data)
        elif isinstance(call, AppendEmpty):
            self.data.append(EMPTY_ENTRY)
        result = self.contract.call(sender, moment, call)
        del self.data[len(self.contract.state.log) :]
        if isinstance(call, Propose) and result.ok:
            roots = call.trace
            self.traces.append(tuple(roots[i : i + 32] for i in range(0, len(roots), 32)))
        code, message = result.code, result.message
        return CallReceipt(b"", moment.block, code, message, result.value, result.gas, price)

    def mine(self, blocks: int = 1, step_ms: int = 1_000) -> None:
        """Let time pass."""
        for _ in range(blocks):
            self.contract.settle(self.open_block(step_ms))

    def skip_to(self, number: int) -> None:
        """Let empty blocks pass in no time, up to this one; none of them can be returned to."""
        while self.block < number:
            self.add_header()

    def reorganise(self, depth: int, *, again: bool = False) -> None:
        """Lose the last ``depth`` blocks; ``again``: their calls come later, in other blocks.

        As on the stub, the new chain is then the longer one.
        """
        fork = self.block - depth
        past = self.past[fork]
        self.contract = Contract(self.rules, judge_fault, deepcopy(past.items).items())
        self.data, self.traces = list(past.data), list(past.traces)
        del self.headers[fork + 1 :]
        self.forks += 1
        lost = [(sender, call) for block, sender, call in self.sent if block > fork]
        self.sent = [each for each in self.sent if each[0] <= fork]
        if again:
            self.mine(max(1, depth + 1 - len(lost)))
            for sender, call in lost:
                self.execute(sender, call)

    def block_at(self, number: int) -> L1Block:
        """Return a block; the first, if the chain is not that long yet."""
        return self.headers[max(number, 0)]


class MemoryL1(L1):
    """One sender's view of a ``MemoryChain``."""

    def __init__(self, chain: MemoryChain, address: bytes = b"") -> None:
        self.chain = chain
        self.archive: list[bytes] = []
        self._address = address

    @property
    def address(self) -> bytes:
        return self._address

    def reach(self) -> MemoryChain:
        if self.chain.unreachable:
            raise L1Unreachable("no answer")
        return self.chain

    async def deployment(self) -> ContractRules:
        return self.reach().rules

    async def versions(self) -> list[RulesVersion]:
        chain = self.reach()
        return list_versions(chain.rules, chain.contract.state)

    async def head(self) -> Heads:
        chain = self.reach()
        final = chain.block_at(chain.block - chain.final_blocks)
        latest, safe = chain.block_at(chain.block), chain.block_at(chain.block - 1)
        return Heads(latest, safe, final, 0, chain.base_fee)

    async def block(self, number: int) -> L1Block | None:
        headers = self.reach().headers
        return headers[number] if number < len(headers) else None

    async def log_entries(self, from_index: int) -> list[LogEntry]:
        chain = self.reach()
        headers = chain.contract.state.log[from_index : from_index + PAGE]
        entries = [entry_of(header, chain.data[header.index]) for header in headers]
        return [self.as_kept(entry) if entry.index < chain.dropped else entry for entry in entries]

    def as_kept(self, entry: LogEntry) -> LogEntry:
        """Return an entry whose bytes L1 has dropped, with those of the archive if it has them."""
        gone = replace(entry, data=b"", pruned=True)
        kept = self.archive[entry.index : entry.index + 1]
        whole = replace(gone, data=kept[0], pruned=False) if kept else gone
        return whole if whole.is_intact else gone

    async def inbox_items(self, from_index: int) -> list[QueuedItem]:
        return self.reach().contract.state.inbox[from_index : from_index + PAGE]

    async def claims(self, from_number: int = 0) -> list[PostedClaim]:
        chain = self.reach()
        claims = chain.contract.state.claims[from_number : from_number + PAGE]
        return [PostedClaim(claim, chain.traces[claim.number]) for claim in claims]

    async def claim(self, number: int) -> PostedClaim | None:
        return next(iter(await self.claims(number)), None)

    async def account(self, address: bytes) -> Account:
        return self.reach().contract.state.account_of(address)

    def events(self, from_block: int) -> AsyncIterator[BlockEvents]:
        raise NotImplementedError

    async def send(self, call: Call, *, fee_max: int = 0) -> CallReceipt:
        chain = self.reach()
        before = len(chain.raised)
        chain.tip = self.wait_for_a_block(FeePolicy().bounded(fee_max))
        receipt = replace(chain.execute(self._address, call), raised=len(chain.raised) - before)
        chain.tip = 0
        if self.chain.lose_answers:
            self.chain.lose_answers -= 1
            raise L1Unreachable("the answer was lost")
        return receipt

    def wait_for_a_block(self, policy: FeePolicy) -> int:
        """Let blocks pass until one may hold a call, and bid up meanwhile; return what it tips."""
        chain = self.chain
        bid = first_bid(policy, chain.base_fee)
        for waited in range(PATIENCE_BLOCKS):
            if waited and waited % policy.bump_blocks == 0:
                raised = raised_bid(policy, bid, chain.base_fee)
                if raised is not None:
                    bid = raised
                    chain.raised.append((bid, chain.base_fee))
            if waited >= chain.wait_blocks and bid.fee_max >= chain.base_fee:
                return price_of(bid, chain.base_fee) - chain.base_fee
            chain.mine(step_ms=100)
        raise L1Unreachable(f"a call that bids {bid} is in no block")

    async def close(self) -> None:
        return None


def is_ok(receipt: CallReceipt) -> bool:
    """Return whether a call took effect, and show why not."""
    assert receipt.code is ContractCode.OK, receipt.message
    return True
