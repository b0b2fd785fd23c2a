"""Claims of states that could have been: each lies in one place, and is honest elsewhere."""

from dataclasses import replace
from hashlib import sha256

from prover.entry import parse_entry
from statemachine.actions import Action, ApproveAgent, Cancel, Kind, Poke, Withdraw
from statemachine.identity.nonces import bucket_of
from statemachine.identity.signing import address_of
from statemachine.keys import rank_key, withdrawal_key
from statemachine.records import PORTFOLIO_LIQUIDATING
from statemachine.risk.ranks import NO_RANK
from statemachine.state import State
from statemachine.units import Micros, Millis
from tests.adversaries.forgery import cheat, distort, execute, impersonate, misrule
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import (
    FOURTH,
    MAKER,
    MID,
    OTHER,
    RICH,
    SAVED,
    SAVER,
    SELL,
    TAKER,
    Land,
    convict,
)
from tests.models.auditor import audit
from tests.worlds import USDC, trader_key

TICK = 10
NAME = b"first".ljust(16)
HOUR_MS = 3_600_000
BUY = 0
POOR = 1_000 * USDC
LARGE = 3_000
"""Lots that are worth eighteen times what the poor have."""


def dealt() -> Land:
    """Return a land in which the taker just bought 10 lots, a tick better than he asked for."""
    land = Land()
    land.open(MAKER, TAKER, OTHER)
    offer = land.order(MAKER, SELL, 10, MID - TICK)
    land.post([offer], [land.order(TAKER, BUY, 10)])
    return land


@adversary("swapped order", "4", "SEGMENT convicted")
def swapped_order() -> Outcome:
    """Execute two offers in the other order, so that another maker is filled."""
    land = Land()
    land.open(MAKER, TAKER, OTHER)
    offers = [land.order(MAKER, SELL, 10), land.order(OTHER, SELL, 10)]
    derived = land.post(offers, [land.order(TAKER, BUY, 10)])
    assert land.desk.book()[1] == [(MID, 10)]
    forged = distort(land.rules, derived, 0, lambda batch: batch[::-1])
    assert (forged.tree.get(land.position(land.desk.state, MAKER).key)) is not None
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


@adversary("dropped cancel", "4", "SEGMENT convicted")
def dropped_cancel() -> Outcome:
    """Execute a block without its cancel, and fill the order that was withdrawn."""
    land = Land()
    land.open(MAKER, TAKER)
    withdrawn = land.desk.sign(MAKER, Cancel(0, 0, NAME))
    offer = land.order(MAKER, SELL, 10, MID, NAME)
    derived = land.post([offer], [withdrawn, land.order(TAKER, BUY, 10)])
    assert land.desk.position(MAKER) is None
    forged = distort(land.rules, derived, 1, lambda batch: batch[1:])
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


@adversary("order that nobody posted", "4", "SEGMENT convicted")
def invented_order() -> Outcome:
    """Execute an order that is in no frame."""
    land = dealt()
    derived = land.post([land.order(MAKER, SELL, 10)])
    invented = land.order(TAKER, BUY, 10)
    forged = distort(land.rules, derived, 0, lambda batch: [*batch, invented])
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


@adversary("price improvement skimmed by one tick", "4", "SEGMENT convicted")
def skimmed_improvement() -> Outcome:
    """Book a fill one tick worse than the book had it."""
    land = dealt()
    derived = land.derived[-1]

    def worse(after: State, before: State) -> None:
        del before
        land.position(after, TAKER).cost += 10 * TICK
        land.position(after, MAKER).cost -= 10 * TICK

    forged = cheat(land.rules, derived, derived.blocks[1].segment, worse)
    return convict(land, derived, forged)


@adversary("fee skimmed by one unit", "4", "SEGMENT convicted")
def skimmed_fee() -> Outcome:
    """Take a millionth of a dollar too much, for a friend."""
    land = dealt()
    derived = land.derived[-1]

    def skim(after: State, before: State) -> None:
        del before
        land.portfolio(after, TAKER).balance -= 1
        land.portfolio(after, OTHER).balance += 1

    forged = cheat(land.rules, derived, derived.blocks[1].segment, skim)
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


