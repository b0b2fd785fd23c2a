"""Between the records of L1 and the messages of its wire, both ways.

Calls and events have the same field names in both worlds, so one rule converts
them all; the rest is spelled out.  What comes from the wire is checked as the
canonical bytes would be: a message that could not be signed is refused.
"""

from typing import Final

from proto.sextant.v1 import l1_pb2
from prover.contract.calls import (
    CALLS,
    Call,
    CallKind,
    Envelope,
    build_call,
    encode_call,
    read_bid,
)
from prover.contract.calls import KINDS as CALL_KINDS
from prover.contract.codes import ContractCode
from prover.contract.events import EVENTS, Event, EventKind
from prover.contract.events import KINDS as EVENT_KINDS
from prover.contract.log import LogEntry
from prover.contract.records import Account, Claim, ClaimStatus, QueuedItem, RulesVersion
from prover.contract.shapes import fill_message, read_message
from prover.l1 import BlockEvents, CallReceipt, Heads, L1Block, PostedClaim
from prover.outputs import decode_output
from statemachine.errors import FrameInvalid
from statemachine.inbox import decode_inbox_item

CALL_FIELDS: Final = {kind.name.lower(): kind for kind in CallKind}
EVENT_FIELDS: Final = {kind.name.lower(): kind for kind in EventKind}
ROOT_BYTES: Final = 32


def call_to_message(envelope: Envelope) -> l1_pb2.L1SendCallRequest:
    """Return the message that sends a signed call."""
    call, bid = envelope.call, envelope.bid
    request = l1_pb2.L1SendCallRequest(
        nonce=envelope.nonce, signature=envelope.signature, fee_max=bid.fee_max, tip=bid.tip
    )
    fill_message(getattr(request, CALL_KINDS[type(call)].name.lower()), call)
    return request


def call_from_message(request: l1_pb2.L1SendCallRequest) -> Envelope:
    """Return the signed call in a message, or raise ``FrameInvalid``."""
    name = request.WhichOneof("call")
    if name is None:
        raise FrameInvalid("call: none was given")
    kind = CALL_FIELDS[name]
    call: Call = build_call(kind, read_message(getattr(request, name), CALLS[kind]))
    encode_call(call)
    bid = read_bid(request.fee_max, request.tip)
    return Envelope(request.nonce, call, request.signature, bid)


def event_to_message(event: Event) -> l1_pb2.L1Event:
    """Return the message of an event."""
    message = l1_pb2.L1Event()
    fill_message(getattr(message, EVENT_KINDS[type(event)].name.lower()), event)
    return message


def event_from_message(message: l1_pb2.L1Event) -> Event | None:
    """Return the event in a message; ``None`` if this program does not know its kind."""
    name = message.WhichOneof("event")
    if name is None:
        return None
    shape = EVENTS[EVENT_FIELDS[name]]
    event: Event = shape(*read_message(getattr(message, name), shape))
    return event


def block_to_message(block: L1Block) -> l1_pb2.L1BlockRef:
    """Return the message that names a block."""
    return l1_pb2.L1BlockRef(number=block.number, hash=block.hash, time_ms=block.time)


def block_from_message(message: l1_pb2.L1BlockRef) -> L1Block:
    """Return the block that a message names."""
    return L1Block(message.number, message.hash, message.time_ms)


def heads_from_message(message: l1_pb2.L1Heads) -> Heads:
    """Return the tags."""
    return Heads(
        block_from_message(message.latest),
        block_from_message(message.safe),
        block_from_message(message.final),
        message.clock_offset_ms,
        message.gas_price,
        message.retention_ms,
    )


def block_events_from_message(message: l1_pb2.L1BlockEvents) -> BlockEvents:
    """Return a block's events, those of unknown kinds left out."""
    known = (event_from_message(event) for event in message.events)
    return BlockEvents(
        block_from_message(message.block),
        tuple(event for event in known if event is not None),
        heads_from_message(message.heads),
    )


