"""Who wants more than his share of what a frozen exchange holds, or of a sold withdrawal."""

from dataclasses import replace

from prover.contract.calls import (
    BuyWithdrawal,
    ClaimWithdrawal,
    Deposit,
    ForceWithdraw,
    Freeze,
    OfferWithdrawal,
    PayEscape,
    RefundDeposit,
    RegisterWithdrawal,
)
from prover.equity import worth_of_withdrawal
from statemachine.actions import Withdraw
from statemachine.state import State
from statemachine.units import Micros
from tests.adversaries.actors.disputes import traded
from tests.adversaries.actors.exits import (
    PRICE,
    buy,
    freeze,
    ignored,
    left,
    open_books,
    owner,
    pay_all,
    registration,
    shown,
)
from tests.adversaries.actors.vouchers import attest
from tests.adversaries.actors.vows import vouched
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import (
    ESCAPE_MS,
    FOURTH,
    FREEZE_MS,
    LIAR,
    MAKER,
    OTHER,
    RICH,
    SAVED,
    SAVER,
    WINDOW_MS,
    Land,
)
from tests.simulation.test_challenger import BOND, PROPOSER


def frozen(land: Land | None = None) -> Land:
    """Return a land that ignored the saver, and is frozen."""
    land = land or traded()
    ignored(land)
    assert land.send(LIAR, freeze(land)).ok
    return land


@adversary("deposit into a frozen exchange", "6", "refused FROZEN")
def late_deposit() -> Outcome:
    """Bring money after the freeze, to be among those who share out what there is."""
    land = frozen()
    land.chain.contract.mint(LIAR, 0, RICH)
    receipt = land.send(LIAR, Deposit(LIAR, 0, RICH))
    open_books(land)
    pay_all(land)
    return land.outcome(f"refused {receipt.code.name}")


@adversary("credited deposit asked back", "6", "refused DEPOSIT_CREDITED")
def credited_deposit() -> Outcome:
    """Ask for a deposit back that the last state counts, and be paid for the portfolio too."""
    land = frozen()
    open_books(land)
    receipt = land.send(owner(MAKER), RefundDeposit(0))
    pay_all(land)
    assert land.tokens(MAKER) <= RICH
    return land.outcome(f"refused {receipt.code.name}")


@adversary("registration after the window", "6", "refused WINDOW_OVER")
def late_registration() -> Outcome:
    """Wait until the first owners are paid, and only then register what one has."""
    land = frozen()
    open_books(land)
    pay_all(land)
    account = land.desk.account(MAKER)
    call = registration(land, account, 0)
    assert land.send(LIAR, PayEscape(owner(MAKER))).code.name == "PAID_OUT"
    return land.outcome(f"refused {land.send(LIAR, call).code.name}")


@adversary("escape paid twice", "6", "refused PAID_OUT")
def paid_twice() -> Outcome:
    """Ask for one's share a second time."""
    land = frozen()
    open_books(land)
    pay_all(land)
    before = land.tokens(MAKER)
    receipt = land.send(owner(MAKER), PayEscape(owner(MAKER)))
    assert land.tokens(MAKER) == before
    return land.outcome(f"refused {receipt.code.name}")


