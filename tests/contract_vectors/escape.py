"""A freeze, and what is shared out after it."""

from dataclasses import replace

from prover.contract.calls import (
    Append,
    AppendEmpty,
    Attest,
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
    JoinAttesters,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    QueueOracle,
    RefundDeposit,
    RegisterPortfolio,
    RegisterWithdrawal,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.withdrawals import sale_of
from prover.equity import ShareKind, committed_sums
from statemachine.keys import withdrawal_key
from tests.contract_vectors.cases import Cases
from tests.escape_worlds import (
    ESCAPE_MS,
    FREEZE_MS,
    FUND,
    INBOX_DEADLINE_MS,
    LEADER,
    LENDER,
    StoppedExchange,
    busy_exchange,
    ledger_proof,
    owner,
    silent,
)
from tests.exchange_vectors.scene import MAKER, OTHER, TRADER
from tests.l1_worlds import PROPOSER, SEQUENCER, USER, output_with

C = ContractCode


def freeze_cases(cases: Cases) -> None:
    """Freeze an exchange, or try to; then ask for what it does no longer."""
    exchange = StoppedExchange(busy_exchange())
    l1 = exchange.l1
    l1.wait(l1.rules.window_ms)
    before: list[Call] = [
        OpenEscape(b""),
        PayEscape(USER),
        RefundDeposit(0),
        RegisterPortfolio(1, 0, b""),
        exchange.share_call(ShareKind.POOL, 1, 0),
        RegisterWithdrawal(0, b""),
    ]
    for call in before:
        cases.call(l1, USER, call, C.NOT_FROZEN)
    cases.call(l1, USER, Freeze(0, b""), C.NOT_NEWEST)
    cases.call(l1, USER, Freeze(exchange.claim, b""), C.FREEZE_EARLY)
    l1.wait(INBOX_DEADLINE_MS + FREEZE_MS)
    cases.call(l1, USER, Freeze(exchange.claim, b""))
    stopped: list[Call] = [
        Append(1, b"\x01\x00\x01"),
        AppendEmpty(1),
        Attest(exchange.claim, b"\x01", bytes(96)),
        BuyWithdrawal(bytes(32), 1),
        CancelOffer(bytes(32)),
        ClaimWithdrawal(exchange.claim, 0, b""),
        Deposit(USER, 0, 5_000_000),
        ForceCancelAll(0),
        ForceClose(0, 1, 0),
        ForcePoke(USER, 0),
        ForceRevoke(USER),
        ForceWithdraw(0, 0),
        Freeze(exchange.claim, b""),
        JoinAttesters(bytes(48), bytes(96), 1),
        OfferWithdrawal(exchange.claim, 0, 1, 1, b""),
        l1.proposal(exchange.claim),
        QueueOracle(1, 0, 1, 1, bytes(65)),
    ]
    for call in stopped:
        cases.call(l1, SEQUENCER if isinstance(call, Append) else USER, call, C.FROZEN)
    for call in before[1:]:
        cases.call(l1, USER, call, C.BOOKS_SHUT)


def backlog_cases(cases: Cases) -> None:
    """Freeze by a claim that is the newest final one only because others are not settled."""
    exchange = StoppedExchange(busy_exchange(), settle_max=1)
    l1 = exchange.l1
    l1.append()
    before = l1.state.claims[exchange.claim].output
    output, trace = output_with(before, exchange.tree.root, len(l1.state.inbox))
    assert exchange.call(propose_output(exchange.claim, output, trace)).ok
    l1.time += INBOX_DEADLINE_MS + FREEZE_MS
    cases.call(l1, USER, Freeze(exchange.claim, b""), C.NOT_NEWEST, "unsettled")


def refund_cases(cases: Cases) -> None:
    """Ask for a deposit that the escrow cannot pay, since a false claim emptied it."""
    exchange = StoppedExchange(busy_exchange())
    exchange.open()
    state = exchange.l1.state
    totals = state.totals
    gone = totals.token_escrowed - 2_999_999
    minted, escrowed = totals.token_minted - gone, totals.token_escrowed - gone
    state.sums.put(replace(totals, token_minted=minted, token_escrowed=escrowed))
    cases.call(exchange.l1, USER, RefundDeposit(exchange.credited), C.ESCROW)


def silence_cases(cases: Cases) -> None:
    """Freeze an exchange that nobody makes blocks for."""
    began = silent(0).l1.state.log[0].time
    exchange, other = silent(began + 1), silent(began)
    l1 = exchange.l1
    l1.wait(l1.rules.window_ms)
    proof = exchange.proof(lambda state: state.cursor)
    foreign = other.proof(lambda state: state.cursor)
    blind = ledger_proof(exchange)
    cases.call(l1, USER, Freeze(exchange.claim, foreign), C.FREEZE_PROOF)
    cases.call(l1, USER, Freeze(exchange.claim, b"junk"), C.FREEZE_PROOF, "junk")
    cases.call(l1, USER, Freeze(exchange.claim, blind), C.FREEZE_PROOF, "blind")
    cases.call(l1, USER, Freeze(exchange.claim, proof), C.FREEZE_EARLY, "silence")
    l1.time = began + l1.rules.liveness_ms_max + FREEZE_MS
    cases.call(l1, USER, Freeze(exchange.claim, proof), word="silence")


def opening_cases(cases: Cases) -> None:
    """Open the books."""
    exchange = StoppedExchange(busy_exchange())
    l1 = exchange.l1
    l1.append()
    l1.wait(INBOX_DEADLINE_MS + FREEZE_MS)
    pending = l1.propose(exchange.claim, lie=1)
    assert l1.call(USER, Freeze(exchange.claim, b"")).ok
    sums = exchange.proof(lambda state: list(committed_sums(state)))
    cases.call(l1, USER, OpenEscape(sums), C.CLAIMS_PENDING)
    assert l1.convict(pending).ok
    blind = ledger_proof(exchange)
    cases.call(l1, USER, OpenEscape(b"junk"), C.STATE_PROOF, "junk")
    cases.call(l1, USER, OpenEscape(blind), C.STATE_PROOF)
    cases.call(l1, USER, OpenEscape(sums))
    cases.call(l1, USER, OpenEscape(sums), C.BOOKS_OPEN)


def register_cases(cases: Cases) -> None:
    """Register what is owed to somebody, and by somebody."""
    exchange = StoppedExchange(busy_exchange())
    world, l1 = exchange.world, exchange.l1
    trader, lender, other = (world.account(who) for who in (TRADER, LENDER, OTHER))
    leader = world.account(LEADER)
    exchange.open()
    whole = exchange.portfolio_call(trader)
    shares = {
        "vault": exchange.share_call(ShareKind.VAULT, other, 0),
        "fund": exchange.share_call(ShareKind.FUND, other, leader << 8 | FUND),
        "": exchange.share_call(ShareKind.POOL, lender, 0),
    }
    unpaid = exchange.withdrawal_call(0)
    part = exchange.proof(lambda state: state.portfolio(trader << 8))
    cases.call(l1, USER, replace(whole, proof=part), C.STATE_PROOF)
    cases.call(l1, USER, replace(whole, proof=b"junk"), C.STATE_PROOF, "junk")
    cases.call(l1, USER, replace(shares[""], proof=part), C.STATE_PROOF)
    cases.call(l1, USER, replace(unpaid, proof=part), C.STATE_PROOF)
    cases.call(l1, USER, exchange.portfolio_call(other, 7), C.NO_CLAIM)
    cases.call(l1, USER, exchange.portfolio_call(0), C.NO_CLAIM, "vault")
    cases.call(l1, USER, exchange.portfolio_call(leader, FUND), C.NO_CLAIM, "fund")
    cases.call(l1, USER, exchange.share_call(ShareKind.POOL, other, 0), C.NO_CLAIM)
    cases.call(l1, USER, exchange.withdrawal_call(77), C.NO_CLAIM)
    cases.call(l1, USER, exchange.portfolio_call(trader, 1))
    cases.call(l1, USER, whole, word="debt")
    cases.call(l1, USER, whole, C.REGISTERED)
    for word, call in shares.items():
        cases.call(l1, USER, call, word=word)
        cases.call(l1, USER, call, C.REGISTERED, word)
    cases.call(l1, USER, unpaid)
    cases.call(l1, USER, unpaid, C.WITHDRAWAL_PAID)
    late = exchange.portfolio_call(lender)
    cases.call(l1, USER, PayEscape(owner(LENDER)), C.WINDOW_OPEN)
    l1.wait(ESCAPE_MS)
    cases.call(l1, USER, late, C.WINDOW_OVER)
    cases.call(l1, USER, replace(shares[""], account=other), C.WINDOW_OVER)
    cases.call(l1, USER, replace(unpaid, index=1), C.WINDOW_OVER)


def paying_cases(cases: Cases) -> None:
    """Pay what was registered, and give back what never arrived."""
    exchange = StoppedExchange(busy_exchange())
    l1, late = exchange.l1, exchange.credited
    leaf = exchange.tree.get(withdrawal_key(0)) or b""
    proof = exchange.withdrawal_call(0).proof
    offer = OfferWithdrawal(exchange.claim, 0, 9_000, l1.time + 10**9, proof)
    assert l1.call(owner(LENDER), offer).ok
    assert l1.call(PROPOSER, BuyWithdrawal(sale_of(0, leaf), 9_000)).ok
    exchange.open()
    cases.call(l1, USER, exchange.withdrawal_call(0), word="sold")
    for call in exchange.claims():
        if not isinstance(call, RegisterWithdrawal):
            assert l1.call(USER, call).ok
    cases.call(l1, USER, RefundDeposit(late - 1), C.DEPOSIT_CREDITED)
    cases.call(l1, USER, RefundDeposit(late + 1), C.DEPOSIT_CREDITED, "unknown")
    cases.call(l1, USER, RefundDeposit(late))
    cases.call(l1, USER, RefundDeposit(late), C.PAID_OUT)
    l1.wait(ESCAPE_MS)
    cases.call(l1, USER, PayEscape(owner(OTHER)[1:]), C.FIELD_LENGTH)
    cases.call(l1, USER, PayEscape(owner(OTHER)))
    cases.call(l1, USER, PayEscape(owner(OTHER)), C.PAID_OUT)
    cases.call(l1, USER, PayEscape(owner(MAKER)), word="next")
    cases.call(l1, USER, PayEscape(PROPOSER), word="buyer")
    cases.call(l1, USER, PayEscape(owner(TRADER)), C.NO_CLAIM)
    cases.call(l1, USER, PayEscape(USER), C.NO_CLAIM, "stranger")


def add_cases(cases: Cases) -> None:
    """Add all of them."""
    freeze_cases(cases)
    backlog_cases(cases)
    refund_cases(cases)
    silence_cases(cases)
    opening_cases(cases)
    register_cases(cases)
    paying_cases(cases)
