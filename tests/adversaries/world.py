"""The world in which adversaries act: a contract, a market, honest people, one liar.

A ``Land`` is the simulation's scene with trading in it: deposits go through L1's
inbox, blocks are made of orders that a test names, every entry is posted and
derived.  A saver who never trades stands for all honest users: in the end he
takes all his money home to L1, by the normal road.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prover.contract.bank import check_conservation
from prover.contract.calls import (
    Call,
    ClaimBond,
    ClaimWithdrawal,
    CommitFault,
    Deposit,
    ProveFault,
    ScheduleRules,
    propose_output,
)
from prover.contract.prices import fee_of
from prover.contract.records import ClaimStatus
from prover.contract.rules import ContractRules
from prover.contract.versions import notice_ms, version_at
from prover.entry import encode_entry
from prover.faults import FaultKind
from prover.l1 import CallReceipt
from prover.outputs import Output, genesis_output
from prover.replica import Derived, genesis_replica
from prover.traffic import START_MS
from statemachine.actions import PlaceOrder, Transaction, Withdraw
from statemachine.frame import class_of, decode_frame, encode_frame
from statemachine.identity.signing import address_of
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree
from statemachine.records import Portfolio, Position
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.storage import MemoryStore
from statemachine.transition import LEG_INBOX
from statemachine.units import Lots, Micros, Price
from tests.adversaries.forgery import Forgery
from tests.adversaries.library import Outcome
from tests.simulation.memory_l1 import MemoryChain, MemoryL1, is_ok
from tests.simulation.test_challenger import (
    BOND,
    DEFENDER,
    PROPOSER,
    RIVAL,
    SEQUENCER,
    Post,
    Scene,
)
from tests.worlds import USDC, World, trader_key, world_rules

MAKER, TAKER, OTHER, FOURTH, SAVER = range(5)
LIAR = RIVAL
WINDOW_MS = 800_000
FREEZE_MS = 1_200_000
ESCAPE_MS = 60_000
GAS_PRICE = 20_000
"""gwei per 1,000,000 gas; the largest proof then costs a third of a bond's half."""
RICH = 100_000 * USDC
SAVED = 1_000 * USDC
MID = 6_000_000
GOVERNOR = address_of(b"\x5b" * 32)
SIGNER_KEY = b"\x5a" * 32
"""Of the sequencer: what it signs blocks with."""
SELL = 1
ROUNDS_MAX = 8


@dataclass
class CountingChain(MemoryChain):
    """A chain that adds up what each address paid for gas, in gwei.

    Accusers wait for no block of their own: ``Patrol`` sends all that is ripe at once.
    """

    spent: Counter[bytes] = field(default_factory=Counter)

    def execute(self, sender: bytes, call: Call, step_ms: int = 1_000) -> CallReceipt:
        if isinstance(call, CommitFault | ProveFault):
            step_ms = 0
        receipt = super().execute(sender, call, step_ms)
        self.spent[sender] += fee_of(receipt.gas, receipt.gas_price)
        return receipt


