"""From protobuf messages to models: heads, headers, receipts, withdrawals."""

from typing import Final

from proto.sextant.v1 import common_pb2, query_pb2, sequencer_pb2, status_pb2
from sextant.client.amounts import from_micros, to_decimal
from sextant.client.models import Head, NodeStatus, Solvency, Stage, Withdrawal
from sextant.client.receipts import Header, Receipt, Sequenced, name_of

STAGES: Final[dict[int, Stage]] = {
    common_pb2.STAGE_ACCEPTED: Stage.ACCEPTED,
    common_pb2.STAGE_SEQUENCED: Stage.SEQUENCED,
    common_pb2.STAGE_POSTED: Stage.POSTED,
    common_pb2.STAGE_FINAL: Stage.FINAL,
    common_pb2.STAGE_REFUSED: Stage.REFUSED,
}


def stage_of(value: int) -> Stage:
    """Return a stage."""
    return STAGES.get(value, Stage.UNKNOWN)


def head_of(message: common_pb2.Head) -> Head:
    """Return a head."""
    return Head(
        height=message.height,
        time_ms=message.time_ms,
        log_index=message.log_index if message.HasField("log_index") else None,
        root=message.root,
    )


def status_of(message: status_pb2.Status) -> NodeStatus:
    """Return what a node says about itself."""
    return NodeStatus(
        role=status_pb2.Role.Name(message.role).removeprefix("ROLE_").lower(),
        version=message.version,
        commit=message.commit,
        chain_id=message.chain_id,
        rollup=message.rollup,
        rules_hash=message.rules_hash,
        genesis_root=message.genesis_root,
        sequencer=message.sequencer,
        time_ms=message.time_ms,
        unsafe=head_of(message.unsafe_head),
        safe=head_of(message.safe_head),
        final=head_of(message.final_head),
        roots=head_of(message.root_head),
        l1_latest=message.l1_latest.number,
        l1_final=message.l1_final.number,
        l1_time_ms=message.l1_latest.time_ms,
        l1_is_stub=message.l1_is_stub,
        ready=message.ready,
        not_ready_because=message.not_ready_because,
        queue=message.queue_transactions,
        transactions=message.transactions_total,
        trades=message.trades_total,
        uptime_ms=message.uptime_ms,
        inbox_index=message.inbox_index,
        solvency=solvency_of(message.solvency),
    )


def solvency_of(message: status_pb2.Solvency) -> Solvency:
    """Return what stands behind withdrawals."""
    return Solvency(
        insurance=from_micros(message.insurance_micros),
        deficits=from_micros(message.deficits_micros),
        uncovered=from_micros(message.uncovered_micros),
        settled=from_micros(message.settled_micros),
        payable=from_micros(message.payable_ppm),
        withdrawal_capacity=from_micros(message.withdrawal_capacity_micros),
        withdrawal_capacity_max=from_micros(message.withdrawal_capacity_max_micros),
    )


def withdrawal_of(message: query_pb2.Withdrawal) -> Withdrawal:
    """Return a withdrawal."""
    return Withdrawal(
        index=message.index,
        owner=message.owner,
        amount=to_decimal(message.amount_micros, message.decimals if message.asset else 6),
        height=message.height,
        stage=stage_of(message.stage),
        key=message.key,
        asset=message.symbol if message.asset else "USDC",
    )


def header_of(message: common_pb2.BlockHeader) -> Header:
    """Return a signed block header."""
    return Header(
        chain_id=message.chain_id,
        height=message.height,
        time_ms=message.time_ms,
        cursor=message.cursor,
        receipts_root=message.receipts_root,
        receipts_count=message.receipts_count,
        signature=message.signature,
    )


def receipt_of(message: common_pb2.Receipt) -> Receipt:
    """Return a receipt, with its path if it was sent."""
    return Receipt(
        transaction_hash=message.transaction_hash,
        height=message.height,
        time_ms=message.time_ms,
        index=message.index,
        leg=message.leg,
        code=message.code,
        code_name=message.code_name or name_of(message.code),
        arguments=tuple(message.arguments),
        order_id=message.order_id,
        filled=message.filled_lots,
        notional=message.notional_micros,
        fee=message.fee_micros,
        leaf=message.leaf,
        path=tuple(message.path.siblings) if message.HasField("path") else None,
    )


def sequenced_of(message: sequencer_pb2.Outcome) -> Sequenced:
    """Return a sequenced outcome."""
    return Sequenced(
        transaction_hash=message.transaction_hash,
        receipts=tuple(map(receipt_of, message.sequenced.receipts)),
        header=header_of(message.sequenced.header),
        duplicate=message.duplicate,
    )


def sequenced_from(transaction_hash: bytes, message: query_pb2.ReceiptResponse) -> Sequenced:
    """Return a sequenced outcome that was looked up."""
    return Sequenced(
        transaction_hash=transaction_hash,
        receipts=tuple(map(receipt_of, message.receipts)),
        header=header_of(message.header),
        duplicate=True,
    )
