"""Who stands between users and their money: a dead operator, debtors, sellers, false proofs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from prover.contract.calls import (
    BuyWithdrawal,
    Call,
    ClaimWithdrawal,
    ForceWithdraw,
    Freeze,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    RegisterPortfolio,
    RegisterWithdrawal,
)
from prover.contract.records import ClaimStatus
from prover.equity import committed_sums, worth_of_portfolio, worth_of_withdrawal
from prover.l1 import CallReceipt
from statemachine.actions import Withdraw
from statemachine.identity.signing import address_of
from statemachine.keys import TABLE_PORTFOLIO, TABLE_WITHDRAWAL, withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import encode_withdrawal
from statemachine.state import State
from statemachine.units import Micros
from tests.adversaries.actors.disputes import richer, traded
from tests.adversaries.actors.forgeries import BUY, LARGE, POOR
from tests.adversaries.forgery import cheat
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import (
    ESCAPE_MS,
    FOURTH,
    FREEZE_MS,
    LIAR,
    MAKER,
    MID,
    OTHER,
    RICH,
    SAVED,
    SAVER,
    SELL,
    TAKER,
    WINDOW_MS,
    Land,
)
from tests.simulation.test_challenger import BOND, PROPOSER
from tests.worlds import USDC, trader_key

SECOND = 5_000 * USDC
PRICE = RICH - 10 * USDC


def owner(trader: int) -> bytes:
    """Return a trader's address."""
    return address_of(trader_key(trader))


def shown(land: Land, read: Callable[[State], object], tree: Tree | None = None) -> bytes:
    """Return the proof of all that ``read`` reads in the last state, or in that of ``tree``."""
    recording = RecordingTree(tree or land.honest.tree)
    read(State(recording, land.rules))
    return recording.witness({})


# The escape


