"""Where a call's fault becomes a gRPC status: one status and one name per cause."""

from typing import Any, Final, NoReturn

import grpc
import grpc.aio
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from prover.contract.codes import ContractCode

DOMAIN: Final = "sextant"
STATUSES: Final = {
    ContractCode.CALL_MALFORMED: grpc.StatusCode.INVALID_ARGUMENT,
    ContractCode.SIGNATURE: grpc.StatusCode.UNAUTHENTICATED,
    ContractCode.NONCE_USED: grpc.StatusCode.FAILED_PRECONDITION,
    ContractCode.NONCE_GAP: grpc.StatusCode.FAILED_PRECONDITION,
    ContractCode.UNDERPRICED: grpc.StatusCode.FAILED_PRECONDITION,
    ContractCode.MEMPOOL_FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
}

Context = grpc.aio.ServicerContext[Any, Any]


async def refuse(context: Context, status: grpc.StatusCode, reason: str, message: str) -> NoReturn:
    """End a call with a status, and ``ErrorInfo`` for machines."""
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN)
    detail = any_pb2.Any()
    detail.Pack(info)
    code = code_pb2.Code.Value(status.name)
    whole = status_pb2.Status(code=code, message=f"{reason}: {message}", details=[detail])
    status_to_send = rpc_status.to_status(whole)
    await context.abort_with_status(status_to_send)  # type: ignore[attr-defined] # stubs lack it
    raise RuntimeError("unreachable: abort raises")


async def refuse_call(context: Context, code: ContractCode, message: str) -> NoReturn:
    """End a call that the mempool refused."""
    text = message.removeprefix(f"{code.name}: ")
    await refuse(context, STATUSES[code], code.name, text)
