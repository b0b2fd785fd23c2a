"""Asking L1 again: which failures pass, how long to pause, when to give up."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from grpc_status import rpc_status

from prover.l1 import L1Refused, L1Unreachable

PAUSE_SECONDS_MIN: Final = 0.05
PAUSE_SECONDS_MAX: Final = 1.0
ASK_SECONDS_MIN: Final = 0.1
TRANSIENT: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
    }
)

AnswerT = TypeVar("AnswerT")


async def ask_until(
    method: Callable[..., Awaitable[AnswerT]],
    request: object,
    deadline: float,
    seconds: float,
    target: str,
) -> AnswerT:
    """Call a method, again after transient failures, until a monotonic time.

    Each attempt may take ``seconds``.  ``target`` says in errors who was asked.

    Raises
    ------
    L1Refused
        It answered that it will not; its name for the reason comes first.
    L1Unreachable
        Time is up.
    """
    pause = Pause()
    while True:
        left = deadline - time.monotonic()
        try:
            return await method(request, timeout=max(min(seconds, left), ASK_SECONDS_MIN))
        except grpc.aio.AioRpcError as error:
            if error.code() not in TRANSIENT:
                raise L1Refused(describe(error)) from error
            if time.monotonic() >= deadline:
                raise L1Unreachable(f"{target}: {describe(error)}") from error
        await pause.sleep()


@final
class Pause:
    """Ever longer pauses between attempts, with full jitter."""

    def __init__(self) -> None:
        self.seconds = PAUSE_SECONDS_MIN

    async def sleep(self) -> None:
        """Pause, and make the next pause longer."""
        await asyncio.sleep(random.uniform(0, self.seconds))  # noqa: S311  jitter is no secret
        self.seconds = min(2 * self.seconds, PAUSE_SECONDS_MAX)


def describe(error: grpc.aio.AioRpcError) -> str:
    """Return why a call failed, the machine's name for it first."""
    try:
        status = rpc_status.from_call(error)  # type: ignore[arg-type] # stubs know no aio call
    except (ValueError, DecodeError):
        status = None  # its details contradict it, or are none: a proxy's doing, or worse
    if status is not None:
        return str(status.message)
    return f"{error.code().name}: {error.details()}"
