"""Freezing: when it may be done, and what it stops."""

from dataclasses import replace
from functools import partial

from prover.contract.calls import (
    CALLS,
    Append,
    AppendEmpty,
    BuyWithdrawal,
    Call,
    CancelOffer,
    ClaimWithdrawal,
    Deposit,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    Freeze,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    QueueOracle,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.freeze import KEPT_BY_FREEZE, STOPPED_BY_FREEZE
from prover.durations import tell_time
from prover.outputs import genesis_output
from tests.escape_worlds import (
    FREEZE_MS,
    INBOX_DEADLINE_MS,
    StoppedExchange,
    busy_exchange,
    ledger_proof,
    silent,
    stopped,
)
from tests.l1_worlds import (
    GENESIS_MS,
    PROPOSER,
    SEQUENCER,
    USER,
    L1World,
    Row,
    output_with,
    refused_in_order,
)

C = ContractCode


def answer(row: tuple[bytes, Call], _: L1World) -> tuple[bytes, Call]:
    return row


def test_every_call_is_stopped_by_a_freeze_or_kept() -> None:
    assert set(CALLS.values()) == STOPPED_BY_FREEZE | KEPT_BY_FREEZE
    assert not STOPPED_BY_FREEZE & KEPT_BY_FREEZE


def test_a_freeze_waits_until_an_item_has_waited() -> None:
    exchange = stopped()
    rules = exchange.l1.rules
    exchange.l1.wait(rules.window_ms)
    due = exchange.l1.state.inbox[exchange.credited].item.time + INBOX_DEADLINE_MS
    rows: list[Row] = [
        (C.NOT_NEWEST, lambda _: (USER, Freeze(0, b""))),
        (C.FREEZE_EARLY, lambda _: (USER, Freeze(exchange.claim, b""))),
        (C.NOT_FROZEN, lambda _: (USER, OpenEscape(b""))),
        (C.NOT_FROZEN, lambda _: (USER, PayEscape(USER))),
    ]
    refused_in_order(exchange.l1, rows)
    exchange.l1.time = due + FREEZE_MS - 91_000
    early = exchange.call(Freeze(exchange.claim, b"")).message
    assert early.endswith(
        f"permits a freeze only from {tell_time(due + FREEZE_MS)} (in 1 min 30 s) on"
    )
    exchange.l1.time = due + FREEZE_MS - 1_001
    assert exchange.call(Freeze(exchange.claim, b"")).code is C.FREEZE_EARLY
    assert exchange.call(Freeze(exchange.claim, b"")).ok
    assert exchange.call(Freeze(exchange.claim, b"")).code is C.FROZEN


def test_an_exchange_that_consumed_its_inbox_cannot_be_frozen() -> None:
    exchange = StoppedExchange(busy_exchange(), late=0)
    exchange.l1.wait(100 * FREEZE_MS)
    assert exchange.call(Freeze(exchange.claim, b"")).code is C.FREEZE_EARLY
    idle = L1World()
    idle.wait(100 * 86_400_000)
    assert idle.call(USER, Freeze(0, b"")).code is C.FREEZE_EARLY


def test_a_frozen_exchange_takes_nothing_and_pays_nothing() -> None:
    exchange = stopped()
    exchange.freeze()
    refused: list[tuple[bytes, Call]] = [
        (SEQUENCER, Append(1, b"\x01\x00\x01")),
        (USER, AppendEmpty(1)),
        (USER, Deposit(USER, 0, 5_000_000)),
        (USER, ForceWithdraw(0, 0)),
        (USER, ForceCancelAll(0)),
        (USER, ForceClose(0, 1, 0)),
        (USER, ForceRevoke(USER)),
        (USER, ForcePoke(USER, 0)),
        (USER, QueueOracle(1, 0, 1, 1, bytes(65))),
        (USER, ClaimWithdrawal(exchange.claim, 0, b"")),
        (USER, OfferWithdrawal(exchange.claim, 0, 1, 1, b"")),
        (USER, BuyWithdrawal(bytes(32), 1)),
        (USER, CancelOffer(bytes(32))),
        (PROPOSER, exchange.l1.proposal(exchange.claim)),
    ]
    assert {type(call) for _, call in refused} < STOPPED_BY_FREEZE
    for row in refused:
        refused_in_order(exchange.l1, [(C.FROZEN, partial(answer, row))])


def test_claims_that_were_pending_run_out_their_windows() -> None:
    """The last that survives counts: a false one that was pending is disputed to the end."""
    exchange = stopped()
    l1 = exchange.l1
    l1.append()
    l1.wait(INBOX_DEADLINE_MS + FREEZE_MS)
    right = l1.propose(exchange.claim)
    wrong = l1.propose(exchange.claim, lie=1)
    assert exchange.call(Freeze(exchange.claim, b"")).ok
    assert exchange.call(OpenEscape(b"")).code is C.CLAIMS_PENDING
    assert l1.convict(wrong).ok
    l1.wait(l1.rules.window_ms)
    assert l1.state.newest_final == right
    assert exchange.call(OpenEscape(b"")).code is C.STATE_PROOF


def test_an_exchange_without_a_sequencer_can_be_frozen() -> None:
    framed_at = silent(0).l1.state.log[0].time + 1
    exchange = silent(framed_at)
    rules = exchange.l1.rules
    exchange.l1.wait(rules.window_ms)
    proof = exchange.proof(lambda state: state.cursor)
    foreign = silent(GENESIS_MS).proof(lambda state: state.cursor)
    refused_in_order(
        exchange.l1,
        [
            (C.NOT_NEWEST, lambda _: (USER, Freeze(0, proof))),
            (C.FREEZE_PROOF, lambda _: (USER, Freeze(exchange.claim, b"junk"))),
            (
                C.FREEZE_PROOF,
                lambda _: (USER, Freeze(exchange.claim, foreign)),
            ),
            (C.FREEZE_PROOF, lambda _: (USER, Freeze(exchange.claim, ledger_proof(exchange)))),
            (C.FREEZE_EARLY, lambda _: (USER, Freeze(exchange.claim, b""))),
            (C.FREEZE_EARLY, lambda _: (USER, Freeze(exchange.claim, proof))),
        ],
    )
    freeze_exactly_at(exchange, proof, framed_at + rules.liveness_ms_max + FREEZE_MS)


def test_silence_counts_from_the_first_entry_whenever_genesis_was() -> None:
    exchange = silent(0)
    rules = exchange.l1.rules
    exchange.l1.wait(rules.window_ms)
    proof = exchange.proof(lambda state: state.cursor)
    began = exchange.l1.state.log[0].time
    freeze_exactly_at(exchange, proof, began + rules.liveness_ms_max + FREEZE_MS)


def test_an_exchange_that_has_not_begun_is_not_silent() -> None:
    exchange = silent(0)
    rules = exchange.l1.rules
    genesis = genesis_output(rules.rules.chain_id, rules.rules.hash, exchange.tree.root)
    l1 = L1World(replace(rules, genesis=genesis))
    l1.time += 10 * (rules.liveness_ms_max + FREEZE_MS)
    early = l1.call(USER, Freeze(0, exchange.proof(lambda state: state.cursor)))
    assert early.code is C.FREEZE_EARLY
    assert "never began" in early.message


def freeze_exactly_at(exchange: StoppedExchange, proof: bytes, time: int) -> None:
    """Freeze by silence, which a millisecond before ``time`` is too early."""
    # A call's block is a second after the last.
    exchange.l1.time = time - 1_001
    assert exchange.call(Freeze(exchange.claim, proof)).code is C.FREEZE_EARLY
    exchange.l1.time = time - 1_000
    made = exchange.call(Freeze(exchange.claim, proof))
    assert (made.ok, made.value) == (True, 2)


def test_claims_whose_windows_are_over_are_decided_before_a_freeze() -> None:
    """One call settles few: by the newest of those an item may seem to wait that does not."""
    exchange = StoppedExchange(busy_exchange(), settle_max=1)
    l1 = exchange.l1
    l1.append()
    before = l1.state.claims[exchange.claim].output
    output, trace = output_with(before, exchange.tree.root, len(l1.state.inbox))
    assert exchange.call(propose_output(exchange.claim, output, trace)).ok
    l1.time += INBOX_DEADLINE_MS + FREEZE_MS + 60_000
    assert l1.state.newest_final == 0
    refused = exchange.call(Freeze(exchange.claim, b""))
    assert (refused.code, l1.state.newest_final) == (C.NOT_NEWEST, exchange.claim)
    assert exchange.call(Freeze(l1.state.newest_final, b"")).code is C.NOT_NEWEST
    assert exchange.call(Freeze(l1.state.newest_final, b"")).code is C.FREEZE_EARLY
