"""What a client is told when something was not done: one status per class, one name per cause.

``Refused`` is raised anywhere below a call and becomes, at the boundary, a gRPC
status with ``google.rpc.ErrorInfo{reason, domain: "sextant", metadata}`` (and
``RetryInfo`` where a pause helps); inside a batch it becomes a ``Refusal``
message.  The table below is the whole list: the reasons of the wire, the status
each travels under, and whether the very same bytes may succeed later.
"""

from collections.abc import Mapping, Sized
from typing import Final, NamedTuple

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from node.ledger import feed
from proto.sextant.v1 import common_pb2

DOMAIN: Final = "sextant"
PREFIX: Final = "REASON_"

Code = grpc.StatusCode


class Class(NamedTuple):
    """How a reason travels: its gRPC status, whether to retry, and after how long."""

    status: grpc.StatusCode
    retryable: bool = False
    pause_ms: int = 0


CLASSES: Final[Mapping[str, Class]] = {
    # the bytes are wrong, and will always be
    "MALFORMED": Class(Code.INVALID_ARGUMENT),
    "TOO_LARGE": Class(Code.INVALID_ARGUMENT),
    "BATCH_EMPTY": Class(Code.INVALID_ARGUMENT),
    "BATCH_TOO_LARGE": Class(Code.INVALID_ARGUMENT),
    "ARGUMENT_INVALID": Class(Code.INVALID_ARGUMENT),
    "DEADLINE_MISSING": Class(Code.INVALID_ARGUMENT),
    # nobody who may act here has signed them
    "SIGNATURE_INVALID": Class(Code.UNAUTHENTICATED),
    "SIGNATURE_HIGH_S": Class(Code.UNAUTHENTICATED),
    "SIGNER_UNKNOWN": Class(Code.UNAUTHENTICATED),
    # well formed, but refused before sequencing
    "EXPIRED": Class(Code.FAILED_PRECONDITION),
    "NONCE_USED": Class(Code.FAILED_PRECONDITION),
    "NONCE_OLD": Class(Code.FAILED_PRECONDITION),
    "NONCE_AHEAD": Class(Code.FAILED_PRECONDITION, retryable=True),
    "NOT_SEQUENCER": Class(Code.FAILED_PRECONDITION),
    "SIGNER_IGNORED": Class(Code.FAILED_PRECONDITION, retryable=True),
    # slow down
    "RATE_LIMITED": Class(Code.RESOURCE_EXHAUSTED, retryable=True, pause_ms=100),
    "SIGNER_BUSY": Class(Code.RESOURCE_EXHAUSTED, retryable=True, pause_ms=100),
    "SLOW_CONSUMER": Class(Code.RESOURCE_EXHAUSTED, retryable=True),
    "STREAMS_TOO_MANY": Class(Code.RESOURCE_EXHAUSTED, retryable=True, pause_ms=1000),
    # try again, here or elsewhere
    "QUEUE_FULL": Class(Code.UNAVAILABLE, retryable=True, pause_ms=100),
    "NOT_READY": Class(Code.UNAVAILABLE, retryable=True, pause_ms=500),
    "SHUTTING_DOWN": Class(Code.UNAVAILABLE, retryable=True, pause_ms=1000),
    # nothing is known under that name, or no longer
    "NOT_FOUND": Class(Code.NOT_FOUND),
    "PRUNED": Class(Code.OUT_OF_RANGE),
    # the outcome is not known: ask for it
    "DEADLINE": Class(Code.DEADLINE_EXCEEDED, retryable=True),
    # a bug of ours
    "INTERNAL": Class(Code.INTERNAL),
}


class Refused(Exception):
    """A request that is not carried out; ``reason`` is a key of ``CLASSES``."""

    def __init__(self, reason: str, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = metadata


def few(values: Sized, most: int, what: str) -> None:
    """Refuse a list that is longer than a request may make the node work through."""
    if len(values) > most:
        raise Refused("ARGUMENT_INVALID", f"{len(values)} {what}, at most {most}", most=str(most))


def refuse_with(reason: str, message: str, **metadata: str) -> common_pb2.Refusal:
    """Return the refusal of one item of a batch."""
    kind = CLASSES[reason]
    return common_pb2.Refusal(
        reason=PREFIX + reason,
        message=message,
        retryable=kind.retryable,
        retry_after_ms=kind.pause_ms,
        metadata=metadata,
    )


def refusal_of(refusal: "feed.Refusal | Refused") -> common_pb2.Refusal:
    """Return a node's refusal as a message."""
    if isinstance(refusal, Refused):
        return refuse_with(refusal.reason, refusal.message, **refusal.metadata)
    return refuse_with(refusal.reason.value, refusal.message)


def status_of(refused: Refused) -> grpc.Status:
    """Return the status, with its details, under which a refusal travels."""
    kind = CLASSES[refused.reason]
    info = error_details_pb2.ErrorInfo(
        reason=refused.reason, domain=DOMAIN, metadata=refused.metadata
    )
    details = [pack_any(info)]
    if kind.pause_ms:
        pause = duration_pb2.Duration(nanos=kind.pause_ms % 1000 * 1_000_000)
        pause.seconds = kind.pause_ms // 1000
        details.append(pack_any(error_details_pb2.RetryInfo(retry_delay=pause)))
    code = code_pb2.Code.Value(kind.status.name)
    text = f"{refused.reason}: {refused.message}"
    return rpc_status.to_status(status_pb2.Status(code=code, message=text, details=details))


def pack_any(
    detail: error_details_pb2.ErrorInfo | error_details_pb2.RetryInfo,
) -> any_pb2.Any:
    """Return a detail as ``google.protobuf.Any``."""
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
