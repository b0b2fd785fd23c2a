"""Blocks, transactions, withdrawals and proofs: what the chain says, and how it is checked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final

from proto.sextant.v1 import query_pb2
from prover.ranges import KeyRange
from sextant.client.chain_wire import header_of, receipt_of, stage_of, withdrawal_of
from sextant.client.models import Stage, Withdrawal
from sextant.client.names import read_address, read_number
from sextant.client.proofs import StateProof, proof_of, verify_proof
from sextant.client.receipts import Header, Receipt
from sextant.client.session import Session
from sextant.errors import OutcomeUnknown, Refused, Unreachable
from statemachine.actions import Action
from statemachine.errors import FrameInvalid
from statemachine.frame import decode_frame

STAGE_S: Final = 180.0
POLL_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block: its signed header, and how far it has come."""

    header: Header
    transactions: int
    frame_bytes: int
    inbox_from: int
    inbox_items: int
    segment_roots: tuple[bytes, ...]
    stage: Stage
    log_index: int | None
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionInfo:
    """How far a transaction has come, with its receipts once it is in a block."""

    transaction_hash: bytes
    stage: Stage
    height: int
    log_index: int
    accepted_ms: int
    sequenced_ms: int
    posted_ms: int
    final_ms: int
    refusal: str
    receipts: tuple[Receipt, ...]
    header: Header | None


class Chain(Session):
    """A session that can ask about the chain."""

    async def block(self, height: int = 0, *, with_receipts: bool = False) -> Block:
        """Return a block by height; the latest for 0."""
        request = query_pb2.GetBlockRequest(
            height=read_number(height, "block"), with_receipts=with_receipts
        )
        message = await self.connection.call(self.connection.query.GetBlock, request)
        return block_of(message)

    async def transaction(self, transaction_hash: bytes) -> TransactionInfo:
        """Return how far a transaction has come, with receipts and their paths."""
        request = query_pb2.GetReceiptRequest(transaction_hash=transaction_hash, with_paths=True)
        query = self.connection.query
        try:
            answer = await self.connection.call(query.GetReceipt, request)
            status, receipts = answer.status, tuple(map(receipt_of, answer.receipts))
            header = header_of(answer.header) if answer.HasField("header") else None
        except Refused as error:
            if error.code != "NOT_FOUND":
                raise
            ask = query_pb2.GetTransactionStatusRequest(transaction_hash=transaction_hash)
            status = await self.connection.call(query.GetTransactionStatus, ask)
            receipts, header = (), None
        return TransactionInfo(
            transaction_hash=transaction_hash,
            stage=stage_of(status.stage),
            height=status.height,
            log_index=status.log_index,
            accepted_ms=status.accepted_ms,
            sequenced_ms=status.sequenced_ms,
            posted_ms=status.posted_ms,
            final_ms=status.final_ms,
            refusal=status.refusal.message,
            receipts=receipts,
            header=header,
        )

    async def action(self, info: TransactionInfo) -> Action | None:
        """Return what a transaction in a block asked for, if the node still has its bytes.

        Their hash is the transaction's: the node's word is not needed for them.
        """
        if not info.height:
            return None
        request = query_pb2.GetBlockRequest(height=info.height, with_frame=True)
        try:
            message = await self.connection.call(self.connection.query.GetBlock, request)
            transactions = decode_frame(message.frame).transactions if message.frame else ()
        except (Refused, FrameInvalid):
            return None
        found = (t.action for t in transactions if t.hash == info.transaction_hash)
        return next(found, None)

    async def wait_stage(
        self, transaction_hash: bytes, stage: Stage, *, wait_s: float = STAGE_S
    ) -> TransactionInfo:
        """Wait until a transaction has come as far as ``stage``.

        Raises
        ------
        OutcomeUnknown
            ``NOT_YET``: it has not, within ``wait_s``.
        """
        until = monotonic() + wait_s
        while True:
            info = await self.transaction(transaction_hash)
            if info.stage.includes(stage) or info.stage is Stage.REFUSED:
                return info
            if monotonic() > until:
                raise OutcomeUnknown(
                    "NOT_YET",
                    f"the transaction is {info.stage.value}, not {stage.value} after {wait_s:g} s",
                    advice="wait longer",
                    retryable=True,
                )
            await asyncio.sleep(POLL_S)

    async def withdrawals(self, owner: str | bytes | None = None) -> list[Withdrawal]:
        """Return an owner's withdrawals; without one, the signer's."""
        found = self.address if owner is None else read_address(owner)
        request = query_pb2.GetWithdrawalsRequest(owner=found)
        answer = await self.connection.call(self.connection.query.GetWithdrawals, request)
        return [withdrawal_of(message) for message in answer.withdrawals]

    async def withdrawal(self, index: int) -> Withdrawal:
        """Return one withdrawal.

        Raises
        ------
        Refused
            ``NOT_FOUND``.
        """
        request = query_pb2.GetWithdrawalsRequest(index=read_number(index, "withdrawal"))
        answer = await self.connection.call(self.connection.query.GetWithdrawals, request)
        if not answer.withdrawals:
            raise Refused("NOT_FOUND", f"there is no withdrawal {index}")
        return withdrawal_of(answer.withdrawals[0])

    async def proof(
        self,
        keys: Sequence[bytes],
        *,
        log_index: int | None = None,
        ranges: Sequence[KeyRange] = (),
    ) -> StateProof:
        """Return state values, each checked against the root that the node names.

        Raises
        ------
        ProofInvalid
            The witness does not open under the root, or proves other values.
        """
        if log_index is not None:
            read_number(log_index, "log entry")
        request = query_pb2.GetProofRequest(
            keys=list(keys),
            log_index=log_index,
            ranges=[
                query_pb2.KeyRange(prefix=asked.prefix, start=asked.start, count=asked.count)
                for asked in ranges
            ],
        )
        proof = proof_of(await self._ask_proof(request), ranges)
        verify_proof(proof, keys)
        return proof

    async def _ask_proof(self, request: query_pb2.GetProofRequest) -> query_pb2.Proof:
        """Ask the node; a follower for what the node does not keep, or if there is no node."""
        try:
            if not self.absent or self.follower is None:
                return await self.connection.call(self.connection.query.GetProof, request)
        except Refused as error:
            if self.follower is None or error.code not in {"PRUNED", "NOT_READY"}:
                raise
        except Unreachable:
            if self.follower is None:
                raise
            self.absent = True
        return await self.follower.call(self.follower.query.GetProof, request)


def block_of(message: query_pb2.Block) -> Block:
    """Return a block."""
    return Block(
        header=header_of(message.header),
        transactions=message.transactions,
        frame_bytes=message.frame_bytes,
        inbox_from=message.inbox_from,
        inbox_items=len(message.inbox),
        segment_roots=tuple(message.segment_roots),
        stage=stage_of(message.stage),
        log_index=message.log_index if message.HasField("log_index") else None,
        receipts=tuple(map(receipt_of, message.receipts)),
    )
