"""Pages of what waits on the stub."""

from typing import Final

from devnet.l1.chain import Chain
from devnet.l1.mempool import Waiting
from proto.sextant.v1 import l1_pb2
from prover.contract.calls import encode_call

PAGE_CALLS_MAX: Final = 1_000
PAGE_BYTES_MAX: Final = 4 << 20


def mempool_page(chain: Chain, request: l1_pb2.L1ListMempoolRequest) -> l1_pb2.L1MempoolPage:
    """Return calls that wait: those that can pay in the order of blocks, then the others."""
    pool = chain.mempool
    payable = list(pool.payable(chain.gas_price))
    ready = {waiting.hash for waiting in payable}
    listed = [*payable, *(each for each in pool.by_arrival() if each.hash not in ready)]
    if request.HasField("sender"):
        queue = pool.queue_of(request.sender)
        listed = [queue[nonce] for nonce in sorted(queue)]
    count = min(request.calls_max or PAGE_CALLS_MAX, PAGE_CALLS_MAX)
    calls: list[l1_pb2.L1WaitingCall] = []
    size = 0
    for waiting in listed[:count]:
        size += waiting.size if request.with_calls else 0
        if calls and size > PAGE_BYTES_MAX:
            break
        encoded = encode_call(waiting.envelope.call) if request.with_calls else b""
        calls.append(waiting_message(waiting, encoded, payable=waiting.hash in ready))
    return l1_pb2.L1MempoolPage(
        calls=calls, calls_count=len(pool), size_bytes=pool.bytes, gas_price=chain.gas_price
    )


def waiting_message(waiting: Waiting, encoded: bytes, *, payable: bool) -> l1_pb2.L1WaitingCall:
    """Return the message of a call that waits."""
    envelope = waiting.envelope
    return l1_pb2.L1WaitingCall(
        hash=waiting.hash,
        sender=waiting.sender,
        nonce=envelope.nonce,
        kind=type(envelope.call).__name__,
        size_bytes=waiting.size,
        gas_max=waiting.gas,
        fee_max=envelope.bid.fee_max,
        tip=envelope.bid.tip,
        payable=payable,
        since_block=waiting.since,
        call=encoded,
    )
