"""Calls of a client to the L1: signed, sent, waited for, and bid up while they wait.

A call has the same name whatever it bids, so one that waits for too long is sent
again with a higher bid, by the rule that everybody here bids by
(:mod:`prover.contract.fees`), within the client's bound.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic
from typing import Any, Final

import grpc
import grpc.aio

from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.calls import KINDS, Call, Envelope, call_hash, sign_call
from prover.contract.fees import Bid, FeePolicy, first_bid, raised_bid
from prover.contract.shapes import fill_message
from sextant.client.amounts import from_micros
from sextant.client.closing import Closing
from sextant.client.connection import NOT_SENT, TIMEOUT_S, backoff, explain, uncertain
from sextant.client.secret import Secret
from sextant.errors import ClientError, OutcomeUnknown, Refused, Rejected, Unreachable
from statemachine.identity.signing import address_of

DEFAULT_L1: Final = "127.0.0.1:50545"
AWAIT_S: Final = 60.0
NONCE_ATTEMPTS_MAX: Final = 3
ADVICE: Final = {
    "FROZEN": "`sextant escape status` says how everybody gets out",
    "FREEZE_EARLY": "`sextant escape status` says from when on",
    "NO_CLAIM": "`sextant escape register` counts what is there, while the books are open",
    "WINDOW_OPEN": "`sextant escape status` says until when",
    "TOKEN_BALANCE": "on a devnet, `sextant dev faucet` gives some",
    "GAS_FUNDS": "on a devnet, `sextant dev faucet` gives some ETH",
    "CLAIM_PENDING": "wait for the challenge window to pass",
    "WITHDRAWAL_PAID": "there is nothing left to do",
    "SEQUENCER_ALIVE": "the sequencer may still come; overdue items wait for its next block",
    "ENTRY_INDEX": "somebody was faster: look again",
    "NOT_GOVERNOR": "only the deployment's governor may; on a devnet: --as governor",
    "RULES_NOTICE": "`sextant l1 rules` says how long ahead",
    "RULES_PENDING": "`sextant l1 cancel-rules` takes it back, while it may be",
    "RULES_LOCKED": "too late: the sequencer may be making blocks for it",
}
STILL_WAITING: Final = "STILL_WAITING"
NOT_FOUND: Final = "NOT_FOUND"
NONCE_CODES: Final = frozenset({"NONCE_USED", "NONCE_GAP"})
POLICY: Final = FeePolicy()
OnRaised = Callable[[str, Bid, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Receipt:
    """What became of a call: ``value`` is the index or amount that it is about.

    ``gas_price`` is what it paid, in gwei per million gas.
    """

    hash: bytes
    block: int
    kind: str
    value: int
    gas: int
    gas_price: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Account:
    """What an address holds on L1."""

    address: bytes
    eth_gwei: int
    usdc: Decimal
    nonce: int
    units: dict[int, int]
    """Units of each asset beyond USDC, by the asset's number."""


