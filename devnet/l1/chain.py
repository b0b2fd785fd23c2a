"""The stub's chain: mempool, blocks, tags and a clock that can be warped.

Sans I/O: it is told the wall clock and returns what a host must make durable
before anybody may rely on it.  L1's clock is the wall clock plus an offset;
warping moves the offset, never back, and a stopped clock by nothing else.
Blocks hold what waits and fits, dearest tips first; a sender's calls have nonces
0, 1, 2, ...  The base fee moves with the gas that blocks take.  A developer may
set or hold it, keep calls out of the next blocks, drop them, or take blocks back.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, final

from devnet.l1.mempool import Mempool, Waiting
from prover.contract.calls import Envelope, call_digest, call_hash, encode_call, recover_sender
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import CallResult, Moment
from prover.contract.contract import Contract
from prover.contract.events import Event, encode_event
from prover.contract.fees import ELASTICITY, GAS_TARGET, next_base_fee, price_of
from prover.contract.gas import limit_of
from prover.contract.prices import GAS_CALL_MAX
from prover.l1 import L1Block
from statemachine.codec import pack
from statemachine.errors import invariant

HEADERS_KEPT_MAX: Final = 256
RETENTION_MS: Final = 4_096 * 32 * 12_000
"""18.2 days, 4,096 epochs of 32 slots of 12 s: the least time that blobs are served (EIP-4844)."""
BLOCK_CALLS_MAX: Final = 512
BLOCK_BYTES_MAX: Final = 16 << 20


@final
@dataclass(frozen=True, slots=True)
class ChainSettings:
    """What may differ between two stubs of one deployment.

    ``safe_blocks`` and ``final_blocks`` are how far these tags trail the
    latest block; ``gas_target`` is the gas of a block that leaves the base fee
    where it is, and ``base_fee_min`` how far it falls, in gwei per million gas.
    ``retention_ms`` is how long the bytes of log entries are kept; 0: without end.
    """

    safe_blocks: int = 1
    final_blocks: int = 2
    gas_target: int = GAS_TARGET
    base_fee_min: int = 0
    retention_ms: int = 0

    def __post_init__(self) -> None:
        """Refuse tags that could not be."""
        if not 0 <= self.safe_blocks <= self.final_blocks < HEADERS_KEPT_MAX:
            raise ValueError(f"need 0 <= safe <= final < {HEADERS_KEPT_MAX} blocks")
        if self.gas_target < 1 or self.base_fee_min < 0:
            raise ValueError("need a gas target, and a base fee of 0 or more")
        if self.retention_ms < 0:
            raise ValueError("need a retention of 0 ms or more")


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
    """A block with everything in it.  ``results[i]`` is what became of ``calls[i]``.

    ``gas_price`` is its base fee, ``gas_used`` what all its calls took.
    """

    block: L1Block
    parent: bytes
    gas_price: int
    mints: tuple[Mint, ...]
    calls: tuple[Waiting, ...]
    results: tuple[CallResult, ...]
    events: tuple[Event, ...]
    changes: dict[bytes, bytes | None]
    gas_used: int = 0

    def price_of(self, waiting: Waiting) -> int:
        """Return what a call in it pays for gas."""
        return price_of(waiting.envelope.bid, self.gas_price)


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
        self.gas_price = settings.base_fee_min
        """The base fee of the next block."""
        self.hold_blocks = 0
        """So many blocks more leave the base fee where it is."""
        self.mempool = Mempool()
        self.delay_blocks = 0
        self.mints: list[Mint] = []

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
    def gas_max(self) -> int:
        """Return how much gas the calls of a block have together."""
        return ELASTICITY * self.settings.gas_target

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
        return self.nonces.get(address, 0) + len(self.mempool.queue_of(address))

    def identify(self, envelope: Envelope) -> tuple[bytes, bytes]:
        """Return a call's hash and its sender, or refuse its signature."""
        rules, nonce, call = self.contract.rules, envelope.nonce, envelope.call
        place = rules.l1_chain_id, rules.rules.rollup, nonce, call
        sender = recover_sender(call_digest(*place, envelope.bid), envelope.signature)
        require(sender != b"", ContractCode.SIGNATURE, "not a signature with low s over this call")
        return call_hash(*place, sender), sender

    def submit(self, envelope: Envelope) -> bytes:
        """Put a call into the mempool and return its hash.

        Raises
        ------
        Refusal
            With the code and message of the first check that failed.
        """
        name, sender = self.identify(envelope)
        call, pool = envelope.call, self.mempool
        gas = limit_of(call, self.contract.rules.settle_max)
        most = min(GAS_CALL_MAX, self.gas_max)
        require(
            gas <= most,
            ContractCode.OUT_OF_GAS,
            f"the call may take {gas} gas, a call in a block of {self.gas_max} has {most}",
        )
        waiting = Waiting(
            name,
            sender,
            envelope,
            len(encode_call(call)),
            gas,
            pool.arrivals,
            self.headers[-1].number if self.headers else -1,
        )
        pool.add(waiting, self.nonces.get(sender, 0))
        return name

    def drop_calls(self) -> list[Envelope]:
        """Forget every call that waits, and return them, oldest first."""
        return self.mempool.clear()

    def can_include(self) -> bool:
        """Return whether the next block would hold a call."""
        return not self.delay_blocks and any(self.mempool.payable(self.gas_price))

    def set_base_fee(self, base_fee: int, hold_blocks: int = 0) -> None:
        """Set the base fee of the next block; so many blocks leave it there."""
        self.gas_price, self.hold_blocks = base_fee, hold_blocks

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
        number, base_fee = parent.number + 1, self.gas_price
        moment = Moment(number, max(parent.time + 1, self.clock(wall_ms)), base_fee)
        mints, self.mints = tuple(self.mints), []
        for mint in mints:
            self.contract.mint(mint.address, mint.eth, mint.token)
            if mint.asset:
                self.contract.mint_asset(mint.address, mint.asset, mint.units)
        events = list(self.contract.settle(moment))
        calls, results = self._execute_calls(moment)
        for result in results:
            events.extend(result.events)
        block = L1Block(number, hash_block(moment, parent.hash, mints, calls, events), moment.time)
        self.headers.append(block)
        gas_used = sum(result.gas for result in results)
        self._move_base_fee(gas_used)
        return Mined(
            block,
            parent.hash,
            base_fee,
            mints,
            calls,
            results,
            tuple(events),
            self.contract.state.take_changes(),
            gas_used,
        )

    def _execute_calls(self, moment: Moment) -> tuple[tuple[Waiting, ...], tuple[CallResult, ...]]:
        """Execute what waits and fits, in order; return the calls, and what became of them.

        A call fits if the most that it may take is left of the block's gas.
        """
        calls: list[Waiting] = []
        results: list[CallResult] = []
        size = gas_used = 0
        if self.delay_blocks:
            self.delay_blocks -= 1
            return (), ()
        for waiting in self.mempool.payable(moment.gas_price):
            size += waiting.size
            most = gas_used + waiting.gas
            full = bool(calls and size > BLOCK_BYTES_MAX) or most > self.gas_max
            if len(calls) == BLOCK_CALLS_MAX or full:
                break
            calls.append(waiting)
            results.append(self._execute(waiting, moment))
            gas_used += results[-1].gas
        for waiting in calls:
            self.mempool.remove(waiting)
        return tuple(calls), tuple(results)

    def _execute(self, waiting: Waiting, moment: Moment) -> CallResult:
        envelope = waiting.envelope
        invariant(
            envelope.nonce == self.nonces.get(waiting.sender, 0),
            "the mempool holds the nonces of a sender in order",
        )
        self.nonces[waiting.sender] = envelope.nonce + 1
        paid = replace(moment, gas_price=price_of(envelope.bid, moment.gas_price))
        return self.contract.call(waiting.sender, paid, envelope.call)

    def _move_base_fee(self, gas_used: int) -> None:
        if self.hold_blocks:
            self.hold_blocks -= 1
            return
        settings = self.settings
        self.gas_price = next_base_fee(
            self.gas_price, gas_used, settings.gas_target, settings.base_fee_min
        )


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
                [[waiting.hash, *waiting.envelope.bid] for waiting in calls],
                [encode_event(event) for event in events],
            ]
        )
    ).digest()
