"""The sequencer's core: what is queued, in which order it runs, and who gets which answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from node.ledger.blocks import BlockSigner
from node.ledger.feed import Outcome, Reason, Refusal, Sequenced
from node.sequencing import sequencer as module
from node.sequencing.censor import Censor
from node.sequencing.sequencer import Execution, Sequencer
from node.sequencing.tickets import Limits, Ticket
from prover.contract.records import RulesVersion
from prover.rulesbook import RulesUnknown
from statemachine.actions import FLAG_SELL, Cancel, PlaceOrder, Transaction
from statemachine.errors import InvariantBroken
from statemachine.frame import CLASS_CANCEL, CLASS_OTHER, CLASS_POST_ONLY, class_of, decode_frame
from statemachine.identity.signing import address_of, block_digest, recover, recover_signer
from statemachine.inbox import InboxItem, InboxKind
from statemachine.receipts import verify_path
from statemachine.storage import MemoryStore
from statemachine.units import Lots, Micros, Millis, Price
from tests.worlds import USDC, World, trader_key, world_rules

KEY = b"\x51" * 32
FAR = 1 << 60
POST_ONLY = 4


class Desk:
    """A core over a small world, and the answers that came."""

    def __init__(self, traders: int = 2, **rules: Any) -> None:
        self.world = World(world_rules(**rules))
        self.world.open(traders)
        signer = BlockSigner(KEY, self.world.rules.chain_id)
        self.core = Sequencer(self.world.rules, self.world.store, signer, lambda _: None)
        self.core.observe(self.core.inbox_from, [], FAR)
        self.now = self.world.now + 100

    def order(self, trader: int = 0, price: int = 5_900_000, flags: int = 0) -> Transaction:
        action = PlaceOrder(0, 0, flags, Price(price), Lots(100))
        return self.world.sign(trader, action)

    def submit(self, *transactions: Transaction) -> list[Outcome]:
        """Offer a batch; the list fills when it is answered."""
        answer: list[Outcome] = []
        ticket = Ticket(len(transactions), answer.extend)
        for place, transaction in enumerate(transactions):
            signer = recover_signer(self.world.domain, transaction)
            self.core.offer(transaction.data, signer, self.now, ticket, place)
        return answer

    def build(self) -> Execution:
        self.now += 100
        execution = self.core.build(self.now)
        assert execution is not None
        return execution

    def block(self) -> Execution:
        """Make a block and commit it."""
        execution = self.build()
        self.core.commit(execution)
        return execution


def reasons(outcomes: Sequence[Outcome]) -> list[str]:
    return [o.reason.value if isinstance(o, Refusal) else "" for o in outcomes]


def test_a_batch_is_answered_once_its_block_is_committed_and_not_before() -> None:
    desk = Desk()
    answer = desk.submit(desk.order(0), desk.order(1))
    execution = desk.build()
    assert answer == []
    desk.core.commit(execution)
    assert [type(outcome) for outcome in answer] == [Sequenced, Sequenced]
    assert [o.receipts[0].name for o in answer if isinstance(o, Sequenced)] == ["OK", "OK"]


def test_a_block_runs_by_class_and_within_a_class_by_arrival() -> None:
    desk = Desk()
    taker, maker, late = desk.order(0), desk.order(1, flags=POST_ONLY), desk.order(1)
    cancel = desk.world.sign(0, Cancel(0, 0, 1))
    desk.submit(taker, maker, late, cancel)
    frame = decode_frame(desk.block().source.frame)
    assert [class_of(t.action) for t in frame.transactions] == [
        CLASS_CANCEL,
        CLASS_POST_ONLY,
        CLASS_OTHER,
        CLASS_OTHER,
    ]
    assert [t.hash for t in frame.transactions[2:]] == [taker.hash, late.hash]


def test_without_the_class_rule_a_block_keeps_the_order_of_arrival() -> None:
    desk = Desk(flags=0)
    taker, maker = desk.order(0), desk.order(1, flags=POST_ONLY)
    desk.submit(taker, maker)
    frame = decode_frame(desk.block().source.frame)
    assert [t.hash for t in frame.transactions] == [taker.hash, maker.hash]


def test_the_same_bytes_get_one_answer_queued_in_flight_and_long_after() -> None:
    desk = Desk()
    order = desk.order()
    first = desk.submit(order)
    queued = desk.submit(order)
    execution = desk.build()
    flying = desk.submit(order)
    desk.core.commit(execution)
    later = desk.submit(order)
    answers = [*first, *queued, *flying, *later]
    assert all(isinstance(a, Sequenced) and a.block is execution.block for a in answers)
    assert [a.duplicate for a in answers if isinstance(a, Sequenced)] == [False, True, True, True]
    assert len(decode_frame(execution.source.frame).transactions) == 1


def test_old_answers_come_from_disk() -> None:
    desk = Desk()
    order = desk.order()
    desk.submit(order)
    block = desk.block().block
    asked: list[bytes] = []

    def find(tx_hash: bytes) -> Sequenced:
        asked.append(tx_hash)
        return block.outcome(tx_hash, duplicate=True)

    desk.core.recent.clear()
    desk.core.find = find
    [answer] = desk.submit(order)
    assert isinstance(answer, Sequenced)
    assert answer.duplicate
    assert asked == [order.hash]


def test_refusals_before_the_queue_say_why_and_burn_nothing() -> None:
    desk = Desk()
    action = PlaceOrder(0, 0, 0, Price(5_900_000), Lots(100))
    past, future = desk.now - 3 * 3_600_000, desk.now + 120_000
    stranger = desk.world.sign(9, action)
    expired = desk.world.sign(0, action, expires_at=desk.now - 1)
    old = desk.world.sign(0, action, nonce=past << 10)
    ahead = desk.world.sign(0, action, nonce=future << 10)
    answer = desk.submit(stranger, expired, old, ahead)
    assert reasons(answer) == ["SIGNER_UNKNOWN", "EXPIRED", "NONCE_OLD", "NONCE_AHEAD"]
    assert [o.retryable for o in answer if isinstance(o, Refusal)] == [False, False, False, True]
    assert not desk.core.queue
    assert not desk.core.pending


def test_bytes_that_are_no_transaction_are_refused() -> None:
    desk = Desk()
    answer: list[Outcome] = []
    desk.core.offer(b"\x00garbage", b"\x01" * 20, desk.now, Ticket(1, answer.extend), 0)
    assert reasons(answer) == ["MALFORMED"]


def test_the_queue_is_bounded_in_all_and_per_signer() -> None:
    desk = Desk()
    desk.core.limits = Limits(queue_transactions_max=3, signer_transactions_max=2)
    assert desk.submit(desk.order(0), desk.order(0)) == []
    assert reasons(desk.submit(desk.order(0))) == ["SIGNER_BUSY"]
    assert desk.submit(desk.order(1)) == []
    assert reasons(desk.submit(desk.order(1))) == ["QUEUE_FULL"]
    desk.block()
    assert desk.submit(desk.order(0)) == []


def test_a_signer_gets_so_many_per_block_and_the_rest_waits_in_order() -> None:
    desk = Desk(signer_transactions_max=3)
    mine = [desk.order(0, price=5_900_000 + 10 * i) for i in range(5)]
    desk.submit(*mine[:4], desk.order(1), mine[4])
    first = decode_frame(desk.block().source.frame).transactions
    hashes = [t.hash for t in mine]
    assert [t.hash for t in first if t.hash in hashes] == hashes[:3]
    assert len(first) == 4
    second = decode_frame(desk.block().source.frame).transactions
    assert [t.hash for t in second] == hashes[3:]


def test_a_frame_is_never_over_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRAME_BYTES_MAX", 600)
    desk = Desk()
    desk.submit(*(desk.order(i % 2) for i in range(10)))
    sizes = []
    while desk.core.queue:
        sizes.append(len(desk.block().source.frame))
    assert len(sizes) > 1
    assert max(sizes) <= 600


def test_time_only_goes_forward_and_never_past_the_horizon() -> None:
    desk = Desk()
    before = desk.core.cursor.time
    desk.core.horizon = before + 50
    first = desk.core.build(before + 1_000)
    assert first is not None
    assert first.source.time == before + 50
    desk.core.horizon = before + 60
    far = before + 61 + desk.world.rules.receipt_deadline_ms // 2
    assert desk.core.build(far) is None  # L1 would find it late
    desk.core.horizon = before + 50
    assert desk.core.build(before + 2_000) is None
    desk.core.observe(desk.core.inbox_from, [], before + 3_000)
    late = desk.core.build(before - 5)
    assert late is not None
    assert late.source.time == before + 51


def test_inbox_items_are_consumed_in_order_and_once() -> None:
    desk = Desk()
    start = desk.core.inbox_from
    owner = address_of(trader_key(5))
    items = [
        InboxItem(InboxKind.DEPOSIT, owner, 0, Micros(USDC * (i + 1)), Millis(desk.now))
        for i in range(3)
    ]
    desk.core.observe(start, items[:2], FAR)
    desk.core.observe(start + 1, items[1:], FAR)
    assert desk.core.due(desk.now)
    execution = desk.block()
    assert list(execution.source.inbox) == items
    assert execution.source.inbox_from == start
    assert desk.core.inbox_from == start + 3
    assert not desk.block().source.inbox
    with pytest.raises(InvariantBroken, match="are missing"):
        desk.core.observe(start + 5, [], FAR)


def test_a_censor_takes_nothing_and_names_nothing_but_what_is_overdue_happens() -> None:
    desk = Desk()
    owners = [address_of(trader_key(number)) for number in (4, 5, 6)]
    items = [
        InboxItem(InboxKind.DEPOSIT, owner, 0, Micros(USDC), Millis(desk.now)) for owner in owners
    ]
    first = desk.core.inbox_from
    desk.core.observe(first, items, FAR)
    desk.core.censor = Censor(frozenset(owners[1:2]))
    assert desk.core.named_items == 1, "nothing behind an item that is not named"
    desk.block()
    assert desk.core.inbox_from == first + 1
    desk.core.censor = Censor(inbox=True)
    assert desk.core.named_items == 0
    execution = desk.core.build(items[0].time + desk.core.rules.inbox_deadline_ms)
    assert execution is not None
    frame = decode_frame(execution.source.frame)
    assert frame.inbox_until == first + 1, "it names none"
    assert execution.source.inbox == tuple(items[1:])
    assert desk.core.inbox_from == first + 3
    desk.core.censor = Censor(frozenset([address_of(trader_key(0))]))
    answer = desk.submit(desk.order(0), desk.order(1))
    desk.block()
    assert reasons(answer) == ["SIGNER_IGNORED", ""], "no node to wait for, but L1 to go to"


def test_an_idle_chain_makes_a_block_a_second() -> None:
    desk = Desk()
    desk.block()
    assert not desk.core.due(desk.core.cursor.time + 999)
    assert desk.core.due(desk.core.cursor.time + 1_000)


def test_a_block_is_signed_and_every_receipt_has_a_path() -> None:
    desk = Desk()
    answer = desk.submit(*(desk.order(i % 2, price=5_900_000 + 10 * i) for i in range(7)))
    block = desk.block().block
    digest = block_digest(desk.world.rules.chain_id, block.height, block.cursor_hash)
    assert recover(digest, block.signature) == address_of(KEY)
    count = len(block.receipts)
    for outcome in answer:
        assert isinstance(outcome, Sequenced)
        leaf = outcome.receipts[0].leaf()
        path = block.path(outcome.first)
        assert verify_path(block.receipts_root, leaf, outcome.first, count, path)


def test_undo_leads_back_to_the_state_before() -> None:
    desk = Desk()
    before = dict(desk.world.store.values)
    desk.submit(desk.order(0), desk.order(1))
    execution = desk.block()
    desk.world.store.apply(execution.undo)
    assert desk.world.store.values == before


def test_at_the_end_everyone_who_waits_is_told() -> None:
    desk = Desk()
    order = desk.order()
    first, echo = desk.submit(order), desk.submit(order)
    desk.core.refuse_all(Refusal(Reason.SHUTTING_DOWN, "bye"))
    assert reasons([*first, *echo]) == ["SHUTTING_DOWN"] * 2
    assert not desk.core.pending


def test_an_oracle_update_without_news_is_refused_for_it_costs_its_sender_nothing() -> None:
    desk = Desk()
    fresh = desk.world.prices(0, 6_100_000)
    forged = desk.world.prices(0, 6_200_000, publishers=(0,))
    assert desk.submit(fresh) == []
    desk.block()
    answer: list[Outcome] = []
    desk.core.offer(forged.data, address_of(trader_key(3)), desk.now, Ticket(1, answer.extend), 0)
    assert reasons(answer) == ["SIGNATURE_INVALID"]
    stale = desk.submit(desk.world.prices(0, 6_300_000, publishers=(1,)))
    assert reasons(stale) == ["NONCE_OLD"]


def pair(desk: Desk, lots: int) -> list[Transaction]:
    """Return a sale and a purchase of so many lots, at 6 USDC each."""
    return [
        desk.world.sign(trader, PlaceOrder(0, 0, flags, Price(6_000_000), Lots(lots)))
        for trader, flags in ((0, FLAG_SELL), (1, 0))
    ]


def test_the_first_block_after_a_change_is_made_by_the_new_rules() -> None:
    """What is in memory was read by the old ones: a market with one rate for all sizes."""
    desk = Desk()
    before = desk.world.rules
    markets = tuple(
        replace(market, open_interest_lower=1, open_interest_upper=2) for market in before.markets
    )
    after = replace(before, markets=markets)
    desk.submit(*pair(desk, 20_000))
    assert {receipt.name for receipt in desk.block().block.receipts} == {"OK"}
    starts = desk.now + 200
    desk.core.book.learn([RulesVersion(2, starts, after.encode(), 1)])
    assert desk.block().source.time == starts - 100
    assert desk.core.rules == before
    assert desk.block().source.time == starts
    assert desk.core.rules == desk.core.gate.rules == after
    fresh = Sequencer(
        before,
        MemoryStore(desk.world.store.values.items()),
        BlockSigner(KEY, before.chain_id),
        lambda _: None,
        book=desk.core.book,
    )
    assert fresh.rules == after, "by the time of the last block"
    fresh.observe(fresh.inbox_from, [], FAR)
    offers = pair(desk, 1)
    blocks = []
    for core in (desk.core, fresh):
        for transaction in offers:
            signer = recover_signer(desk.world.domain, transaction)
            core.offer(transaction.data, signer, desk.now, Ticket(1, lambda _: None), 0)
        execution = core.build(desk.now + 100)
        assert execution is not None
        blocks.append(execution.block)
    assert blocks[0].cursor.hash == blocks[1].cursor.hash, "nothing in memory decides"
    assert {receipt.name for receipt in blocks[0].receipts} == {"MARGIN"}


def test_no_block_is_made_by_rules_that_are_not_known() -> None:
    desk = Desk()
    starts = desk.now + 200
    desk.core.book.learn([RulesVersion(2, starts, b"\x91\x09", 1)])
    desk.submit(desk.order())
    assert desk.block().source.time < starts
    desk.submit(desk.order())
    with pytest.raises(RulesUnknown, match="upgrade sextant"):
        desk.build()
    assert len(desk.core.queue) == 1, "nothing is lost"
