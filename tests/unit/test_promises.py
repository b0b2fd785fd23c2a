"""The sequencer's bond: who can lose it, and that whoever keeps his word never does."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.ledger.blocks import BlockSigner
from prover.accusation import tree_at
from prover.betrayal import Betrayal, SignedBlock, find_betrayals, open_end
from prover.bundle import BundledClaim, Finding
from prover.contract import bank
from prover.contract.calls import (
    BondSequencer,
    Call,
    ClaimBond,
    LeaveBond,
    ProveBroken,
    ProveEquivocation,
    TakeBond,
)
from prover.contract.codes import ContractCode
from prover.contract.prices import fee_of
from prover.l1 import CallReceipt
from prover.promises import PromiseKind
from prover.replica import Derived, cursor_in
from prover.traffic import key_of
from statemachine.cursor import Cursor, decode_cursor
from statemachine.identity.signing import address_of
from tests.simulation.memory_l1 import MemoryL1
from tests.simulation.test_challenger import DEFENDER, RIVAL, SEQUENCER, WINDOW_MS, Scene

C = ContractCode
BOND = 50_000_000_001
SIGNER_KEY = key_of("block signer")
SALT = b"\x31" * 32


class Exchange(Scene):
    """A scene whose sequencer signs blocks and has a bond."""

    def __init__(self, *, bonded: bool = True) -> None:
        super().__init__()
        self.deployment = replace(self.deployment, signer=address_of(SIGNER_KEY))
        self.chain.rules = self.chain.contract.rules = self.deployment
        self.signer = BlockSigner(SIGNER_KEY, self.deployment.rules.chain_id)
        self.findings: list[Finding] = []
        self.tip = 0
        if bonded:
            assert self.send(SEQUENCER, BondSequencer(BOND)).ok

    def send(self, sender: bytes, call: Call) -> CallReceipt:
        """Execute a call; money is conserved by it."""
        receipt = asyncio.run(MemoryL1(self.chain, sender).send(call))
        bank.check_conservation(self.chain.contract.state)
        return receipt

    def eth(self, address: bytes) -> int:
        return self.chain.contract.state.account_of(address).eth

    def extend(self, frames: int = 2) -> Derived:
        """Append an entry and claim it honestly."""
        derived = self.append(frames)
        self.tip = self.propose(self.tip, derived)
        claim = BundledClaim(self.tip, derived.output, derived.trace)
        self.findings.append(Finding(claim, True, None, derived))
        return derived

    def finish(self) -> None:
        """Let every window pass."""
        self.chain.mine(1, WINDOW_MS)
        self.chain.mine(1)

    def sign(self, cursor: Cursor, **changes: int) -> SignedBlock:
        """Sign the block that ends at ``cursor``, or at a changed one."""
        copy = ends_like(cursor, **changes)
        return SignedBlock(copy.encode(), self.signer.sign(copy.height, copy.hash))

    def ends(self) -> list[Cursor]:
        """Return where every block of the log honestly ends."""
        found = []
        for derived in self.derived:
            for height in range(derived.parent.height + 1, derived.output.height + 1):
                shown = open_end(derived, height)
                assert shown is not None
                found.append(shown[0])
        return found

    def accuse(self, *blocks: SignedBlock, payee: bytes = DEFENDER) -> list[Betrayal]:
        """Return what the blocks give away, by what is final now."""
        claims = self.chain.contract.state.claims
        finals = {claim.number for claim in claims if claim.status == 2}
        return find_betrayals(self.deployment, blocks, self.findings, finals, payee, SALT)

    def punish(self, found: Betrayal, *, commits: bool = True) -> CallReceipt:
        """Commit, wait, and show it."""
        if commits:
            assert self.send(DEFENDER, found.commit).ok
            self.chain.mine(2)
        return self.send(DEFENDER, found.call)


def ends_like(cursor: Cursor, **changes: int) -> Cursor:
    """Return a copy of a cursor with other fields."""
    copy = decode_cursor(cursor.encode())
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


@pytest.fixture
def exchange() -> Exchange:
    made = Exchange()
    made.extend()
    made.extend()
    return made


def test_two_blocks_at_one_height_cost_the_bond(exchange: Exchange) -> None:
    cursor = exchange.ends()[1]
    blocks = exchange.sign(cursor), exchange.sign(cursor, cost=cursor.cost + 1)
    (found,) = exchange.accuse(*blocks)
    assert found.kind is PromiseKind.EQUIVOCATION
    before = exchange.eth(DEFENDER)
    assert exchange.punish(found).ok
    half = BOND // 2
    assert exchange.eth(DEFENDER) == before + BOND - half
    assert exchange.chain.contract.state.totals.eth_burnt == half
    assert exchange.send(DEFENDER, found.call).code is C.NO_BOND
    assert exchange.send(SEQUENCER, BondSequencer(7)).value == 7


def test_one_call_without_a_commitment_burns_it_all(exchange: Exchange) -> None:
    cursor = exchange.ends()[0]
    (found,) = exchange.accuse(exchange.sign(cursor), exchange.sign(cursor, cost=1))
    exchange.chain.gas_price = 1_000
    before = exchange.eth(DEFENDER)
    receipt = exchange.punish(found, commits=False)
    assert (receipt.ok, receipt.value) == (True, 0)
    assert exchange.eth(DEFENDER) == before, "the gas is refunded, nothing else is paid"


def test_no_refund_counts_more_than_the_highest_gas_price(exchange: Exchange) -> None:
    """Who makes L1's blocks gets back what he tips: the bond must not pay for that."""
    cursor = exchange.ends()[0]
    (found,) = exchange.accuse(exchange.sign(cursor), exchange.sign(cursor, cost=1))
    exchange.chain.gas_price = dear = 10 * exchange.deployment.gas_price_max
    before = exchange.eth(DEFENDER)
    receipt = exchange.punish(found, commits=False)
    assert receipt.ok
    paid = before - exchange.eth(DEFENDER)
    refunded = fee_of(receipt.gas, exchange.deployment.gas_price_max)
    assert paid == fee_of(receipt.gas, dear) - refunded > 0