@adversary("funding sign flipped", "4", "SEGMENT convicted")
def flipped_funding() -> Outcome:
    """Let shorts pay where longs owe."""
    land = dealt()
    land.chain.mine(1, HOUR_MS)
    quotes = land.quotes()
    derived = land.post(quotes, [land.order(TAKER, SELL, 1, MID - 100 * TICK)])

    def flip(after: State, before: State) -> None:
        market, earlier = after.market(0), before.market(0)
        accrued = market.funding_index - earlier.funding_index
        assert accrued != 0, "an hour's funding was due"
        market.funding_index -= 2 * accrued
        after.touch(market)

    forged = cheat(land.rules, derived, 1, flip)
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


def leveraged() -> Land:
    """Return a land in which the taker is long on little money, and two others are short."""
    land = Land(grace_ms=0, grace_updates_min=0)
    for trader in (MAKER, OTHER, FOURTH):
        land.deposit(trader)
    land.deposit(TAKER, POOR)
    land.deposit(SAVER, SAVED)
    land.post(land.quotes())
    better = MID + TICK
    land.post(
        [land.order(MAKER, SELL, LARGE, better), land.order(OTHER, SELL, LARGE)],
        [land.order(TAKER, BUY, LARGE), land.order(FOURTH, BUY, LARGE, better)],
    )
    return land


def poke(land: Land) -> Action:
    """Return the request to liquidate the taker."""
    return Poke(land.desk.account(TAKER), 0)


@adversary("healthy account liquidated", "4", "SEGMENT convicted")
def healthy_liquidated() -> Outcome:
    """Liquidate an account that has all the margin it needs."""
    land = leveraged()
    derived = land.post(land.quotes(), [land.desk.sign(OTHER, poke(land))])
    assert land.codes(derived)[-1] == "HEALTHY"

    rates = land.desk.market().initial_ppm, land.desk.market().maintenance_ppm

    def tighten(after: State, before: State) -> None:
        del before
        market = after.market(0)
        market.initial_ppm = market.maintenance_ppm = 100_000
        after.touch(market)

    def relax(after: State, before: State) -> None:
        del before
        market = after.market(0)
        market.initial_ppm, market.maintenance_ppm = rates
        after.touch(market)

    edits = {1: tighten, derived.blocks[1].segment: relax}
    forged = execute(land.rules, derived, parse_entry(derived.data), edits=edits)
    assert land.portfolio(land.state_in(forged), TAKER).flags & PORTFOLIO_LIQUIDATING
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


@adversary("ADL victim skipped", "4", "SEGMENT convicted")
def skipped_victim() -> Outcome:
    """Spare who gained most, and deleverage the next one."""
    land = leveraged()
    derived = land.post(land.quotes(MID - 450_000), [], [land.desk.sign(OTHER, poke(land))])
    assert land.desk.position(MAKER) is None, "who gained most is deleveraged"
    assert land.desk.position(OTHER) is not None

    def hide(after: State, before: State) -> None:
        del before
        position = land.position(after, MAKER)
        number = land.portfolio(after, MAKER).portfolio
        key = rank_key(0, position.rank, number)
        after.remove_blob(key)
        position.rank = NO_RANK

    forged = cheat(land.rules, derived, derived.blocks[1].segment, hide)
    after = land.state_in(forged)
    assert land.position(after, MAKER).size == -LARGE
    assert 0 not in land.portfolio(after, OTHER).markets
    return convict(land, derived, forged)


@adversary("double withdrawal", "7", "SEGMENT convicted")
def double_withdrawal() -> Outcome:
    """Write a second withdrawal for the same money."""
    land = dealt()
    leaving = land.desk.sign(OTHER, Withdraw(0, Micros(RICH)))
    derived = land.post([leaving], [])

    def again(after: State, before: State) -> None:
        ledger = after.ledger()
        index = before.ledger().next_withdrawal
        leaf = after.blob(withdrawal_key(index))
        assert leaf is not None
        after.add_blob(withdrawal_key(index + 1), leaf)
        ledger.next_withdrawal += 1
        ledger.withdrawals += RICH
        ledger.deposits += RICH
        after.touch(ledger)

    forged = cheat(land.rules, derived, 1, again)
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