class Land(Scene):
    """See the module; ``changes`` are changes of the exchange's rules."""

    def __init__(self, **changes: Any) -> None:
        timing = {"inbox_deadline_ms": 20_000, "receipt_deadline_ms": 60_000}
        rules = world_rules(2, **{**timing, **changes})
        self.honest = genesis_replica(rules, START_MS)
        self.deployment = ContractRules(
            l1_chain_id=1,
            rules=rules,
            genesis=genesis_output(rules.chain_id, rules.hash, self.honest.tree.root),
            genesis_time_ms=START_MS,
            sequencer=SEQUENCER,
            window_ms=WINDOW_MS,
            bond_gwei=BOND,
            commitment_blocks_min=2,
            deposit_micros_min=1,
            liveness_ms_max=120_000,
            freeze_ms=FREEZE_MS,
            escape_ms=ESCAPE_MS,
            attester_micros_min=USDC,
            signer=address_of(SIGNER_KEY),
            governor=GOVERNOR,
        )
        chain = self.make_chain()
        self.chain, self.spent = chain, chain.spent
        self.derived: list[Derived] = []
        self.salts = 0
        self.desk = World(rules, START_MS)
        assert isinstance(self.honest.store, MemoryStore)
        self.desk.store = self.honest.store
        for who in (SEQUENCER, PROPOSER, DEFENDER, LIAR, GOVERNOR):
            self.chain.contract.mint(who, 100 * BOND, 0)
        self.start = {who: self.eth(who) for who in (PROPOSER, DEFENDER, LIAR)}

    def make_chain(self) -> CountingChain:
        """Return an L1 on which nothing has happened."""
        return CountingChain(self.deployment, START_MS, GAS_PRICE)

    @property
    def rules(self) -> Rules:
        """The rules of the exchange, by which its last entry was executed."""
        return self.honest.rules

    def send(self, sender: bytes, call: Call) -> CallReceipt:
        """Have a call executed on L1, in a block of its own."""
        return self.chain.execute(sender, call)

    def eth(self, address: bytes) -> int:
        """Return the gwei of an address."""
        return self.chain.contract.state.account_of(address).eth

    def tokens(self, trader: int) -> int:
        """Return the micro-USDC that a trader holds on L1."""
        return self.chain.contract.state.account_of(address_of(trader_key(trader))).token

    # The exchange

    def deposit(self, trader: int, amount: int = RICH, sub: int = 0) -> None:
        """Let a trader bring money to the exchange."""
        owner = address_of(trader_key(trader))
        self.chain.contract.mint(owner, BOND, amount)
        assert self.send(owner, Deposit(owner, sub, amount)).ok

    def quotes(self, price: int = MID) -> list[Transaction]:
        """Return every publisher's word that all markets stand at ``price``, now."""
        self.desk.now = max(self.desk.now, self.chain.time)
        return [self.desk.prices(m.market, price) for m in self.rules.markets]

    def order(
        self, trader: int | bytes, side: int, size: int, price: int = MID, name: bytes = b""
    ) -> Transaction:
        """Return a trader's, or a key's, order in market 0, of ``size`` lots at ``price``."""
        action = PlaceOrder(0, 0, side, Price(price), Lots(size), name)
        return self.desk.sign(trader, action)

    def state_in(self, forged: Forgery) -> State:
        """Return the state that a forgery claims."""
        return State(forged.tree, self.rules)

    def portfolio(self, state: State, trader: int) -> Portfolio:
        """Return a trader's portfolio in some state, marked as changed."""
        portfolio = state.portfolio(self.desk.account(trader) << 8)
        assert portfolio is not None
        state.touch(portfolio)
        return portfolio

    def position(self, state: State, trader: int) -> Position:
        """Return a trader's position in market 0 in some state, marked as changed."""
        position = state.position(self.desk.account(trader) << 8, 0)
        state.touch(position)
        return position

    def codes(self, derived: Derived) -> list[str]:
        """Return how the transactions of an entry's blocks ended."""
        receipts = [r for made in derived.blocks for r in made.result.receipts]
        return [receipt.name for receipt in receipts if receipt.leg != LEG_INBOX]

    def frame(
        self, place: int, transactions: Sequence[Transaction], *, until: int | None = None
    ) -> bytes:
        """Return a frame, the ``place``-th after what was derived; it takes all of the inbox."""
        self.desk.now += 100
        named = len(self.chain.contract.state.inbox) if until is None else until
        ordered = sorted(transactions, key=lambda t: class_of(t.action))
        height = self.honest.head.height + 1 + place
        return encode_frame(height, self.desk.now, named, ordered)

    def frame_again(
        self, frame: bytes, transactions: Sequence[Transaction], *, height: int = 0, until: int = 0
    ) -> bytes:
        """Return a frame with other transactions, in this order; adds to its first numbers."""
        made = decode_frame(frame)
        return encode_frame(made.height + height, made.time, made.inbox_until + until, transactions)

    def post(self, *blocks: Sequence[Transaction]) -> Derived:
        """Let the sequencer post blocks of these transactions; return what they honestly make."""
        self.desk.now = max(self.desk.now, self.chain.time)
        frames = [self.frame(place, block) for place, block in enumerate(blocks)]
        return self.post_bytes(encode_entry(frames))

    def post_bytes(self, data: bytes) -> Derived:
        """Let the sequencer post an entry of these bytes, by the rules in force."""
        self.chain.time = max(self.chain.time, self.desk.now)
        state = self.chain.contract.state
        index, version = len(state.log), version_at(state, self.desk.now)
        is_ok(asyncio.run(MemoryL1(self.chain, SEQUENCER).append(index, data, version)))
        return self.derive(index)

    def schedule(self, rules: Rules) -> CallReceipt:
        """Let the governor announce rules, for as soon as he may."""
        state = self.chain.contract.state
        starts = self.chain.time + 1_000 + notice_ms(self.deployment, self.rules)
        return self.send(GOVERNOR, ScheduleRules(2 + len(state.versions), starts, rules.encode()))

    def wait_for_rules(self) -> None:
        """Let time pass until the rules that were announced are in force."""
        starts = self.chain.contract.state.versions[-1].starts
        self.chain.mine(1, max(0, starts - self.chain.time))

    def open(self, *traders: int, amount: int = RICH) -> Derived:
        """Fund these traders and the saver, and give every market its price."""
        for trader in traders:
            self.deposit(trader, amount)
        self.deposit(SAVER, SAVED)
        return self.post(self.quotes())

    # Claims

    def claim_of(self, output: Output) -> int | None:
        """Return the number of the living claim with this output, if there is one."""
        claims = self.chain.contract.state.claims
        number = self.chain.contract.state.claim_of.get(output.hash)
        return None if number is None or claims[number].status.is_dead else number

    def claim_honestly(self, until: int | None = None) -> int:
        """Let the honest proposer claim the first ``until`` entries; return the last claim."""
        parent = 0
        for derived in self.derived[:until]:
            known = self.claim_of(derived.output)
            parent = self.propose(parent, derived) if known is None else known
        return parent

    def lie(self, forged: Forgery, parent: int, step_ms: int = 1_000) -> int:
        """Let the liar claim a forgery above ``parent``; return its number."""
        call = propose_output(parent, forged.output, forged.trace)
        receipt = self.chain.execute(LIAR, call, step_ms)
        is_ok(receipt)
        return receipt.value

    def collect(self) -> None:
        """Let the liar have back the bonds of his claims that died with others."""
        for claim in list(self.chain.contract.state.claims)[1:]:
            if claim.proposer == LIAR and claim.bond:
                self.chain.execute(LIAR, ClaimBond(claim.number), 0)

    def fight(self, post: Post | None = None, rounds: int = ROUNDS_MAX) -> Post:
        """Let a defender look at so many L1 blocks."""
        post = post or self.station()
        for _ in range(rounds):
            post.round()
            self.chain.mine()
        return post

    def verdict_on(self, claim: int) -> str:
        """Return what became of a claim, and of which fault it was convicted."""
        status = self.status_of(claim)
        if status is not ClaimStatus.CONVICTED:
            return status.name.lower()
        proofs = [
            call
            for call in self.chain.calls
            if isinstance(call, ProveFault) and call.claim == claim
        ]
        return f"{FaultKind(proofs[-1].kind).name} convicted"

    # The end

    def close(self) -> None:
        """Let the saver go home: his withdrawal, its claims, the windows, the payment."""
        portfolio = self.desk.portfolio(SAVER)
        leaving = self.desk.sign(SAVER, Withdraw(0, Micros(portfolio.balance)))
        index = self.desk.state.ledger().next_withdrawal
        self.post([leaving])
        last = self.claim_honestly()
        self.chain.mine(3, WINDOW_MS)
        proved = RecordingTree(self.honest.tree)
        proved.get(withdrawal_key(index))
        call = ClaimWithdrawal(last, index, proved.witness({}))
        self.send(address_of(trader_key(SAVER)), call)

    @property
    def final_outputs(self) -> list[Output]:
        """The outputs that L1 holds for true, oldest first."""
        claims = self.chain.contract.state.claims
        final = [claim.output for claim in claims[1:] if claim.status is ClaimStatus.FINAL]
        return sorted(final, key=lambda output: output.log_index)

    @property
    def is_final_right(self) -> bool:
        """Whether the final claims are the right ones, of every entry.

        And whether the inbox came as far as the contract could tell from the headers.
        """
        reached = [header.reached for header in self.chain.contract.state.log]
        came = [derived.output.inbox_index for derived in self.derived]
        assert all(least <= index for least, index in zip(reached, came, strict=False))
        return self.final_outputs == [derived.output for derived in self.derived]

    @property
    def is_honest_whole(self) -> bool:
        """Whether every honest user has what was his, on L1 or in an escrow that covers it.

        What a frozen exchange's escrow holds is shared out, and covers nothing more.
        """
        state = self.chain.contract.state
        check_conservation(state)
        ledger = self.desk.state.ledger()
        owed = ledger.deposits - ledger.withdrawals
        covered = state.frozen.record is not None or state.totals.token_escrowed >= owed
        bonds = self.start[PROPOSER] - self.spent[PROPOSER]
        return self.tokens(SAVER) == SAVED and covered and self.eth(PROPOSER) == bonds

    @property
    def lost_by_liar(self) -> int:
        """What the liar lost in bonds, in gwei."""
        return self.start[LIAR] - self.spent[LIAR] - self.eth(LIAR)

    def is_paid(self, *, convicted: bool) -> bool:
        """Whether the defender is not out of pocket; gained, if he convicted somebody."""
        gained = self.eth(DEFENDER) - self.start[DEFENDER]
        if not convicted:
            return gained >= 0
        return gained > 0 and self.lost_by_liar >= BOND // 2

    def outcome(self, verdict: str, *, convicted: bool = False) -> Outcome:
        """Return what the world looks like now."""
        paid = self.is_paid(convicted=convicted)
        return Outcome(verdict, paid, self.is_final_right, self.is_honest_whole)


def convict(land: Land, derived: Derived, forged: Forgery) -> Outcome:
    """Let the liar claim a forgery of one entry, and everybody else do what they do."""
    assert forged.output != derived.output, "a forgery is another claim than the right one"
    wrong = land.lie(forged, land.claim_honestly(derived.facts.index))
    land.fight()
    verdict = land.verdict_on(wrong)
    land.close()
    return land.outcome(verdict, convicted=land.status_of(wrong) is ClaimStatus.CONVICTED)
