"""No call takes more gas than a call has, whatever the rules permit; what is done is counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from devnet.l1.chain import Chain, ChainSettings
from prover.contract import promises
from prover.contract.calls import (
    Append,
    CallKind,
    ClaimWithdrawal,
    Freeze,
    LeaveBond,
    PayEscape,
    Propose,
    RegisterPortfolio,
    propose_output,
    sign_call,
)
from prover.contract.codes import ContractCode, Refusal
from prover.contract.context import Meter
from prover.contract.contract import Contract
from prover.contract.gas import gas_of, limit_of
from prover.contract.prices import (
    GAS_CALL_MAX,
    MARK_GAS,
    POT_GAS,
    SETTLE_MAX,
    STAKE_GAS,
    VALUE_GAS,
    signature_gas,
    verdict_gas,
)
from prover.contract.proofs import CountedStore
from prover.contract.records import ClaimStatus
from prover.entry import ENTRY_BYTES_MAX, FRAMES_MAX, encode_entry
from prover.equity import worth_of_portfolio
from prover.faults import Verdict, Work
from prover.traffic import traffic_rules
from prover.verdict import open_state
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.state import State
from tests.call_gas import PAGE, largest, page_of, valued
from tests.escape_worlds import ESCAPE_MS, LENDER, owner, stopped
from tests.exchange_vectors.scene import OTHER
from tests.fake_bls import FakeBls
from tests.guilds import Guild
from tests.l1_worlds import (
    CHALLENGER,
    CHEAT,
    L1_CHAIN_ID,
    PROPOSER,
    USER,
    USER_KEY,
    WINDOW_MS,
    L1World,
    deployment,
    judge_by_truth,
    output_with,
)
from tests.unit.test_gas import DEPTH, worst_proof
from tests.unit.test_promises import Exchange

C = ContractCode
LARGEST = largest()


@pytest.mark.parametrize("kind", CallKind)
def test_the_largest_call_of_each_kind_fits(kind: CallKind) -> None:
    assert 0 < LARGEST[kind].gas <= GAS_CALL_MAX


def test_the_page_has_the_table_that_is_true() -> None:
    text = PAGE.read_text()
    assert text == page_of(text), "run `python -m tests.call_gas --write`"


def test_valuing_the_busiest_portfolio_is_within_its_limit() -> None:
    portfolio, prices = valued()
    assert portfolio > 2 * 16, "each position or asset, and the market of each"
    assert verdict_gas(Work(cost=max(portfolio, prices))) < VALUE_GAS


# What is counted


@dataclass
class CountingBls(FakeBls):
    """Counts the keys of each signature that it checks."""

    checked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def is_possessed(self, key: bytes, proof: bytes) -> bool:
        self.checked.append(1)
        return super().is_possessed(key, proof)

    def verify(self, keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
        self.checked.append(len(keys))
        return super().verify(keys, message, signature)


def test_each_signature_that_is_checked_is_paid_for_and_no_other() -> None:
    bls = CountingBls()
    guild = Guild(bls=bls)
    world, fresh = guild.world, guild.join(50)
    call = guild.attestation([0, 1, 3])
    for sender, made, signers in (
        (USER, replace(fresh, amount=1), 0),
        (USER, call, 3),
        (USER, replace(call, aggregate=b"junk", signers=b"\x04"), 1),
        (CHALLENGER, guild.slash(guild.claim, [0, 1, 3]), 0),
        (CHEAT, guild.withdrawal(), 3),
        (USER, fresh, 0),
    ):
        bls.checked.clear()
        result = world.call(sender, made)
        counted = sum(map(signature_gas, bls.checked)) + signers * STAKE_GAS
        proof = result.gas - gas_of(made) - counted
        if isinstance(made, ClaimWithdrawal):
            assert result.ok
            assert 0 < proof < 10_000, "one leaf, and no more"
        else:
            assert proof == 0, (made, result)


def test_a_proof_is_paid_for_by_what_it_opens_and_what_is_read() -> None:
    exchange = stopped()
    exchange.open()
    account = exchange.world.account(OTHER)
    call = exchange.portfolio_call(account)
    work = Work(decoded=len(call.proof))
    tree = open_state(call.proof, exchange.tree.root, work)
    assert worth_of_portfolio(State(CountedStore(tree, work), exchange.rules), account, 0)
    result = exchange.call(call)
    assert result.ok
    assert result.gas == gas_of(call) + verdict_gas(work)
    part = exchange.proof(lambda state: state.portfolio(exchange.world.account(LENDER) << 8))
    little = replace(exchange.portfolio_call(exchange.world.account(LENDER)), proof=part)
    refused = exchange.call(little)
    assert refused.code is C.STATE_PROOF
    assert refused.gas > gas_of(little) + 10_000, "who proves too little pays as well"


def test_an_owner_pays_for_the_assets_that_he_is_paid() -> None:
    exchange = stopped()
    exchange.open()
    exchange.register_all()
    exchange.l1.wait(ESCAPE_MS)
    call = PayEscape(owner(OTHER))
    result = exchange.call(call)
    assert result.ok
    assert result.gas == gas_of(call) + len(exchange.l1.state.pots) * POT_GAS
    assert exchange.call(call).gas == gas_of(call), "nothing is paid twice, nor paid for"


# Too much


def test_a_call_that_needs_more_than_a_call_has_is_none() -> None:
    world = L1World(gas_price=100)
    before = world.state.digest()
    for call in (
        Append(0, bytes(1 << 20)),
        Propose(0, b"", bytes(1 << 20)),
        RegisterPortfolio(0, 0, bytes(1 << 20)),
        Freeze(0, bytes(1 << 20)),
    ):
        assert gas_of(call) > GAS_CALL_MAX
        result = world.call(USER, call)
        assert (result.code, result.gas) == (C.OUT_OF_GAS, 0)
        assert result.message.startswith("OUT_OF_GAS: ")
    assert world.state.digest() == before


def test_the_largest_entry_is_taken_and_a_byte_more_is_not() -> None:
    size = ENTRY_BYTES_MAX - 3 - 4 * FRAMES_MAX
    data = encode_entry([bytes(size // FRAMES_MAX)] * FRAMES_MAX)
    assert len(data) <= ENTRY_BYTES_MAX
    assert limit_of(Append(0, data), SETTLE_MAX) < GAS_CALL_MAX


def test_work_that_comes_to_more_than_a_call_has_is_refused_and_paid_for() -> None:
    meter = Meter(limit=1_000)
    meter.charge(1_000)
    with pytest.raises(Refusal) as refused:
        meter.charge(1)
    assert (refused.value.code, meter.gas) == (C.OUT_OF_GAS, 1_000)


def test_a_proof_of_too_much_is_refused_for_want_of_gas() -> None:
    """It fits into a call as it is; opening it does not."""
    world = L1World()
    world.append()
    leaves = 24_000
    tree = Tree.from_items((withdrawal_key(n), b"x") for n in range(leaves))
    output, trace = output_with(world.state.claims[0].output, tree.root)
    claim = world.call(PROPOSER, propose_output(0, output, trace)).value
    world.wait(world.rules.window_ms)
    recording = RecordingTree(tree)
    for number in range(leaves):
        recording.get(withdrawal_key(number))
    call = ClaimWithdrawal(claim, 0, recording.witness({}))
    assert gas_of(call) < limit_of(call, SETTLE_MAX) == GAS_CALL_MAX
    result = world.call(USER, call)
    assert (result.code, result.gas) == (C.OUT_OF_GAS, GAS_CALL_MAX)


def test_the_worst_segment_is_convicted_however_many_claims_wait_or_die_with_it() -> None:
    """Marking others takes gas that a verdict may need: it is done with what is left."""
    size, work = worst_proof(traffic_rules(), DEPTH)
    world = L1World()
    rich = (CHEAT, PROPOSER, CHALLENGER)
    for address in rich:
        world.contract.mint(address, 1 << 50, 0)
    world.append()
    world.append()
    for lie in range(2, 20):
        world.propose(lie=lie)
    wrong = world.propose(lie=1)
    for lie in range(20, 40):
        world.propose(wrong, lie=lie)
    accusation = replace(world.accusation(wrong), witness=bytes(size))
    judged = Verdict(True, "", 1, accusation.correct_root, work)
    world.contract.judge = lambda *_: judged
    assert world.commit(accusation).ok
    world.block += 9
    world.time = world.state.claims[wrong].time + WINDOW_MS - 2_000
    due = [n for n in world.state.pending if world.state.claims[n].time + WINDOW_MS < world.time]
    assert len(due) >= SETTLE_MAX
    result = world.call(CHALLENGER, accusation)
    assert result.ok, result
    assert GAS_CALL_MAX - 2 * MARK_GAS < result.gas <= GAS_CALL_MAX
    assert world.status(wrong) is ClaimStatus.CONVICTED


def test_a_contradiction_that_opens_too_much_is_refused_and_stops_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exchange = Exchange()
    exchange.extend()
    cursor = exchange.ends()[0]
    exchange.finish()
    (found,) = exchange.accuse(exchange.sign(cursor, cost=cursor.cost ^ 1))

    def opens_too_much(*arguments: Any) -> str:
        arguments[-1].hash(1_000_000, 32)
        return "there is another block"

    with monkeypatch.context() as patch:
        patch.setattr(promises, "find_contradiction", opens_too_much)
        assert exchange.send(CHALLENGER, found.call).code is C.OUT_OF_GAS
    assert exchange.send(CHALLENGER, found.call).ok


def test_no_block_of_l1_has_a_call_that_may_take_more_than_all_of_it() -> None:
    world = deployment()
    contract = Contract(world, judge_by_truth)
    chain = Chain(contract, ChainSettings(gas_target=200_000), [], {})
    small = sign_call(L1_CHAIN_ID, world.rules.rollup, USER_KEY, 0, LeaveBond())
    most = limit_of(LeaveBond(), world.settle_max)
    with pytest.raises(Refusal) as refused:
        chain.submit(small)
    assert refused.value.code is C.OUT_OF_GAS
    assert f"{most} gas" in refused.value.message
    chain = Chain(contract, ChainSettings(gas_target=most // 2 + 1), [], {})
    assert chain.submit(small)
    vast = sign_call(L1_CHAIN_ID, world.rules.rollup, USER_KEY, 1, Append(0, bytes(1 << 20)))
    with pytest.raises(Refusal) as refused:
        Chain(contract, ChainSettings(), [], {}).submit(vast)
    assert refused.value.code is C.OUT_OF_GAS
