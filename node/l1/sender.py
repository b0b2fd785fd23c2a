"""Sending calls to L1: never one twice, and with bids that follow the base fee.

A signed call is the same call however often it is sent and whatever it bids, so
an answer that got lost is asked for again, a call that L1 forgot is sent again,
and one that waits for too long is sent again with a higher bid, within bounds.
Only when its nonce was spent by another call is it signed anew: then the old one
can never be executed.

Calls that an earlier process left behind would hold up all that come after them:
their bids are raised as well, as they are.  One that this process gave up waiting
for is waited for again, if the same is asked for while it is in no block.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, final

from node.l1 import wire
from node.l1.answers import read_answer
from node.l1.retry import Pause
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.calls import Call, call_hash, decode_call, encode_call, sign_call
from prover.contract.codes import ContractCode
from prover.contract.fees import Bid, FeePolicy, first_bid, raised_bid
from prover.contract.rules import ContractRules
from prover.l1 import CallReceipt, L1Held, L1Refused, L1Unreachable
from statemachine.errors import FrameInvalid

AWAIT_SECONDS_MAX: Final = 30.0
RESIGN: Final = frozenset({ContractCode.NONCE_USED.name, ContractCode.NONCE_GAP.name})
LEFT_CALLS_MAX: Final = 64
NOT_FOUND: Final = "NOT_FOUND"
STILL_WAITING: Final = "STILL_WAITING"

Ask = Callable[..., Awaitable[Any]]


@final
@dataclass(frozen=True, slots=True)
class Stuck:
    """A call waited for too long: its bid was raised, or may be no higher."""

    kind: str
    nonce: int
    before: Bid
    bid: Bid
    base_fee: int

    @property
    def is_held(self) -> bool:
        """Whether it waits on as it is: its bound allows no more."""
        return self.bid == self.before

    def __str__(self) -> str:
        """Say so in a line."""
        what = "may bid no more than" if self.is_held else "bids now"
        return (
            f"{self.kind} with nonce {self.nonce} waits, the base fee is {self.base_fee}: "
            f"it {what} {self.bid.fee_max}, with a tip of {self.bid.tip} (gwei per million gas)"
        )


@final
@dataclass(slots=True)
class Sent:
    """A call as it was signed last; ``is_told``: that it is held was said.

    ``raised`` counts how often its bid was.
    """

    call: Call
    nonce: int
    bid: Bid
    name: bytes
    is_told: bool = False
    raised: int = 0


@final
class Sender:
    """The calls of one key.

    Parameters
    ----------
    stub, ask, deployment
        How L1 is asked: ``ask(method, request, until=..., seconds=...)``.
    key, address
        Who signs.
    policy
        How he bids.
    on_stuck
        Is told of each bid that is raised, and of each call that its bound holds up.
    """

    def __init__(
        self,
        stub: l1_pb2_grpc.L1Stub,
        ask: Ask,
        deployment: Callable[[], Awaitable[ContractRules]],
        key: bytes,
        address: bytes,
        policy: FeePolicy,
        on_stuck: Callable[[Stuck], None],
    ) -> None:
        self.stub = stub
        self.ask = ask
        self.deployment = deployment
        self.address = address
        self.policy = policy
        self.on_stuck = on_stuck
        self.in_flight: set[int] = set()
        self.left: dict[bytes, Sent] = {}
        """Calls that were given up, by their bytes."""
        self._key = key
        self._nonce_lock = asyncio.Lock()

    async def send(self, call: Call, fee_max: int, patience_seconds: float) -> CallReceipt:
        """Send a call, and return what became of it.

        Raises
        ------
        L1Held
            It is in no block within ``patience_seconds``; it may still come into one.
        L1Unreachable
            L1 does not answer, and was sent nothing.
        """
        until = time.monotonic() + patience_seconds
        policy, pause = self.policy.bounded(fee_max), Pause()
        sent: Sent | None = None
        receipt: CallReceipt | None = None
        try:
            sent = await self._take_up(call, until)
            while True:
                if sent is None:
                    sent = await self._begin(call, policy, until)
                    continue
                receipt = await self._outcome(sent, policy, until)
                if receipt is not None:
                    return receipt
                if await self._submit(sent, until):
                    await pause.sleep()
                else:
                    check_time(sent, until)
                    self.in_flight.discard(sent.nonce)
                    sent = None  # its nonce was spent by another call
        except L1Unreachable as error:
            if sent is None or isinstance(error, L1Held):
                raise
            raise held_back(sent, f": {error}") from error
        finally:
            if sent is not None:
                self.in_flight.discard(sent.nonce)
                if receipt is None:
                    self.leave(sent)

    def leave(self, sent: Sent) -> None:
        """Remember a call that is given up."""
        if len(self.left) == LEFT_CALLS_MAX:
            del self.left[next(iter(self.left))]
        self.left[encode_call(sent.call)] = sent

    async def _take_up(self, call: Call, until: float) -> Sent | None:
        """Return a call that was given up, if it still waits."""
        encoded = encode_call(call)
        sent = self.left.get(encoded)
        if sent is None:
            return None
        try:
            await self._await(sent.name, until, until_block=1)
        except L1Refused as refused:
            if is_for(refused, STILL_WAITING):
                del self.left[encoded]
                self.in_flight.add(sent.nonce)
                return sent
            if not is_for(refused, NOT_FOUND):
                raise
        except L1Unreachable as error:
            raise held_back(sent, f": {error}") from error  # and it is remembered
        del self.left[encoded]
        return None

    async def _begin(self, call: Call, policy: FeePolicy, until: float) -> Sent | None:
        """Sign a call with the next nonce and send it; ``None`` if another was faster."""
        rules = await self.deployment()
        async with self._nonce_lock:
            bid = first_bid(policy, await self._base_fee(until))
            request = l1_pb2.L1GetAccountRequest(address=self.address)
            nonce = (await self.ask(self.stub.GetAccount, request, until=until)).nonce
            name = call_hash(rules.l1_chain_id, rules.rules.rollup, nonce, call, self.address)
            sent = Sent(call, nonce, bid, name)
            try:
                is_ours = await self._submit(sent, until)
            except L1Unreachable as error:
                self.leave(sent)  # it may have arrived, and its answer been lost
                raise held_back(sent, f": {error}") from error
            if not is_ours:
                check_time(sent, until)
                return None
            self.in_flight.add(nonce)
            return sent

    async def _heads(self, until: float) -> l1_pb2.L1Heads:
        heads: l1_pb2.L1Heads = await self.ask(
            self.stub.GetHeads, l1_pb2.L1GetHeadsRequest(), until=until
        )
        return heads

    async def _base_fee(self, until: float) -> int:
        return (await self._heads(until)).gas_price

    async def _submit(self, sent: Sent, until: float) -> bool:
        """Send a call as it stands; return whether L1 has it, and not another of its nonce."""
        rules = await self.deployment()
        place = rules.l1_chain_id, rules.rules.rollup
        envelope = sign_call(*place, self._key, sent.nonce, sent.call, sent.bid)
        try:
            await self.ask(self.stub.SendCall, wire.call_to_message(envelope), until=until)
        except L1Refused as refused:
            if is_for(refused, *RESIGN):
                return False
            if is_for(refused, ContractCode.UNDERPRICED.name):
                return await self._is_known(sent.name, until)
            raise
        return True

    async def _is_known(self, name: bytes, until: float) -> bool:
        """Return whether L1 has a call, in a block or waiting."""
        try:
            await self._await(name, until, until_block=1)
        except L1Refused as refused:
            if is_for(refused, STILL_WAITING):
                return True
            if is_for(refused, NOT_FOUND):
                return False
            raise
        return True

    async def _await(self, name: bytes, until: float, until_block: int) -> CallReceipt:
        request = l1_pb2.L1AwaitCallRequest(hash=name, until_block=until_block)
        message = await self.ask(
            self.stub.AwaitCall, request, until=until, seconds=AWAIT_SECONDS_MAX
        )
        return read_answer(wire.receipt_from_message, message)

    async def _outcome(self, sent: Sent, policy: FeePolicy, until: float) -> CallReceipt | None:
        """Wait for a call's block; ``None`` if it has to be sent again, maybe bidding more."""
        while True:
            patient = (await self._heads(until)).latest.number + policy.bump_blocks
            try:
                receipt = await self._await(sent.name, until, patient)
                return replace(receipt, raised=sent.raised)
            except L1Refused as refused:
                if not is_for(refused, NOT_FOUND, STILL_WAITING):
                    raise
                # However fast L1 answers: no answer is the one that was waited for.
                check_time(sent, until)
                if is_for(refused, NOT_FOUND):
                    return None
            base_fee = await self._base_fee(until)
            await self._raise_older(sent, policy, base_fee, until)
            if self._raise(sent, policy, base_fee):
                return None

    def _raise(self, sent: Sent, policy: FeePolicy, base_fee: int) -> bool:
        """Raise a call's bid, if it may be; return whether it was."""
        before = sent.bid
        raised = raised_bid(policy, before, base_fee)
        if raised is not None:
            sent.bid, sent.raised = raised, sent.raised + 1
        if raised is not None or (before.fee_max < base_fee and not sent.is_told):
            sent.is_told = raised is None
            kind = type(sent.call).__name__
            self.on_stuck(Stuck(kind, sent.nonce, before, sent.bid, base_fee))
        return raised is not None

    async def _raise_older(
        self, sent: Sent, policy: FeePolicy, base_fee: int, until: float
    ) -> None:
        """Raise the bids of calls before this one that nobody here waits for."""
        request = l1_pb2.L1ListMempoolRequest(sender=self.address, with_calls=True)
        page = await self.ask(self.stub.ListMempool, request, until=until)
        for waiting in page.calls:
            bid = Bid(waiting.fee_max, waiting.tip)
            left_behind = waiting.nonce < sent.nonce and waiting.nonce not in self.in_flight
            raised = raised_bid(policy, bid, base_fee) if left_behind else None
            if raised is None:
                continue
            with suppress(FrameInvalid):
                call = decode_call(waiting.call)
                older = Sent(call, waiting.nonce, raised, waiting.hash)
                self.on_stuck(Stuck(waiting.kind, waiting.nonce, bid, raised, base_fee))
                await self._submit(older, until)


def check_time(sent: Sent, until: float) -> None:
    """Give a call up once time is up."""
    if time.monotonic() >= until:
        raise held_back(sent)


def held_back(sent: Sent, why: str = "") -> L1Held:
    """Return what says that a call was sent, and may still come into a block."""
    kind = type(sent.call).__name__
    return L1Held(f"{kind} with nonce {sent.nonce} is in no block; it may still come{why}")


def is_for(refused: L1Refused, *names: str) -> bool:
    """Return whether L1 refused for one of these reasons."""
    return str(refused.args[0]).partition(":")[0] in names
