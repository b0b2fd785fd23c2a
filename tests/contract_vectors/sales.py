"""Withdrawals: paid, capped, sold and bought."""

from dataclasses import replace

from prover.contract.bank import escrow_of
from prover.contract.calls import BuyWithdrawal, CancelOffer, ClaimWithdrawal, OfferWithdrawal
from prover.contract.codes import ContractCode
from tests.contract_vectors.cases import Cases
from tests.guilds import Guild
from tests.l1_worlds import CHALLENGER, CHEAT, STAKED, USER, L1World
from tests.unit.test_sales import AMOUNT, PRICE, Market, capped

C = ContractCode
WITNESS_BYTES_MAX = 1_000


def offer_cases(cases: Cases) -> None:
    """Offer a withdrawal, or something that is none."""
    market = Market(witness_bytes_max=WITNESS_BYTES_MAX)
    world = market.world
    wrong = world.propose(lie=1)
    assert world.convict(wrong).ok

    def refuse(code: ContractCode, call: OfferWithdrawal, word: str = "") -> None:
        cases.call(world, USER, call, code, word)

    refuse(C.CLAIM_UNKNOWN, market.offer(claim=99))
    refuse(C.CLAIM_DEAD, market.offer(claim=wrong))
    refuse(C.PROOF, market.offer(claim=0))
    refuse(C.PROOF, market.offer(proof=b"junk"), "junk")
    refuse(C.PROOF, market.offer(proof=bytes(WITNESS_BYTES_MAX + 1)), "size")
    refuse(C.PROOF, market.offer(index=5, proof=market.proof(5)), "record")
    refuse(C.WITHDRAWAL_UNKNOWN, market.offer(index=6, proof=market.proof(6)))
    cases.call(world, CHEAT, market.offer(), C.NOT_OWNER)
    refuse(C.OFFER_EXPIRED, market.offer(until=world.time))
    cases.call(world, USER, market.offer())
    cases.call(world, USER, market.offer(price=PRICE + 1), word="again")
    assert world.call(CHALLENGER, BuyWithdrawal(market.sale, PRICE + 1)).ok
    refuse(C.SOLD, market.offer())
    assert world.call(USER, market.settle()).ok
    refuse(C.WITHDRAWAL_PAID, market.offer())


def buy_cases(cases: Cases) -> None:
    """Buy a withdrawal, or try to."""
    market = Market()
    world, buy = market.world, BuyWithdrawal(market.sale, PRICE)
    cases.call(world, CHALLENGER, BuyWithdrawal(market.sale[1:], PRICE), C.FIELD_LENGTH)
    cases.call(world, CHALLENGER, buy, C.OFFER_UNKNOWN)
    assert world.call(USER, market.offer(price=200_000_000)).ok
    cases.call(world, CHALLENGER, buy, C.TOKEN_BALANCE)
    assert world.call(USER, market.offer(price=PRICE + 1)).ok
    cases.call(world, CHALLENGER, buy, C.PRICE_MAX)
    assert world.call(USER, market.offer(until=world.time + 2_000)).ok
    world.wait(5_000)
    cases.call(world, CHALLENGER, buy, C.OFFER_EXPIRED)
    assert world.call(USER, market.offer()).ok
    cases.call(world, CHALLENGER, buy)
    cases.call(world, CHEAT, buy, C.SOLD)
    cases.call(world, CHEAT, market.settle(), word="buyer")
    paid = Market()
    assert paid.world.call(USER, paid.offer()).ok
    assert paid.world.call(USER, paid.settle()).ok
    cases.call(paid.world, CHALLENGER, buy, C.WITHDRAWAL_PAID)
    dead = Market()
    assert dead.world.call(USER, dead.offer()).ok
    assert dead.world.convict(dead.claim).ok
    cases.call(dead.world, CHALLENGER, buy, C.CLAIM_DEAD)


def cancel_cases(cases: Cases) -> None:
    """Take an offer back, or try to."""
    market = Market()
    world, cancel = market.world, CancelOffer(market.sale)
    cases.call(world, USER, CancelOffer(b""), C.FIELD_LENGTH)
    cases.call(world, USER, cancel, C.OFFER_UNKNOWN)
    assert world.call(USER, market.offer()).ok
    cases.call(world, CHEAT, cancel, C.NOT_OWNER)
    cases.call(world, USER, cancel)
    assert world.call(USER, market.offer()).ok
    assert world.call(CHALLENGER, BuyWithdrawal(market.sale, PRICE)).ok
    cases.call(world, USER, cancel, C.SOLD)


def claim_cases(cases: Cases) -> None:
    """Claim withdrawals: unknown ones, too large ones, of another asset."""
    market = Market(witness_bytes_max=WITNESS_BYTES_MAX)
    world = market.world
    wrong = world.propose(lie=1)
    assert world.convict(wrong).ok
    call = market.settle()
    cases.call(world, USER, replace(call, claim=99), C.CLAIM_UNKNOWN)
    cases.call(world, USER, replace(call, claim=wrong), C.CLAIM_DEAD)
    cases.call(world, USER, replace(call, claim=0), C.PROOF)
    cases.call(world, USER, replace(call, proof=b"junk"), C.PROOF, "junk")
    fat = replace(call, proof=bytes(WITNESS_BYTES_MAX + 1))
    cases.call(world, USER, fat, C.PROOF, "size")
    cases.call(world, USER, ClaimWithdrawal(call.claim, 5, market.proof(5)), C.PROOF, "record")
    absent = ClaimWithdrawal(call.claim, 6, market.proof(6))
    cases.call(world, USER, absent, C.WITHDRAWAL_UNKNOWN)
    cases.call(world, CHEAT, call, word="stranger")
    large = Market(amount=60_000_000)
    assert escrow_of(large.world.state, 0) < 60_000_000
    cases.call(large.world, USER, large.settle(), C.ESCROW)
    other, calls = capped([500_000, 5_001], STAKED, exit_micros_min=1, exit_ppm=10_000)
    cases.call(other, USER, next(calls), word="asset")
    cases.call(other, USER, next(calls), C.CAP_DAY, "asset")
    slow, calls = capped([3_000_000, 3_000_000], exit_micros_min=5_000_000, exit_ppm=1)
    cases.call(slow, USER, next(calls), word="capped")
    cases.call(slow, USER, next(calls), C.CAP_DAY)


def ahead_cases(cases: Cases, guild: Guild) -> None:
    """Claim withdrawals before their claim is final.  ``guild`` has two, and real keys."""
    world: L1World = guild.world
    offer = OfferWithdrawal(guild.claim, 0, 1, world.time + 10**9, guild.proof(guild.tree, 0))
    assert world.call(USER, offer).ok
    assert guild.attest(0, 1).ok
    cases.call(world, USER, guild.withdrawal(0), C.CLAIM_PENDING, "attested")
    assert guild.attest(3).ok
    cases.call(world, CHEAT, guild.withdrawal(0), word="ahead")
    cases.call(world, USER, guild.withdrawal(1), C.ATTESTED_LIMIT)
    cases.call(world, USER, guild.withdrawal(0), C.PAID_AHEAD)
    cases.call(world, USER, offer, C.PAID_AHEAD)
    [sale] = [name for name, _ in world.state.sales.items()]
    cases.call(world, CHALLENGER, BuyWithdrawal(sale, 1), C.PAID_AHEAD)


def add_cases(cases: Cases, guild: Guild) -> None:
    """Add all of them."""
    assert PRICE < AMOUNT
    offer_cases(cases)
    buy_cases(cases)
    cancel_cases(cases)
    claim_cases(cases)
    ahead_cases(cases, guild)