@adversary("deposit credited to somebody else", "5", "SEGMENT convicted")
def stolen_deposit() -> Outcome:
    """Book one user's deposit for another."""
    land = dealt()
    land.deposit(OTHER)
    derived = land.post([])

    def divert(after: State, before: State) -> None:
        del before
        for trader, sign in ((OTHER, -1), (MAKER, 1)):
            portfolio = land.portfolio(after, trader)
            portfolio.balance += sign * RICH
            portfolio.moved += sign * RICH

    forged = cheat(land.rules, derived, 1, divert)
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


def with_agent() -> tuple[Land, bytes]:
    """Return a land in which the taker has an agent, and the agent's key."""
    land = dealt()
    key = trader_key(30)
    allowed = ApproveAgent(address_of(key), Millis(land.chain.time + HOUR_MS), 1 << Kind.ORDER, 0)
    land.post([land.desk.sign(TAKER, allowed)])
    return land, key


@adversary("replayed agent", "4", "SEGMENT convicted")
def replayed_agent() -> Outcome:
    """Execute an agent's order twice; both times are in the frames."""
    land, key = with_agent()
    order = land.order(key, BUY, 10)
    derived = land.post([order], [order])
    assert land.codes(derived) == ["OK", "NONCE_USED"]

    def forget(after: State, before: State) -> None:
        del before
        signer = after.signer(address_of(key))
        assert signer is not None
        bucket = after.nonce_bucket(signer, bucket_of(order.nonce))
        bucket.used = bucket.used.replace(order.nonce.to_bytes(8, "big"), b"")
        after.touch(bucket)

    forged = cheat(land.rules, derived, 1, forget)
    assert land.portfolio(land.state_in(forged), TAKER).open_orders == 2
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


@adversary("signature of somebody else", "4", "SEGMENT convicted")
def forged_signature() -> Outcome:
    """Post a withdrawal signed by a stranger, and book it for a victim."""
    land = dealt()
    derived = land.post([land.desk.sign(trader_key(66), Withdraw(0, Micros(USDC)))])
    assert land.codes(derived) == ["SIGNER_UNKNOWN"]
    forged = impersonate(land.rules, derived, address_of(trader_key(OTHER)))
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


@adversary("stale oracle", "4", "SEGMENT convicted")
def stale_oracle() -> Outcome:
    """Let money out at a price that is too old."""
    land = dealt()
    land.chain.mine(1, land.rules.oracle_age_ms_max + 1_000)
    derived = land.post([land.desk.sign(TAKER, Withdraw(0, Micros(USDC)))])
    assert land.codes(derived) == ["ORACLE_STALE"]
    forged = misrule(land.rules, derived, replace(land.rules, oracle_age_ms_max=HOUR_MS))
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)


@adversary("wrong segment cut", "2", "SEGMENT convicted")
def wrong_cut() -> Outcome:
    """Cut segments elsewhere, on the way to the right state."""
    land = dealt()
    derived = land.derived[-1]
    forged = misrule(land.rules, derived, replace(land.rules, segment_steps_max=1))
    assert forged.output.segments > derived.output.segments
    return convict(land, derived, forged)


@adversary("forged receipt", "8", "SEGMENT convicted")
def forged_receipt() -> Outcome:
    """Leave the right state, but for one receipt."""
    land = dealt()
    derived = land.derived[-1]

    def rewrite(after: State, before: State) -> None:
        del before
        after.cursor.frontier[-1] = sha256(after.cursor.frontier[-1]).digest()

    forged = cheat(land.rules, derived, derived.blocks[1].segment, rewrite)
    audit(dict(forged.tree.items()), land.rules)
    return convict(land, derived, forged)