def entry_to_message(entry: LogEntry) -> l1_pb2.L1LogEntry:
    """Return the message of a log entry."""
    return l1_pb2.L1LogEntry(
        index=entry.index,
        data=entry.data,
        data_root=entry.data_root,
        time_ms=entry.time,
        block=entry.block,
        inbox_count=entry.inbox_count,
        inbox_accumulator=entry.inbox_accumulator,
        sender=entry.sender,
        version=entry.version,
        pruned=entry.pruned,
    )


def entry_from_message(message: l1_pb2.L1LogEntry) -> LogEntry:
    """Return the log entry in a message."""
    return LogEntry(
        index=message.index,
        data=message.data,
        time=message.time_ms,
        inbox_count=message.inbox_count,
        data_root=message.data_root,
        sender=message.sender,
        block=message.block,
        inbox_accumulator=message.inbox_accumulator,
        version=message.version,
        pruned=message.pruned,
    )


def version_to_message(version: RulesVersion) -> l1_pb2.L1RulesVersion:
    """Return the message of a version of the rules."""
    return l1_pb2.L1RulesVersion(
        number=version.number,
        starts_ms=version.starts,
        block=version.block,
        cancelled_block=version.cancelled,
        rules_hash=version.rules_hash,
        rules=version.rules,
    )


def version_from_message(message: l1_pb2.L1RulesVersion) -> RulesVersion:
    """Return the version of the rules in a message."""
    return RulesVersion(
        message.number,
        message.starts_ms,
        message.rules,
        message.block,
        message.cancelled_block,
    )


def item_to_message(queued: QueuedItem) -> l1_pb2.L1InboxItem:
    """Return the message of an inbox item."""
    item = queued.item
    return l1_pb2.L1InboxItem(
        index=queued.index,
        encoded=item.encode(),
        block=queued.block,
        accumulator=queued.accumulator,
        kind=int(item.kind),
        owner=item.owner,
        sub=item.sub,
        amount_micros=item.amount,
        time_ms=item.time,
        asset=item.asset,
        market=item.market,
        price=item.price,
        other=item.other,
        publisher=item.publisher,
        told_ms=item.told,
    )


def item_from_message(message: l1_pb2.L1InboxItem) -> QueuedItem:
    """Return the inbox item in a message, from its canonical bytes."""
    item = decode_inbox_item(message.encoded)
    return QueuedItem(message.index, item, message.block, message.accumulator)


def claim_to_message(claim: Claim, trace: bytes, window_ms: int) -> l1_pb2.L1Claim:
    """Return the message of a claim."""
    output = claim.output
    return l1_pb2.L1Claim(
        number=claim.number,
        parent=claim.parent,
        output=output.encode(),
        output_hash=output.hash,
        log_index=output.log_index,
        height=output.height,
        post_root=output.post_root,
        segments=output.segments,
        proposer=claim.proposer,
        time_ms=claim.time,
        block=claim.block,
        bond_gwei=claim.bond,
        status=l1_pb2.L1ClaimStatus.Name(int(claim.status)),
        final_at_ms=claim.time + window_ms,
        trace=trace,
    )


def claim_from_message(message: l1_pb2.L1Claim) -> PostedClaim:
    """Return the claim in a message, from its canonical bytes."""
    claim = Claim(
        message.number,
        message.parent,
        decode_output(message.output),
        message.proposer,
        message.time_ms,
        message.block,
        message.bond_gwei,
        ClaimStatus(message.status),
    )
    roots = range(0, len(message.trace), ROOT_BYTES)
    return PostedClaim(claim, tuple(message.trace[at : at + ROOT_BYTES] for at in roots))


def account_from_message(message: l1_pb2.L1Account) -> Account:
    """Return the balances in a message."""
    return Account(message.eth_gwei, message.token_micros)


def receipt_from_message(message: l1_pb2.L1CallReceipt) -> CallReceipt:
    """Return what became of a call."""
    return CallReceipt(
        message.hash,
        message.block,
        ContractCode(message.code),
        message.message,
        message.value,
        message.gas,
        message.gas_price,
    )