def ignored(land: Land) -> None:
    """Let the saver ask L1 for his money, and let nobody listen until a freeze is near."""
    assert land.send(owner(SAVER), ForceWithdraw(0, SAVED)).ok
    land.claim_honestly()
    land.chain.mine(2, (land.rules.inbox_deadline_ms + FREEZE_MS) // 2)


def freeze(land: Land) -> Call:
    """Return the call that freezes by the newest final claim."""
    return Freeze(land.chain.contract.state.newest_final, b"")


def registrations(land: Land) -> Iterator[Call]:
    """Yield a call for everything that the last state owes to anybody, or is owed."""
    for key in dict(land.honest.tree.items()):
        if key[0] == TABLE_PORTFOLIO:
            yield registration(land, int.from_bytes(key[1:5], "big"), key[5])
        elif key[0] == TABLE_WITHDRAWAL:
            index = int.from_bytes(key[1:9], "big")
            yield RegisterWithdrawal(index, shown(land, partial(worth_of_withdrawal, index=index)))


def registration(land: Land, account: int, sub: int) -> RegisterPortfolio:
    """Return the call that registers a portfolio."""
    proof = shown(land, lambda state: worth_of_portfolio(state, account, sub))
    return RegisterPortfolio(account, sub, proof)


def open_books(land: Land) -> None:
    """Let what is pending be decided, and open the books."""
    land.chain.mine(3, WINDOW_MS)
    assert land.send(PROPOSER, OpenEscape(shown(land, lambda s: list(committed_sums(s))))).ok


def pay_all(land: Land) -> None:
    """Let everybody register everything, then shut the books and pay everybody."""
    for call in registrations(land):
        land.chain.execute(PROPOSER, call, 0)
    land.chain.mine(1, ESCAPE_MS)
    for address in land.chain.contract.state.owed:
        land.send(PROPOSER, PayEscape(address))


def is_everybody_paid(land: Land) -> bool:
    """Return whether the two who traded have all their money, but for fees."""
    paid = land.tokens(MAKER) + land.tokens(TAKER)
    return 2 * RICH - USDC < paid <= 2 * RICH


@adversary("silent operator", "6", "frozen, everybody paid")
def silent_operator() -> Outcome:
    """Stop everything: no batch, no claim, no answer to what waits in the inbox."""
    land = traded()
    ignored(land)
    frozen = land.send(LIAR, freeze(land))
    open_books(land)
    pay_all(land)
    told = "everybody paid" if is_everybody_paid(land) else "paid something else"
    return land.outcome(f"{'frozen' if frozen.ok else frozen.code.name}, {told}")


@adversary("freeze out of spite", "6", "refused FREEZE_EARLY")
def early_freeze() -> Outcome:
    """Freeze an exchange that has done what it must."""
    land = traded()
    land.claim_honestly()
    land.chain.mine(3, WINDOW_MS)
    receipt = land.send(LIAR, freeze(land))
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


@adversary("sequencer of junk", "6", "frozen, everybody paid")
def junk_operator() -> Outcome:
    """Post bytes that are no frame, again and again, so that the log does not look silent."""
    land = traded()
    silence = land.deployment.liveness_ms_max + FREEZE_MS
    for _ in range(8):
        land.chain.mine(1, silence // 8)
        land.desk.now = land.chain.time
        land.post_bytes(b"\x01\x00\x01junk")
        land.claim_honestly()
    land.chain.mine(9, WINDOW_MS)
    newest = land.chain.contract.state.newest_final
    frozen = land.send(LIAR, Freeze(newest, shown(land, lambda state: state.cursor)))
    open_books(land)
    pay_all(land)
    told = "everybody paid" if is_everybody_paid(land) else "paid something else"
    return land.outcome(f"{'frozen' if frozen.ok else frozen.code.name}, {told}")


@adversary("freeze mid-dispute", "6", "SEGMENT convicted")
def freeze_mid_dispute() -> Outcome:
    """Claim something wrong, and freeze the exchange before the fault is proved."""
    land = traded()
    ignored(land)
    derived = land.post([land.order(MAKER, SELL, 1)])
    parent = land.claim_honestly(derived.facts.index)
    forged = richer(land, derived, RICH)
    wrong = land.lie(forged, parent)
    land.claim_honestly()
    post = land.fight(rounds=1)
    land.chain.mine(1, land.rules.inbox_deadline_ms)
    assert land.send(LIAR, freeze(land)).ok
    assert land.status_of(wrong) is ClaimStatus.PENDING
    land.fight(post)
    verdict = land.verdict_on(wrong)
    open_books(land)
    pay_all(land)
    return land.outcome(verdict, convicted=land.status_of(wrong) is ClaimStatus.CONVICTED)


def indebted(*, second: int) -> Land:
    """Return a frozen land in which the taker lost more than he had in one sub-account."""
    land = Land(grace_ms=0, grace_updates_min=0)
    for trader in (MAKER, OTHER, FOURTH):
        land.deposit(trader)
    land.deposit(TAKER, POOR)
    if second:
        land.deposit(TAKER, second, sub=1)
    land.deposit(SAVER, SAVED)
    land.post(land.quotes())
    land.post([land.order(MAKER, SELL, LARGE)], [land.order(TAKER, BUY, LARGE)])
    land.post(land.quotes(MID - 450_000), [])
    ignored(land)
    assert land.send(LIAR, freeze(land)).ok
    open_books(land)
    account = land.desk.account(TAKER)
    worth = worth_of_portfolio(State(land.honest.tree, land.rules), account, 0)
    assert worth is not None
    assert worth.micros < 0
    return land


@adversary("escape with an insolvent account", "6", "paid net of his debt")
def insolvent_account() -> Outcome:
    """Register the account that is worth something, and keep quiet about the one that owes."""
    land = indebted(second=SECOND)
    account = land.desk.account(TAKER)
    worth = worth_of_portfolio(State(land.honest.tree, land.rules), account, 0)
    assert worth is not None
    assert land.send(owner(TAKER), registration(land, account, 1)).ok
    pay_all(land)
    exact = land.tokens(TAKER) == SECOND + worth.micros
    return land.outcome("paid net of his debt" if exact else "paid more than his own")


@adversary("escape with a debt nobody can pay", "6", "the loss is shared alike")
def unpayable_debt() -> Outcome:
    """Leave behind more debt than one has."""
    land = indebted(second=0)
    pay_all(land)
    books = land.chain.contract.state.books.record
    assert books is not None
    assert books.held < books.claims, "there is less than what is owed"
    owed = land.chain.contract.state.owed
    alike = all(
        land.tokens(trader) == owed[owner(trader)].net * books.held // books.claims
        for trader in (MAKER, OTHER, FOURTH, SAVER)
    )
    outcome = land.outcome("the loss is shared alike" if alike else "shared unfairly")
    share = land.tokens(SAVER) == SAVED * books.held // books.claims
    return replace(outcome, honest_whole=share and land.tokens(TAKER) == 0)


@adversary("escape registered twice", "6", "refused REGISTERED")
def registered_twice() -> Outcome:
    """Register one portfolio twice, to be paid twice."""
    land = traded()
    ignored(land)
    assert land.send(LIAR, freeze(land)).ok
    open_books(land)
    call = registration(land, land.desk.account(MAKER), 0)
    assert land.send(owner(MAKER), call).ok
    receipt = land.send(owner(MAKER), call)
    pay_all(land)
    assert land.tokens(MAKER) <= RICH
    return land.outcome(f"refused {receipt.code.name}")


@adversary("escape from a false state", "6", "refused STATE_PROOF")
def false_escape() -> Outcome:
    """Prove riches in the state of a claim that is dead."""
    land = traded()
    ignored(land)
    forged = richer(land, land.derived[-1], RICH)
    assert land.send(LIAR, freeze(land)).ok
    open_books(land)
    account = land.desk.account(MAKER)
    proof = shown(land, lambda state: worth_of_portfolio(state, account, 0), forged.tree)
    receipt = land.send(owner(MAKER), RegisterPortfolio(account, 0, proof))
    pay_all(land)
    return land.outcome(f"refused {receipt.code.name}")


# Sold withdrawals


def left() -> tuple[Land, OfferWithdrawal]:
    """Return a land in which somebody has withdrawn all, and the call that offers it."""
    land = traded()
    land.deposit(OTHER)
    land.post([])
    land.post([land.desk.sign(OTHER, Withdraw(0, Micros(RICH)))])
    land.chain.contract.mint(owner(FOURTH), BOND, RICH)
    claim = land.claim_honestly()
    proof = shown(land, lambda state: state.blob(withdrawal_key(0)))
    return land, OfferWithdrawal(claim, 0, PRICE, land.chain.time + 10 * WINDOW_MS, proof)


def buy(land: Land) -> CallReceipt:
    """Let somebody with money buy the only withdrawal that is offered."""
    [sale] = [name for name, _ in land.chain.contract.state.sales.items()]
    return land.send(owner(FOURTH), BuyWithdrawal(sale, PRICE))


@adversary("withdrawal sold, then claimed", "7", "the buyer is paid")
def sold_and_claimed() -> Outcome:
    """Sell a withdrawal, and claim it once its claim is final."""
    land, offer = left()
    assert land.send(owner(OTHER), offer).ok
    assert buy(land).ok
    land.close()
    claim = ClaimWithdrawal(offer.claim, 0, offer.proof)
    assert land.send(owner(OTHER), claim).ok
    sold, bought = land.tokens(OTHER), land.tokens(FOURTH)
    paid = (sold, bought) == (PRICE, RICH - PRICE + RICH)
    return land.outcome("the buyer is paid" if paid else "the seller is paid")


@adversary("withdrawal sold twice", "7", "refused SOLD")
def sold_twice() -> Outcome:
    """Offer a withdrawal again that is sold."""
    land, offer = left()
    assert land.send(owner(OTHER), offer).ok
    assert buy(land).ok
    receipt = land.send(owner(OTHER), offer)
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


@adversary("withdrawal of somebody else sold", "7", "refused NOT_OWNER")
def sold_by_stranger() -> Outcome:
    """Offer somebody else's withdrawal."""
    land, offer = left()
    receipt = land.send(LIAR, offer)
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


@adversary("invented withdrawal sold", "7", "refused CLAIM_DEAD")
def invented_sale() -> Outcome:
    """Offer a withdrawal that only a wrong claim knows; its buyer waits for the verdict."""
    land = traded()
    derived = land.derived[-1]
    land.chain.contract.mint(owner(FOURTH), BOND, RICH)
    land.chain.contract.mint(owner(OTHER), BOND, 0)

    def invent(after: State, before: State) -> None:
        del before
        leaf = encode_withdrawal(owner(OTHER), RICH, derived.facts.time)
        after.add_blob(withdrawal_key(0), leaf)

    forged = cheat(land.rules, derived, 1, invent)
    wrong = land.lie(forged, land.claim_honestly(derived.facts.index))
    proof = shown(land, lambda state: state.blob(withdrawal_key(0)), forged.tree)
    offer = OfferWithdrawal(wrong, 0, PRICE, land.chain.time + WINDOW_MS, proof)
    assert land.send(owner(OTHER), offer).ok
    land.fight()
    receipt = buy(land)
    land.close()
    convicted = land.status_of(wrong) is ClaimStatus.CONVICTED
    return land.outcome(f"refused {receipt.code.name}", convicted=convicted)
