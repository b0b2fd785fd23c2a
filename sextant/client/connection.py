"""One connection to a node: calls with a deadline, retries, and errors with a name.

Every call carries a deadline.  A call that can be repeated without harm
(any read; any *signed* transaction, because the same bytes are answered
once) is repeated with growing, jittered pauses while the node is not
reachable.  Whatever else goes wrong becomes one of ``sextant.errors``.
"""

import asyncio
import math
import random
from collections.abc import Mapping
from time import monotonic
from typing import Final, Self, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from proto.sextant.v1 import query_pb2_grpc, sequencer_pb2_grpc, stream_pb2_grpc
from sextant.client.closing import Closing
from sextant.client.environment import starter_of
from sextant.errors import (
    BadRequest,
    ClientError,
    OutcomeUnknown,
    Refused,
    ServerFault,
    Unreachable,
)

TIMEOUT_S: Final = 10.0
ATTEMPTS_MAX: Final = 4
PAUSE_S: Final = 0.1
PAUSE_S_MAX: Final = 2.0
MESSAGE_BYTES_MAX: Final = 64 << 20
DEFAULT_TARGET: Final = "127.0.0.1:50551"
DEFAULT_FOLLOWER: Final = "127.0.0.1:50552"

ADVICE: Final[Mapping[str, str]] = {
    "SIGNER_UNKNOWN": "an agent needs its owner's `sextant agent approve`",
    "EXPIRED": "sign it again with a later expiry",
    "NONCE_OLD": "sign it again: take the time from the node",
    "NONCE_AHEAD": "sign it again: take the time from the node",
    "NONCE_USED": "look the transaction up before sending it again",
    "RATE_LIMITED": "send fewer calls, or larger batches",
    "QUEUE_FULL": "try again in a moment",
    "UNIMPLEMENTED": "is that a node's port (usually 50551), not the L1's (50545)?"
    " if so, the node is of another version",
    "SIGNER_IGNORED": "`sextant force` and `sextant withdraw --forced` go through L1, which nobody"
    " can refuse; on a devnet, `sextant dev censor` without a name ends it",
    "NOT_READY": "wait until `sextant status` says ready",
}
NOT_SENT: Final = "failed to connect"
SPENT: Final = frozenset({"NONCE_USED", "NONCE_OLD", "EXPIRED"})
"""Refusals that a transaction may owe to its own earlier arrival."""
AWAY: Final = frozenset({"UNREACHABLE", "NOT_READY", "SHUTTING_DOWN"})
BUSY: Final = frozenset({"QUEUE_FULL", "RATE_LIMITED", "SIGNER_BUSY"})

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Connection(Closing):
    """A channel to one node with its three services.

    Parameters
    ----------
    target
        ``host:port`` of the node.
    timeout
        Seconds that one attempt of a call may take.
    """

    def __init__(self, target: str = DEFAULT_TARGET, *, timeout: float = TIMEOUT_S) -> None:
        if not 0 < timeout < math.inf:
            raise BadRequest("TIMEOUT", f"a call cannot take {timeout} s", advice="such as 10")
        self.target = target
        self.timeout = timeout
        self.met = False
        self.channel = grpc.aio.insecure_channel(
            target,
            options=[
                ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.max_reconnect_backoff_ms", 2_000),
            ],
        )
        self.sequencer = sequencer_pb2_grpc.SequencerStub(self.channel)
        self.query = query_pb2_grpc.QueryStub(self.channel)
        self.stream = stream_pb2_grpc.StreamStub(self.channel)

    async def close(self) -> None:
        """Close the channel; calls under way are cancelled."""
        await self.channel.close(None)

    async def call(
        self,
        method: "grpc.aio.UnaryUnaryMultiCallable[Request, Answer]",
        request: Request,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline travels with the call
        sends: bool = False,
    ) -> Answer:
        """Call ``method``, repeating it while the node is away.

        Parameters
        ----------
        sends
            Whether the call may change something: then a missing answer is
            ``OutcomeUnknown``, not ``Unreachable``.
        """
        pauses = backoff()
        seconds = timeout or self.timeout
        until = monotonic() + seconds
        attempt, arrived = 0, False
        while True:
            attempt += 1
            try:
                answer = await method(request, timeout=seconds)
            except grpc.aio.AioRpcError as error:
                fault = explain(error, target=self.target, sends=sends)
                if isinstance(fault, Refused) and fault.code in SPENT and arrived:
                    # An earlier attempt may be the one that spent it: do not call that a refusal.
                    raise uncertain(fault) from None
                away = isinstance(fault, Unreachable)
                arrived = arrived or (sends and away and NOT_SENT not in (error.details() or ""))
                # A node that was never met is probably not there; one that was, comes back.
                if fault.code in AWAY and self.met:
                    again = monotonic() < until
                else:
                    again = fault.code in AWAY | BUSY and attempt < ATTEMPTS_MAX
                if not again:
                    raise uncertain(fault) if away and arrived else fault from None
                await asyncio.sleep(max(next(pauses), pause_of(error)))
            else:
                self.met = True
                return answer