@adversary("freeze by an older claim", "6", "refused NOT_NEWEST")
def older_claim() -> Outcome:
    """Freeze by a final claim that left an item waiting which a later one took."""
    land = traded()
    land.claim_honestly()
    land.chain.mine(3, WINDOW_MS)
    older = land.chain.contract.state.newest_final
    assert land.send(owner(SAVER), ForceWithdraw(0, SAVED)).ok
    land.post([])
    land.claim_honestly()
    land.chain.mine(3, (WINDOW_MS + land.rules.inbox_deadline_ms + FREEZE_MS) // 2)
    receipt = land.send(LIAR, Freeze(older, b""))
    land.post([])
    last = land.claim_honestly()
    land.chain.mine(3, WINDOW_MS)
    proof = shown(land, lambda state: worth_of_withdrawal(state, 0))
    assert land.send(LIAR, ClaimWithdrawal(last, 0, proof)).ok
    return land.outcome(f"refused {receipt.code.name}")


def unpaid() -> tuple[Land, RegisterWithdrawal]:
    """Return a frozen land with a withdrawal that was sold and never paid."""
    land, offer = left()
    assert land.send(owner(OTHER), offer).ok
    assert buy(land).ok
    frozen(land)
    open_books(land)
    return land, RegisterWithdrawal(0, offer_proof(land))


def offer_proof(land: Land) -> bytes:
    """Return what shows the only withdrawal in the last state."""

    def read(state: State) -> object:
        return worth_of_withdrawal(state, 0)

    return shown(land, read)


@adversary("withdrawal sold, then registered", "6", "the buyer is owed")
def sold_and_registered() -> Outcome:
    """Sell a withdrawal, and register it for oneself once the exchange is frozen."""
    land, call = unpaid()
    assert land.send(owner(OTHER), call).ok
    owed = land.chain.contract.state.owed
    buyer = owed[owner(FOURTH)].net == RICH and owner(OTHER) not in owed
    pay_all(land)
    paid = (land.tokens(OTHER), land.tokens(FOURTH)) == (PRICE, RICH - PRICE + RICH)
    return land.outcome("the buyer is owed" if buyer and paid else "the seller is owed")


@adversary("withdrawal claimed after the escape", "6", "refused FROZEN WITHDRAWAL_PAID")
def claimed_after_escape() -> Outcome:
    """Be paid for a withdrawal by the escape, and then by the normal road as well."""
    land, call = unpaid()
    assert land.send(owner(OTHER), call).ok
    again = land.send(owner(FOURTH), call)
    pay_all(land)
    newest = land.chain.contract.state.newest_final
    normal = land.send(owner(FOURTH), ClaimWithdrawal(newest, 0, call.proof))
    land.chain.mine(1, ESCAPE_MS)
    return land.outcome(f"refused {normal.code.name} {again.code.name}")


@adversary("price raised under the buyer", "7", "refused PRICE_MAX")
def price_raised() -> Outcome:
    """Offer a withdrawal again for all that the buyer holds, just before he buys."""
    land, offer = left()
    assert land.send(owner(OTHER), offer).ok
    dearer = replace(offer, price=PRICE + 1)
    assert land.send(owner(OTHER), dearer).ok
    receipt = buy(land)
    assert land.tokens(FOURTH) == RICH
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


@adversary("withdrawal claimed, then sold", "7", "refused WITHDRAWAL_PAID")
def claimed_and_sold() -> Outcome:
    """Leave an offer standing, be paid, and let somebody buy what is paid already."""
    land, offer = left()
    assert land.send(owner(OTHER), offer).ok
    land.close()
    assert land.send(owner(OTHER), ClaimWithdrawal(offer.claim, 0, offer.proof)).ok
    receipt = buy(land)
    assert land.tokens(FOURTH) == RICH
    return land.outcome(f"refused {receipt.code.name}")


@adversary("withdrawal paid ahead, then sold", "7", "refused PAID_AHEAD")
def ahead_and_sold() -> Outcome:
    """Be paid before the claim is final, and sell what is still to come."""
    land, bls, room = vouched()
    del room
    land.deposit(OTHER, SAVED)
    land.post([])
    land.post([land.desk.sign(OTHER, Withdraw(0, Micros(SAVED)))])
    land.chain.contract.mint(owner(FOURTH), BOND, RICH)
    claim = land.claim_honestly()
    proof = shown(land, lambda state: worth_of_withdrawal(state, 0))
    attest(land, bls, claim)
    offer = OfferWithdrawal(claim, 0, PRICE, land.chain.time + 10 * WINDOW_MS, proof)
    assert land.send(owner(OTHER), offer).ok
    assert land.send(PROPOSER, ClaimWithdrawal(claim, 0, proof)).ok
    [sale] = [name for name, _ in land.chain.contract.state.sales.items()]
    receipt = land.send(owner(FOURTH), BuyWithdrawal(sale, PRICE))
    land.close()
    return land.outcome(f"refused {receipt.code.name}")
