"""Answers about sequenced transactions: receipts, headers, and batches by column.

The common answer, a batch of which every item reached a block, makes no object
per transaction or receipt: whole columns are handed to packed repeated fields.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, final

from node.ledger import feed
from node.service.errors import Refused, refusal_of
from proto.sextant.v1 import common_pb2, sequencer_pb2
from statemachine.errors import Code
from statemachine.receipts import Receipt

HEADERS_MAX: Final = 64
"""Headers of recent blocks kept ready."""

INT64_MAX: Final = (1 << 63) - 1
CODE_NAMES: Final[Mapping[int, str]] = {int(code): code.name for code in Code}


def saturate(value: int) -> int:
    """Return ``value``, or the nearest that 64 bits hold: balances may pass them, answers not."""
    return max(-INT64_MAX - 1, min(INT64_MAX, value))


def narrow(values: Sequence[int]) -> Sequence[int]:
    """Return a column as it is if 64 bits hold it, else cut to them."""
    if not values or (max(values) <= INT64_MAX and min(values) >= -INT64_MAX):
        return values
    return [saturate(value) for value in values]


@final
class Answers:
    """Makes the messages of one chain's blocks.

    Headers are made once per block and shared by all answers about it.
    """

    def __init__(self, chain_id: int) -> None:
        self.chain_id = chain_id
        self.headers: dict[int, common_pb2.BlockHeader] = {}

    def header_of(self, block: feed.SealedBlock) -> common_pb2.BlockHeader:
        """Return the signed header of a block."""
        header = self.headers.get(block.height)
        if header is None or header.cursor_hash != block.cursor_hash:
            header = self.make_header(block)
            if len(self.headers) >= HEADERS_MAX:
                del self.headers[next(iter(self.headers))]
            self.headers[block.height] = header
        return header

    def make_header(self, block: feed.SealedBlock) -> common_pb2.BlockHeader:
        """Return a new header of a block."""
        return common_pb2.BlockHeader(
            chain_id=self.chain_id,
            height=block.height,
            time_ms=block.time,
            cursor=block.cursor.encode(),
            cursor_hash=block.cursor_hash,
            receipts_root=block.receipts_root,
            receipts_count=len(block.receipts),
            signature=block.signature,
        )

    def sequenced_of(self, outcome: feed.Sequenced, *, with_paths: bool) -> sequencer_pb2.Sequenced:
        """Return the receipts of one transaction, with their block's header."""
        return sequencer_pb2.Sequenced(
            receipts=receipts_of(outcome, with_paths=with_paths),
            header=self.header_of(outcome.block),
        )

    def batch_of(
        self, outcomes: Sequence[feed.Outcome | Refused], detail: int
    ) -> sequencer_pb2.BatchOutcome:
        """Return the answer to a batch: columns, and receipts if ``detail`` asks for them."""
        taken = [outcome for outcome in outcomes if type(outcome) is feed.Sequenced]
        receipts = list(chain.from_iterable([outcome.receipts for outcome in taken]))
        complete = len(taken) == len(outcomes)
        rows = taken if complete else outcomes
        answer = sequencer_pb2.BatchOutcome(
            heights=[o.block.height if type(o) is feed.Sequenced else 0 for o in rows],
            first_leaves=[o.first if type(o) is feed.Sequenced else 0 for o in rows],
            receipt_counts=[len(o.receipts) if type(o) is feed.Sequenced else 0 for o in rows],
            codes=[receipt.code for receipt in receipts],
            order_ids=[receipt.order_id for receipt in receipts],
            filled_lots=[receipt.filled for receipt in receipts],
            notional_micros=narrow([receipt.notional for receipt in receipts]),
            fee_micros=narrow([receipt.fee for receipt in receipts]),
            code_arguments=[
                sequencer_pb2.CodeArguments(receipt=place, arguments=narrow(receipt.args))
                for place, receipt in enumerate(receipts)
                if receipt.args
            ],
            headers=[self.header_of(block) for block in blocks_of(taken)],
            duplicates=[
                place
                for place, outcome in enumerate(outcomes)
                if type(outcome) is feed.Sequenced and outcome.duplicate
            ],
        )
        if not complete:
            answer.refusals.extend(refusals_of(outcomes))
        if detail in {sequencer_pb2.DETAIL_RECEIPTS, sequencer_pb2.DETAIL_PATHS}:
            with_paths = detail == sequencer_pb2.DETAIL_PATHS
            for outcome in taken:
                answer.receipts.extend(receipts_of(outcome, with_paths=with_paths))
        return answer


def blocks_of(outcomes: Iterable[feed.Sequenced]) -> list[feed.SealedBlock]:
    """Return the blocks of outcomes, each once, in order of their heights."""
    blocks = {outcome.block.height: outcome.block for outcome in outcomes}
    return [blocks[height] for height in sorted(blocks)]


def refusals_of(
    outcomes: Iterable[feed.Outcome | Refused],
) -> Iterable[sequencer_pb2.RefusedItem]:
    """Yield the refused items of a batch."""
    for position, outcome in enumerate(outcomes):
        if not isinstance(outcome, feed.Sequenced):
            yield sequencer_pb2.RefusedItem(position=position, refusal=refusal_of(outcome))


def receipts_of(outcome: feed.Sequenced, *, with_paths: bool) -> list[common_pb2.Receipt]:
    """Return all receipts of one transaction."""
    return [
        receipt_of(outcome.block, outcome.first + place, receipt, with_path=with_paths)
        for place, receipt in enumerate(outcome.receipts)
    ]


def told_by(receipt: Receipt) -> common_pb2.Receipt:
    """Return what a receipt says by itself, whatever block it is in."""
    return common_pb2.Receipt(
        leg=receipt.leg,
        code=receipt.code,
        code_name=CODE_NAMES.get(receipt.code, ""),
        arguments=narrow(receipt.args),
        order_id=receipt.order_id,
        filled_lots=receipt.filled,
        notional_micros=saturate(receipt.notional),
        fee_micros=saturate(receipt.fee),
    )


def receipt_of(
    block: feed.SealedBlock, leaf: int, receipt: Receipt, *, with_path: bool
) -> common_pb2.Receipt:
    """Return receipt number ``leaf`` of a block, with its Merkle path if asked."""
    message = told_by(receipt)
    message.transaction_hash = receipt.tx_hash
    message.height, message.time_ms = block.height, block.time
    message.index, message.leaf = receipt.index, leaf
    if with_path:
        path = common_pb2.MerklePath(
            leaf=leaf, count=len(block.receipts), siblings=block.path(leaf)
        )
        message.path.CopyFrom(path)
    return message