class backoff:  # noqa: N801 - used as the function it replaces
    """Growing pauses in seconds with full jitter: an endless iterator."""

    __slots__ = ("_bound",)

    def __init__(self) -> None:
        self._bound = PAUSE_S

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> float:
        """Return the next pause."""
        pause = random.uniform(0.2, 1.0) * self._bound  # noqa: S311 - jitter is no secret
        self._bound = min(PAUSE_S_MAX, 2 * self._bound)
        return pause


def uncertain(fault: ClientError) -> ClientError:
    """Return what a failure means to a call of which an attempt may have arrived."""
    return OutcomeUnknown(
        fault.code,
        fault.message,
        advice="look the transaction up, or send the same bytes again",
        retryable=True,
    )


def explain(error: grpc.aio.AioRpcError, *, target: str = "", sends: bool = False) -> ClientError:
    """Return what a failed call means to the caller."""
    info = error_info(error)
    code = info.reason.removeprefix("REASON_") if info is not None else ""
    # The status text repeats the reason for those who see only text.
    text = (error.details() or "").removeprefix(f"{code}: ")
    status = error.code()
    if not code and status is grpc.StatusCode.UNAVAILABLE:
        return Unreachable(
            "UNREACHABLE",
            f"no connection to {target} ({reason_of(text)})",
            advice=f"is the node running? `{starter_of(target)}` starts one",
            retryable=True,
        )
    if status is grpc.StatusCode.DEADLINE_EXCEEDED or status is grpc.StatusCode.CANCELLED:
        kind = OutcomeUnknown if sends else Unreachable
        return kind(
            code or "DEADLINE",
            f"no answer from {target} in time: {text}",
            advice="look the transaction up, or send the same bytes again" if sends else "",
            retryable=True,
        )
    if status in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}:
        return ServerFault(code or "INTERNAL", text, advice="report it with the incident id")
    name = code or status.name
    if status is grpc.StatusCode.UNIMPLEMENTED and not code:
        return BadRequest(name, f"{target} knows no such call", advice=ADVICE[name])
    if status in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED}:
        return BadRequest(name, text)
    retryable = status in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}
    return Refused(name, text, advice=ADVICE.get(name, ""), retryable=retryable)


def reason_of(text: str) -> str:
    """Return why there is no connection, out of all that gRPC says about it."""
    reason = text.rsplit(": ", 1)[-1]
    return reason if "[" in reason else reason.rstrip("]")


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo | None:
    """Return the machine-readable part of an error, if the server sent one."""
    info = error_details_pb2.ErrorInfo()
    return info if unpack_detail(error, info) else None


def pause_of(error: grpc.aio.AioRpcError) -> float:
    """Return how many seconds the server asks to wait; 0 if it does not say."""
    info = error_details_pb2.RetryInfo()
    if not unpack_detail(error, info):
        return 0.0
    seconds: float = info.retry_delay.seconds + info.retry_delay.nanos / 1e9
    return min(max(0.0, seconds), PAUSE_S_MAX)


def unpack_detail(error: grpc.aio.AioRpcError, message: Message) -> bool:
    """Fill ``message`` from the error's details; return whether it was among them."""
    try:
        status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it has all of a Call
        details = () if status is None else status.details
        return any(detail.Is(message.DESCRIPTOR) and detail.Unpack(message) for detail in details)
    except (ValueError, DecodeError):
        return False  # they contradict the status, or are none: a proxy's doing, or worse