def test_whoever_copies_the_call_gains_nothing(exchange: Exchange) -> None:
    cursor = exchange.ends()[0]
    (found,) = exchange.accuse(exchange.sign(cursor), exchange.sign(cursor, cost=1))
    exchange.chain.gas_price = 1_000
    honest, thief = exchange.eth(DEFENDER), exchange.eth(RIVAL)
    assert exchange.send(DEFENDER, found.commit).ok
    exchange.chain.mine(2)
    assert exchange.send(RIVAL, found.call).ok, "he sends it first"
    assert exchange.eth(RIVAL) < thief, "and pays for it"
    spent = honest - (exchange.eth(DEFENDER) - (BOND - BOND // 2))
    assert 0 < spent < BOND // 1_000, "of what is not burnt the accuser has all"


def test_final_results_that_contradict_a_signed_block_cost_the_bond(exchange: Exchange) -> None:
    blocks = [exchange.sign(cursor, cost=cursor.cost ^ 1) for cursor in exchange.ends()]
    assert exchange.accuse(*blocks) == [], "nothing is final yet"
    exchange.finish()
    found = exchange.accuse(*blocks)
    assert [each.kind for each in found] == [PromiseKind.CONTRADICTED] * len(blocks)
    receipt = exchange.punish(found[-1])
    assert receipt.value == BOND - BOND // 2


def test_a_block_that_is_lacking_after_its_deadline_costs_the_bond(exchange: Exchange) -> None:
    last = exchange.ends()[-1]
    block = exchange.sign(last, height=last.height + 9)
    exchange.finish()
    assert exchange.accuse(block) == [], "its deadline has not passed"
    exchange.chain.time = last.time + exchange.deployment.rules.receipt_deadline_ms + 1
    exchange.extend()
    exchange.finish()
    (found,) = exchange.accuse(block)
    assert found.kind is PromiseKind.WITHHELD
    assert exchange.punish(found).ok


@settings(max_examples=12, deadline=None)
@given(data=st.data(), entries=st.integers(1, 3), gap=st.sampled_from([1_000, 100_000, 700_000]))
def test_whoever_posts_what_it_signed_is_never_guilty(
    data: st.DataObject, entries: int, gap: int
) -> None:
    """Whatever an accuser makes of honest blocks is refused, and costs him gas."""
    exchange = Exchange()
    for _ in range(entries):
        exchange.extend(data.draw(st.integers(1, 2)))
        exchange.chain.time += gap
    exchange.finish()
    ends = exchange.ends()
    blocks = [exchange.sign(cursor) for cursor in ends]
    assert exchange.accuse(*blocks, *blocks) == []
    for cursor, block in zip(ends, blocks, strict=True):
        other = data.draw(st.sampled_from(exchange.derived))
        index = data.draw(st.integers(1, other.output.segments))
        shown = open_end(other, cursor_in(tree_at(other, index + 1)).height)
        number = data.draw(st.integers(1, entries))
        for witness in (b"", b"?", b"" if shown is None else shown[1].encode()):
            call = ProveBroken(number, block.cursor, block.signature, witness, DEFENDER, SALT)
            code = exchange.send(RIVAL, call).code
            assert code in {C.PROMISE_KEPT, C.NOT_LATE}, code
        pair = (cursor.hash, block.signature)
        twice = ProveEquivocation(cursor.height, *pair, *pair, DEFENDER, SALT)
        assert exchange.send(RIVAL, twice).code is C.SAME_BLOCK
    bond = exchange.chain.contract.state.bond.record
    assert bond is not None
    assert bond.amount == BOND


def test_a_bond_is_free_once_every_promise_was_judged(exchange: Exchange) -> None:
    assert exchange.send(RIVAL, LeaveBond()).code is C.NOT_SEQUENCER
    assert exchange.send(SEQUENCER, TakeBond(1)).code is C.BOND_PENDING
    deadline = exchange.send(SEQUENCER, LeaveBond()).value
    exchange.finish()
    assert exchange.send(SEQUENCER, TakeBond(1)).code is C.BOND_PENDING, "before the deadline"
    exchange.chain.time = deadline + 1
    exchange.extend()
    last = exchange.tip
    assert exchange.send(SEQUENCER, TakeBond(last)).code is C.BOND_PENDING, "not final"
    exchange.finish()
    assert exchange.send(SEQUENCER, TakeBond(last)).code is C.BOND_PENDING, "final, not for W yet"
    exchange.chain.mine(1, WINDOW_MS)
    before = exchange.eth(SEQUENCER)
    assert exchange.send(SEQUENCER, TakeBond(last)).value == BOND
    assert exchange.eth(SEQUENCER) == before + BOND
    assert exchange.send(SEQUENCER, TakeBond(last)).code is C.NO_BOND
    assert exchange.send(SEQUENCER, LeaveBond()).code is C.NO_BOND


def test_calls_are_refused_in_code_order(exchange: Exchange) -> None:
    cursor = exchange.ends()[0]
    good, other = exchange.sign(cursor), exchange.sign(cursor, cost=1)
    stranger = BlockSigner(key_of("stranger"), exchange.deployment.rules.chain_id)
    forged = stranger.sign(cursor.height, cursor.hash)

    def broken(claim: int = 1, cursor: bytes = other.cursor, signature: bytes = other.signature,
               witness: bytes = b"") -> ProveBroken:  # fmt: skip
        return ProveBroken(claim, cursor, signature, witness, DEFENDER, SALT)

    rows: list[tuple[ContractCode, bytes, Call]] = [
        (C.NOT_SEQUENCER, RIVAL, BondSequencer(0)),
        (C.NOT_SEQUENCER, RIVAL, TakeBond(99)),
        (C.AMOUNT, SEQUENCER, BondSequencer(0)),
        (C.ETH_BALANCE, SEQUENCER, BondSequencer(1 << 60)),
        (C.CLAIM_UNKNOWN, RIVAL, broken(0, witness=bytes((1 << 19) + 1))),
        (C.CLAIM_UNKNOWN, RIVAL, broken(99)),
        (C.WITNESS_SIZE, RIVAL, broken(witness=bytes((1 << 19) + 1), signature=forged)),
        (C.SIGNATURES, RIVAL, broken(cursor=b"?")),
        (C.SIGNATURES, RIVAL, broken(cursor=good.cursor, signature=forged)),
        (
            C.SIGNATURES,
            RIVAL,
            ProveEquivocation(
                cursor.height, cursor.hash, good.signature, cursor.hash, forged, DEFENDER, SALT
            ),
        ),
        (C.PROMISE_KEPT, RIVAL, broken()),
        (C.PROMISE_KEPT, RIVAL, broken(witness=b"nothing")),
    ]
    codes = [code for code, _, _ in rows]
    assert codes == sorted(codes)
    for code, sender, call in rows:
        before = exchange.chain.contract.state.digest()
        assert exchange.send(sender, call).code is code
        assert exchange.chain.contract.state.digest() == before
    exchange.finish()
    (found,) = exchange.accuse(other)
    young = Exchange()
    young.extend()
    early = ends_like(young.ends()[0])
    mine = young.sign(early, cost=early.cost ^ 1)
    claims = {1}
    (pending,) = find_betrayals(young.deployment, [mine], young.findings, claims, DEFENDER, SALT)
    assert young.send(RIVAL, pending.call).code is C.CLAIM_PENDING
    assert exchange.punish(found).ok
    assert exchange.send(RIVAL, found.call).code is C.NO_BOND
    assert exchange.send(RIVAL, ClaimBond(0)).code is C.BOND_PAID


def test_whoever_punishes_himself_loses_half(exchange: Exchange) -> None:
    cursor = exchange.ends()[0]
    before = exchange.eth(SEQUENCER) + BOND
    blocks = exchange.sign(cursor), exchange.sign(cursor, cost=1)
    (found,) = exchange.accuse(*blocks, payee=SEQUENCER)
    assert exchange.send(SEQUENCER, found.commit).ok
    exchange.chain.mine(2)
    assert exchange.send(SEQUENCER, found.call).ok
    assert exchange.eth(SEQUENCER) <= before - BOND // 2


def test_without_a_signer_nothing_is_promised() -> None:
    exchange = Exchange()
    exchange.extend()
    cursor = exchange.ends()[0]
    blocks = exchange.sign(cursor), exchange.sign(cursor, cost=1)
    exchange.deployment = replace(exchange.deployment, signer=bytes(20))
    exchange.chain.contract.rules = exchange.deployment
    assert exchange.accuse(*blocks) == []
    call = ProveEquivocation(1, bytes(32), bytes(65), bytes(32), bytes(65), DEFENDER, SALT)
    assert exchange.send(RIVAL, call).code is C.SIGNATURES