class L1Sender(Closing):
    """A connection to the L1, and the key that pays and signs there.

    ``policy`` says how calls bid; ``on_raised(kind, bid, base_fee)`` is told of each bid
    that is raised, in gwei per million gas.
    """

    def __init__(
        self,
        target: str = DEFAULT_L1,
        *,
        key: Secret | None = None,
        policy: FeePolicy = POLICY,
        on_raised: OnRaised | None = None,
    ) -> None:
        self.target = target
        self.policy = policy
        self.on_raised = on_raised
        self._key = key
        self._channel = grpc.aio.insecure_channel(target)
        self._stub = l1_pb2_grpc.L1Stub(self._channel)
        self._deployment: l1_pb2.L1Deployment | None = None

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close(None)

    async def _ask(
        self,
        method: "grpc.aio.UnaryUnaryMultiCallable[Any, Any]",
        request: object,
        *,
        seconds: float = TIMEOUT_S,
        sends: bool = False,
    ) -> Any:  # noqa: ANN401 - the answer's type is the stub's
        """Return the answer; a missing one to what ``sends`` something is ``OutcomeUnknown``."""
        try:
            return await method(request, timeout=seconds, wait_for_ready=False)
        except grpc.aio.AioRpcError as error:
            fault = explain(error, target=f"the L1 at {self.target}", sends=sends)
            may_have_come = sends and NOT_SENT not in (error.details() or "")
            if may_have_come and isinstance(fault, Unreachable):
                raise uncertain(fault) from None
            raise fault from None

    async def deployment(self) -> l1_pb2.L1Deployment:
        """Return what the contract was deployed with; asked for once."""
        if self._deployment is None:
            request = l1_pb2.L1GetDeploymentRequest()
            self._deployment = await self._ask(self._stub.GetDeployment, request)
        if self._deployment is None:
            raise ClientError("DEPLOYMENT", "the L1 did not say what it hosts")
        return self._deployment

    async def account(self, address: bytes) -> L1Account:
        """Return what an address holds on L1."""
        request = l1_pb2.L1GetAccountRequest(address=address)
        answer: l1_pb2.L1Account = await self._ask(self._stub.GetAccount, request)
        return L1Account(
            address=address,
            eth_gwei=answer.eth_gwei,
            usdc=from_micros(answer.token_micros),
            nonce=answer.nonce,
            units={holding.asset: holding.units for holding in answer.holdings},
        )

    async def heads(self) -> l1_pb2.L1Heads:
        """Return L1's tags, and its clock."""
        heads: l1_pb2.L1Heads = await self._ask(self._stub.GetHeads, l1_pb2.L1GetHeadsRequest())
        return heads

    async def send(self, call: Call) -> L1Receipt:
        """Sign a call, send it, and wait until it is in a block, bidding more while it is not.

        What may have arrived is never signed again: an answer that got lost is asked for,
        a call that L1 forgot is sent again as it was.

        Raises
        ------
        Rejected
            The contract refused it.
        OutcomeUnknown
            ``STILL_WAITING``: it is in no block yet, and may still come into one.
        Unreachable
            L1 does not answer, and was sent nothing.
        """
        if self._key is None:
            raise Refused("KEY_MISSING", "a call to L1 needs a signing key")
        key = self._key.reveal()
        for attempt in range(1, NONCE_ATTEMPTS_MAX + 1):
            nonce = (await self.account(address_of(key))).nonce
            bid = first_bid(self.policy, (await self.heads()).gas_price)
            try:
                return await self._carry(key, nonce, call, bid)
            except Refused as error:
                # Another sender with this key was faster: take the next nonce.
                if error.code not in NONCE_CODES or attempt == NONCE_ATTEMPTS_MAX:
                    raise
            except asyncio.CancelledError as error:
                error.add_note(
                    f"the L1 call {type(call).__name__} (nonce {nonce}) may have been sent, and"
                    " come into a block yet: `sextant l1 mempool` shows what waits. Look before"
                    " you send it again"
                )
                raise
        raise Refused("NONCE", "others use this key on L1 all the time", retryable=True)

    async def _carry(self, key: bytes, nonce: int, call: Call, bid: Bid) -> L1Receipt:
        """Send a call and see it into a block; ``Refused`` only if it can come into none."""
        with suppress(OutcomeUnknown):  # it may be there: whoever waits for it finds out
            await self._submit(key, nonce, call, bid)
        return await self._outcome(key, nonce, call, bid)

    async def _submit(self, key: bytes, nonce: int, call: Call, bid: Bid) -> None:
        """Send a call with a bid; its name is the same for every bid."""
        deployment = await self.deployment()
        place = deployment.l1_chain_id, deployment.contract
        request = request_of(sign_call(*place, key, nonce, call, bid))
        await self._ask(self._stub.SendCall, request, sends=True)

    async def _outcome(self, key: bytes, nonce: int, call: Call, bid: Bid) -> L1Receipt:
        """Wait for a call, and raise its bid whenever it has waited for too many blocks."""
        until, pauses = monotonic() + AWAIT_S, backoff()
        deployment = await self.deployment()
        place = deployment.l1_chain_id, deployment.contract
        name = call_hash(*place, nonce, call, address_of(key))
        while True:
            missing = False
            try:
                patient = (await self.heads()).latest.number + self.policy.bump_blocks
                return await self.wait(name, until_block=patient)
            except Refused as error:
                if error.code not in {STILL_WAITING, NOT_FOUND}:
                    raise
                missing, why = error.code == NOT_FOUND, error.message
            except Unreachable as error:
                why = error.message
                await asyncio.sleep(next(pauses))
            if monotonic() > until:
                raise OutcomeUnknown(
                    STILL_WAITING,
                    f"the call is in no block of L1 as far as we know, and bids {bid.fee_max} gwei"
                    f" per million gas at most: {why}",
                    advice="it stays where it is and comes into a block when the base fee falls;"
                    " `sextant l1 mempool` shows it. Look before you send it again",
                    retryable=True,
                )
            if missing:
                await self._repeat(key, nonce, call, bid)
                await asyncio.sleep(next(pauses))
            else:
                bid = await self._raise(key, nonce, call, bid)

    async def _repeat(self, key: bytes, nonce: int, call: Call, bid: Bid) -> None:
        """Send the same bytes again, under the same nonce: L1 forgot them, or never had them."""
        try:
            await self._submit(key, nonce, call, bid)
        except (OutcomeUnknown, Unreachable):
            return
        except Refused as error:
            if error.code not in NONCE_CODES:
                raise
            # Most likely by another call; but it was sent, and who signs anew sends it twice.
            raise OutcomeUnknown(
                error.code,
                f"L1 does not know the call any more, and its nonce was used: {error.message}",
                advice="look what L1 has of it before you send it again",
            ) from error

    async def _raise(self, key: bytes, nonce: int, call: Call, bid: Bid) -> Bid:
        """Bid more for a call that waits, if it is time to; return what it bids."""
        try:
            base_fee = (await self.heads()).gas_price
            raised = raised_bid(self.policy, bid, base_fee)
            if raised is None:
                return bid
            await self._submit(key, nonce, call, raised)
        except (Refused, OutcomeUnknown, Unreachable):
            return bid  # whatever became of the higher bid, the call is where it was
        if self.on_raised is not None:
            self.on_raised(type(call).__name__, raised, base_fee)
        return raised

    async def wait(self, call_hash: bytes, *, until_block: int = 0) -> L1Receipt:
        """Wait until a call is in a block, and return what became of it.

        Raises
        ------
        Rejected
            The contract refused it.
        Refused
            ``STILL_WAITING``: it is in none up to ``until_block`` (0: wait on).
        """
        request = l1_pb2.L1AwaitCallRequest(hash=call_hash, until_block=until_block)
        answer: l1_pb2.L1CallReceipt = await self._ask(
            self._stub.AwaitCall, request, seconds=AWAIT_S
        )
        if answer.code:
            name = answer.code_name
            raise Rejected(
                name,
                answer.message.removeprefix(f"{name}: "),
                advice=ADVICE.get(name, ""),
                retryable=answer.retryable,
            )
        return L1Receipt(
            hash=answer.hash,
            block=answer.block,
            kind=answer.kind,
            value=answer.value,
            gas=answer.gas,
            gas_price=answer.gas_price,
        )


def request_of(envelope: Envelope) -> l1_pb2.L1SendCallRequest:
    """Return a signed call as a message."""
    call, bid = envelope.call, envelope.bid
    request = l1_pb2.L1SendCallRequest(
        nonce=envelope.nonce, signature=envelope.signature, fee_max=bid.fee_max, tip=bid.tip
    )
    fill_message(getattr(request, KINDS[type(call)].name.lower()), call)
    return request
