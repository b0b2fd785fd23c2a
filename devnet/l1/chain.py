"""The stub's chain: mempool, blocks, tags and a clock that can be warped.

Sans I/O: it is told the wall clock and returns what a host must make durable
before anybody may rely on it.  L1's clock is the wall clock plus an offset;
warping moves the offset, never back, and a stopped clock by nothing else.
Blocks hold all waiting calls that fit, in the order of their arrival; a
sender's calls have nonces 0, 1, 2, ...  A developer may keep calls out of the
next blocks, drop them, or take blocks back.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

from prover.contract.calls import Envelope, call_digest, call_hash, encode_call, recover_sender
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import CallResult, Moment
from prover.contract.contract import Contract
from prover.contract.events import Event, encode_event
from prover.l1 import L1Block
from statemachine.codec import pack
from statemachine.errors import invariant

MEMPOOL_CALLS_MAX: Final = 4_096
MEMPOOL_BYTES_MAX: Final = 64 << 20
BLOCK_CALLS_MAX: Final = 512
BLOCK_BYTES_MAX: Final = 16 << 20
HEADERS_KEPT_MAX: Final = 256


@final
@dataclass(frozen=True, slots=True)
class ChainSettings:
    """What may differ between two stubs of one deployment.

    ``safe_blocks`` and ``final_blocks`` are how far these tags trail the
    latest block.
    """

    safe_blocks: int = 1
    final_blocks: int = 2

    def __post_init__(self) -> None:
        """Refuse tags that could not be."""
        if not 0 <= self.safe_blocks <= self.final_blocks < HEADERS_KEPT_MAX:
            raise ValueError(f"need 0 <= safe <= final < {HEADERS_KEPT_MAX} blocks")


@final
@dataclass(frozen=True, slots=True)
class Waiting:
    """A call in the mempool."""

    hash: bytes
    sender: bytes
    envelope: Envelope
    size: int


@final
@dataclass(frozen=True, slots=True)
class Mint:
    """Money out of nothing: gwei, micro-USDC and units of another asset for an address."""

    address: bytes
    eth: int
    token: int
    asset: int = 0
    units: int = 0


@final
@dataclass(frozen=True, slots=True)
class Mined:
    """A block with everything in it.  ``results[i]`` is what became of ``calls[i]``."""

    block: L1Block
    parent: bytes
    gas_price: int
    mints: tuple[Mint, ...]
    calls: tuple[Waiting, ...]
    results: tuple[CallResult, ...]
    events: tuple[Event, ...]
    changes: dict[bytes, bytes | None]


@final
class Chain:
    """The chain from its head on.

    Parameters
    ----------
    contract
        The contract it hosts, in the state after ``headers[-1]``.
    settings
        How far the tags trail.
    headers
        The last blocks, oldest first; none for a new chain.
    nonces
        The next nonce of every sender, as mined.
    """

    def __init__(
        self,
        contract: Contract,
        settings: ChainSettings,
        headers: list[L1Block],
        nonces: dict[bytes, int],
    ) -> None:
        self.contract = contract
        self.settings = settings
        self.headers: deque[L1Block] = deque(headers, maxlen=HEADERS_KEPT_MAX)
        self.nonces = nonces
        self.offset_ms = 0
        self.stopped_ms = 0
        """Where the clock stands; 0 while it runs."""
        self.gas_price = 0
        self.mempool: dict[bytes, Waiting] = {}
        self.mempool_bytes = 0
        self.delay_blocks = 0
        self.mints: list[Mint] = []
        self._next_nonces: dict[bytes, int] = {}

    @property
    def latest(self) -> L1Block:
        """Return the newest block."""
        return self.headers[-1]

    @property
    def safe(self) -> L1Block:
        """Return the block with the tag safe."""
        return self.headers[max(-1 - self.settings.safe_blocks, -len(self.headers))]

    @property
    def final(self) -> L1Block:
        """Return the block with the tag final."""
        return self.headers[max(-1 - self.settings.final_blocks, -len(self.headers))]

    @property
    def depth_max(self) -> int:
        """Return how many blocks a re-org may take back: none that is final."""
        return self.latest.number - self.final.number

    def clock(self, wall_ms: int) -> int:
        """Return L1's time."""
        return self.stopped_ms or wall_ms + self.offset_ms

    def warp(self, forward_ms: int) -> None:
        """Move the clock forward."""
        self.offset_ms += forward_ms
        if self.stopped_ms:
            self.stopped_ms += forward_ms

    def set_clock(self, wall_ms: int, *, stopped: bool) -> None:
        """Stop the clock where it is, or let it run on from there."""
        now = self.clock(wall_ms)
        self.offset_ms = now - wall_ms
        self.stopped_ms = now if stopped else 0

    def nonce_of(self, address: bytes) -> int:
        """Return the nonce that the next call of an address must have."""
        return self._next_nonces.get(address, self.nonces.get(address, 0))

    def identify(self, envelope: Envelope) -> tuple[bytes, bytes]:
        """Return a call's hash and its sender, or refuse its signature."""
        rules = self.contract.rules
        digest = call_digest(rules.l1_chain_id, rules.rules.rollup, envelope.nonce, envelope.call)
        sender = recover_sender(digest, envelope.signature)
        require(sender != b"", ContractCode.SIGNATURE, "not a signature with low s over this call")
        return call_hash(digest, sender), sender

    def submit(self, envelope: Envelope) -> bytes:
        """Put a call into the mempool and return its hash.

        Raises
        ------
        Refusal
            With the code and message of the first check that failed.
        """
        name, sender = self.identify(envelope)
        if name in self.mempool:
            return name
        expected = self.nonce_of(sender)
        require(
            envelope.nonce >= expected,
            ContractCode.NONCE_USED,
            f"nonce {envelope.nonce} of {sender.hex()} was used, the next is {expected}",
        )
        require(
            envelope.nonce == expected,
            ContractCode.NONCE_GAP,
            f"nonce {envelope.nonce} of {sender.hex()}, the next is {expected}",
        )
        size = len(encode_call(envelope.call))
        require(
            len(self.mempool) < MEMPOOL_CALLS_MAX
            and self.mempool_bytes + size <= MEMPOOL_BYTES_MAX,
            ContractCode.MEMPOOL_FULL,
            f"{len(self.mempool)} calls of {self.mempool_bytes} bytes are waiting",
        )
        self.mempool[name] = Waiting(name, sender, envelope, size)
        self.mempool_bytes += size
        self._next_nonces[sender] = expected + 1
        return name

    def drop_calls(self) -> list[Envelope]:
        """Forget every call that waits, and return them, oldest first."""
        dropped = [waiting.envelope for waiting in self.mempool.values()]
        self.mempool.clear()
        self.mempool_bytes = 0
        self._next_nonces.clear()
        return dropped

    def fork(self, before: "Chain", calls: list[Envelope]) -> None:
        """Stand where ``before`` does, an earlier state of this chain, with ``calls`` waiting.

        Calls that are not valid any more, as one before them is gone, are forgotten.
        """
        calls = [*calls, *self.drop_calls()]
        self.contract = before.contract
        self.headers = before.headers
        self.nonces = before.nonces
        for envelope in calls:
            with suppress(Refusal):
                self.submit(envelope)

    def mint(self, address: bytes, eth: int, token: int, asset: int = 0, units: int = 0) -> None:
        """Give money to an address in the next block."""
        self.mints.append(Mint(address, eth, token, asset, units))

    def mine(self, wall_ms: int) -> Mined:
        """Make the next block and make it the head."""
        parent = self.headers[-1] if self.headers else L1Block(-1, bytes(32), 0)
        number = parent.number + 1
        moment = Moment(number, max(parent.time + 1, self.clock(wall_ms)), self.gas_price)
        mints, self.mints = tuple(self.mints), []
        for mint in mints:
            self.contract.mint(mint.address, mint.eth, mint.token)
            if mint.asset:
                self.contract.mint_asset(mint.address, mint.asset, mint.units)
        calls = self._take_calls()
        events = list(self.contract.settle(moment))
        results = []
        for waiting in calls:
            invariant(
                waiting.envelope.nonce == self.nonces.get(waiting.sender, 0),
                "the mempool holds the nonces of a sender in order",
            )
            self.nonces[waiting.sender] = waiting.envelope.nonce + 1
            result = self.contract.call(waiting.sender, moment, waiting.envelope.call)
            results.append(result)
            events.extend(result.events)
        block = L1Block(number, hash_block(moment, parent.hash, mints, calls, events), moment.time)
        self.headers.append(block)
        return Mined(
            block,
            parent.hash,
            self.gas_price,
            mints,
            calls,
            tuple(results),
            tuple(events),
            self.contract.state.take_changes(),
        )

    def _take_calls(self) -> tuple[Waiting, ...]:
        calls: list[Waiting] = []
        size = 0
        if self.delay_blocks:
            self.delay_blocks -= 1
            return ()
        for waiting in self.mempool.values():
            size += waiting.size
            if len(calls) == BLOCK_CALLS_MAX or (calls and size > BLOCK_BYTES_MAX):
                break
            calls.append(waiting)
        for waiting in calls:
            del self.mempool[waiting.hash]
            self.mempool_bytes -= waiting.size
        if not self.mempool:
            self._next_nonces.clear()
        return tuple(calls)


def pack_mint(mint: Mint) -> list[bytes | int]:
    """Return a mint as it is hashed and stored."""
    return [mint.address, mint.eth, mint.token, mint.asset, mint.units]


def hash_block(
    moment: Moment,
    parent: bytes,
    mints: tuple[Mint, ...],
    calls: tuple[Waiting, ...],
    events: list[Event],
) -> bytes:
    """Return the hash of a block: everything that went in, and what was announced."""
    return sha256(
        pack(
            [
                moment.block,
                moment.time,
                moment.gas_price,
                parent,
                [pack_mint(mint) for mint in mints],
                [waiting.hash for waiting in calls],
                [encode_event(event) for event in events],
            ]
        )
    ).digest()
