"""Small L1 worlds for tests: a deployment, a judge that knows the truth, and stories on them.

The judge of these worlds does not re-execute anything: it knows which outputs
are right, so that the contract's rules can be tested without the exchange.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from prover.bls import Bls
from prover.contract import bank
from prover.contract.calls import (
    Append,
    Call,
    CommitFault,
    Deposit,
    Propose,
    ProveFault,
    QueueOracle,
    ScheduleRules,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.context import CallResult, Moment
from prover.contract.contract import Contract
from prover.contract.disputes import commitment_to
from prover.contract.records import ClaimStatus
from prover.contract.rules import ContractRules
from prover.contract.versions import notice_ms, rules_of, version_at
from prover.entry import encode_entry
from prover.faults import ClaimFacts, FaultKind, Verdict
from prover.outputs import Output, genesis_output, trace_root
from statemachine.assets import AssetRules
from statemachine.identity.signing import Domain, address_of, oracle_digest, sign_digest
from statemachine.rules import Rules
from tests.worlds import market_rules

GENESIS_MS = 1_700_000_000_000
WINDOW_MS = 60_000
BOND = 1_000_000_001
L1_CHAIN_ID = 31_337
SEQUENCER_KEY = b"\x51" * 32
PROPOSER_KEY = b"\x52" * 32
CHEAT_KEY = b"\x53" * 32
CHALLENGER_KEY = b"\x54" * 32
USER_KEY = b"\x55" * 32
SIGNER_KEY = b"\x56" * 32
PUBLISHER_KEY = b"\x57" * 32
GOVERNOR_KEY = b"\x58" * 32
SEQUENCER, PROPOSER, CHEAT, CHALLENGER, USER = (
    address_of(key) for key in (SEQUENCER_KEY, PROPOSER_KEY, CHEAT_KEY, CHALLENGER_KEY, USER_KEY)
)
GOVERNOR = address_of(GOVERNOR_KEY)
STAKED = 2
SALT = b"\x07" * 32
WITNESS = b"a witness"


def small_rules(**changes: Any) -> Rules:
    """Return rules of one market, and of one asset beyond USDC."""
    asset = AssetRules(
        asset=STAKED,
        symbol=b"STAKED",
        decimals=9,
        market=1,
        lot_units=100_000,
        weight_ppm=900_000,
        initial_weight_ppm=800_000,
        penalty_ppm=50_000,
        cap=50_000_000,
        deposit_min=1_000,
    )
    market = market_rules(1, symbol=b"BTC", notional_min=1)
    rules = Rules(
        chain_id=7,
        rollup=b"\x42" * 20,
        publishers=(address_of(PUBLISHER_KEY),),
        publishers_min=1,
        markets=(market,),
        assets=(asset,),
    )
    return replace(rules, **changes)


def deployment(**changes: Any) -> ContractRules:
    """Return a deployment with a genesis root of its own."""
    rules: Rules = changes.pop("rules", None) or small_rules()
    base = ContractRules(
        l1_chain_id=L1_CHAIN_ID,
        rules=rules,
        genesis=genesis_output(rules.chain_id, rules.hash, sha256(b"genesis").digest()),
        genesis_time_ms=GENESIS_MS,
        sequencer=SEQUENCER,
        window_ms=WINDOW_MS,
        bond_gwei=BOND,
        commitment_blocks_min=2,
        deposit_micros_min=1_000_000,
        liveness_ms_max=3_700_000,
        signer=address_of(SIGNER_KEY),
        governor=GOVERNOR,
    )
    return replace(base, **changes)


def true_output(parent: Output, inbox_index: int = 0) -> tuple[Output, list[bytes]]:
    """Return the right output after ``parent``, and its trace."""
    return output_with(parent, sha256(b"right" + parent.hash).digest(), inbox_index)


def false_output(parent: Output, lie: int, inbox_index: int = 0) -> tuple[Output, list[bytes]]:
    """Return a wrong output after ``parent``, and its trace."""
    return output_with(parent, sha256(b"wrong%d" % lie + parent.hash).digest(), inbox_index)


def output_with(parent: Output, root: bytes, inbox_index: int = 0) -> tuple[Output, list[bytes]]:
    """Return an output of one segment that ends at ``root``."""
    trace = [parent.post_root, root]
    output = replace(
        parent,
        log_index=parent.log_index + 1,
        height=parent.height + 1,
        previous_output=parent.hash,
        post_root=root,
        trace_root=trace_root(trace),
        segments=1,
        inbox_index=max(inbox_index, parent.inbox_index),
    )
    return output, trace


def judge_by_truth(kind: FaultKind, facts: ClaimFacts, witness: bytes) -> Verdict:
    """Convict what is not the right output after its parent, given a witness."""
    right, _ = true_output(facts.parent)
    if facts.output.post_root == right.post_root:
        return Verdict(guilty=False, reason="the root is right")
    if kind is not FaultKind.SEGMENT or witness != WITNESS:
        return Verdict(guilty=False, reason="the witness shows nothing")
    return Verdict(guilty=True, reason="", segment=1, correct_root=right.post_root)


@dataclass
class L1World:
    """A contract, a clock and five people who hold ETH and tokens."""

    rules: ContractRules = field(default_factory=deployment)
    block: int = 0
    time: int = GENESIS_MS
    gas_price: int = 0
    bls: Bls | None = None

    def __post_init__(self) -> None:
        self.contract = Contract(self.rules, judge_by_truth, bls=self.bls)
        self.state = self.contract.state
        for address in (SEQUENCER, PROPOSER, CHEAT, CHALLENGER, USER):
            self.contract.mint(address, 10 * BOND, 100_000_000)
        self.contract.mint_asset(USER, STAKED, 100_000_000)

    @property
    def moment(self) -> Moment:
        return Moment(self.block, self.time, self.gas_price)

    def call(self, sender: bytes, call: Call) -> CallResult:
        """Execute a call in a block of its own; money is conserved by it."""
        self.block += 1
        self.time += 1_000
        result = self.contract.call(sender, self.moment, call)
        bank.check_conservation(self.state)
        return result

    def wait(self, milliseconds: int) -> None:
        """Let time pass, and a block come."""
        self.block += 1
        self.time += milliseconds
        self.contract.settle(self.moment)
        bank.check_conservation(self.state)

    def append(self, version: int = 1) -> CallResult:
        """Append an entry of one frame, under these rules."""
        return self.call(SEQUENCER, Append(len(self.state.log), encode_entry([b"frame"]), version))

    def schedule(self, rules: Rules, version: int = 2, delay_ms: int | None = None) -> CallResult:
        """Let the governor announce rules, as late as he may or ``delay_ms`` from now."""
        if delay_ms is None:
            number = version_at(self.state, self.time)
            delay_ms = notice_ms(self.rules, rules_of(self.rules, self.state, number))
        starts = self.time + 1_000 + delay_ms
        return self.call(GOVERNOR, ScheduleRules(version, starts, rules.encode()))

    def proposal(self, parent: int = 0, lie: int = 0) -> Propose:
        """Return the call that proposes the right output after ``parent``, or a lie."""
        before = self.state.claims[parent].output
        output, trace = false_output(before, lie) if lie else true_output(before)
        return propose_output(parent, output, trace)

    def propose(self, parent: int = 0, lie: int = 0) -> int:
        """Propose; return the claim's number."""
        result = self.call(CHEAT if lie else PROPOSER, self.proposal(parent, lie))
        assert result.ok, result
        return result.value

    def accusation(self, claim: int, payee: bytes = CHALLENGER) -> ProveFault:
        """Return the call that proves what the judge wants proved."""
        parent = self.state.claims[self.state.claims[claim].parent].output
        root = true_output(parent)[0].post_root
        return ProveFault(int(FaultKind.SEGMENT), claim, 1, root, payee, SALT, WITNESS)

    def commit(self, call: ProveFault) -> CallResult:
        """Commit to an accusation."""
        return self.call(CHALLENGER, CommitFault(commitment_to(call)))

    def convict(self, claim: int) -> CallResult:
        """Commit, wait, and prove."""
        accusation = self.accusation(claim)
        assert self.commit(accusation).ok
        self.wait(1_000)
        return self.call(CHALLENGER, accusation)

    def deposit(self, amount: int = 5_000_000) -> CallResult:
        """Deposit for the user."""
        return self.call(USER, Deposit(USER, 0, amount))

    def status(self, claim: int) -> ClaimStatus:
        """Return where a claim stands."""
        return self.state.claims[claim].status

    def eth(self, address: bytes) -> int:
        """Return the gwei of an address."""
        return self.state.account_of(address).eth


Row = tuple[ContractCode, Callable[[L1World], tuple[bytes, Call]]]


def refused_in_order(world: L1World, rows: list[Row]) -> None:
    """Check each row's code, that the rows are in code order, and that nothing changed."""
    codes = [code for code, _ in rows]
    assert codes == sorted(codes)
    for code, make in rows:
        sender, call = make(world)
        before = world.state.digest()
        result = world.call(sender, call)
        assert result.code is code, result
        assert result.message.startswith(f"{code.name}: ")
        assert result.events == ()
        assert world.state.digest() == before


def say(world: L1World, price: int = 6_000_000, *, after: int = 0) -> QueueOracle:
    """Return the publisher's message about market 1, as of the world's time."""
    rules, time = world.rules.rules, world.time + after
    digest = oracle_digest(Domain(rules.chain_id, rules.rollup), 1, price, time)
    return QueueOracle(1, 0, price, time, sign_digest(PUBLISHER_KEY, digest))
