"""Challengers against the contract model: agreement, conviction, and bad days."""

import argparse
import asyncio
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from node.storage.database import Database
from prover.board import Board
from prover.bundle import BundledClaim, encode_bundle
from prover.cases import Standing
from prover.challenger import Challenger
from prover.cli import add_commands
from prover.contract.calls import CommitFault, ProveFault
from prover.contract.records import ClaimStatus, QueuedItem
from prover.contract.rules import ContractRules
from prover.contract.versions import list_versions
from prover.defence import Defence
from prover.drill import corrupt
from prover.keeper import SCHEMA, Keeper
from prover.outputs import genesis_output
from prover.patrol import Patrol
from prover.replica import Derived, Replica, genesis_replica
from prover.traffic import START_MS, Traffic, key_of, traffic_rules
from statemachine.identity.signing import address_of
from tests.simulation.memory_l1 import MemoryChain, MemoryL1, is_ok
from tests.waiting import until

SEQUENCER = address_of(key_of("sequencer"))
PROPOSER = address_of(key_of("proposer"))
DEFENDER = address_of(key_of("defender"))
RIVAL = address_of(key_of("rival"))
WINDOW_MS = 100_000
BOND = 1_000_000_000


class Tick:
    """A clock that moves by a millisecond whenever it is read."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 1_000_000
        return self.now


@dataclass
class Post:
    """A challenger with everything around it."""

    patrol: Patrol
    core: Challenger
    stream: io.StringIO

    def round(self, rounds: int = 1) -> None:
        async def go() -> None:
            for _ in range(rounds):
                await self.patrol.make_round()

        asyncio.run(go())

    @property
    def said(self) -> str:
        return self.stream.getvalue()

    def standing(self, number: int) -> Standing:
        return self.core.docket.claims[number].standing


class Scene:
    """A contract, an honest derivation beside it, and the hands of everyone on L1."""

    def __init__(self, window_ms: int = WINDOW_MS) -> None:
        rules = traffic_rules()
        self.honest = genesis_replica(rules, START_MS)
        genesis = genesis_output(rules.chain_id, rules.hash, self.honest.tree.root)
        self.deployment = ContractRules(
            l1_chain_id=1,
            rules=rules,
            genesis=genesis,
            genesis_time_ms=START_MS,
            sequencer=SEQUENCER,
            window_ms=window_ms,
            bond_gwei=BOND,
            commitment_blocks_min=2,
            deposit_micros_min=1,
            liveness_ms_max=10_000_000,
        )
        self.chain = MemoryChain(self.deployment, START_MS)
        self.traffic = Traffic(11, traders=6)
        self.traffic.inbox = []
        for who in (SEQUENCER, PROPOSER, DEFENDER, RIVAL):
            self.chain.contract.mint(who, 100 * BOND, 0)
        for key in self.traffic.keys:
            owner = address_of(key)
            self.chain.contract.mint(owner, BOND, 10**11)
            is_ok(asyncio.run(MemoryL1(self.chain, owner).deposit(owner, 0, 10**10)))
        self.derived: list[Derived] = []
        self.salts = 0

    def draw_salt(self) -> bytes:
        """Return a salt that was never drawn before."""
        self.salts += 1
        return self.salts.to_bytes(32, "big")

    def append(self, frames: int = 2) -> Derived:
        """Let the sequencer append an entry; return what it honestly makes."""
        state = self.chain.contract.state
        self.traffic.inbox = [queued.item for queued in state.inbox]
        self.traffic.height = self.honest.head.height
        self.traffic.consumed = self.honest.head.inbox_index
        self.traffic.now = max(self.chain.time, self.honest.cursor.time)
        frame_log = self.traffic.make_entry(frames, 20)
        self.chain.time = max(self.chain.time, self.traffic.now)
        index = len(state.log)
        l1 = MemoryL1(self.chain, SEQUENCER)
        data = frame_log.data or b"\x01\x00\x01garbage"
        is_ok(asyncio.run(l1.append(index, data)))
        return self.derive(index)

    def derive(self, index: int) -> Derived:
        """Follow the log honestly."""
        state = self.chain.contract.state
        self.honest.add_inbox(0, [queued.item for queued in state.inbox])
        self.honest.book.learn(list_versions(self.deployment, state))
        entry = asyncio.run(MemoryL1(self.chain).log_entries(index))[0]
        derived = self.honest.feed(entry)
        self.derived.append(derived)
        return derived

    def propose(self, parent: int, derived: Derived, how: str = "", segment: int = 1) -> int:
        """Claim an output, spoilt if ``how`` says so; return the claim's number."""
        output, trace = derived.output, derived.trace
        if how:
            output, trace = corrupt(derived, how, segment, how)
        above = self.chain.contract.state.claims[parent].output
        output = replace(output, previous_output=above.hash)
        l1 = MemoryL1(self.chain, PROPOSER)
        receipt = asyncio.run(l1.propose(parent, output, trace))
        is_ok(receipt)
        return receipt.value

    def station(
        self,
        *,
        defends: bool = True,
        datadir: Path | None = None,
        disk: Database | None = None,
        payee: bytes = DEFENDER,
    ) -> Post:
        """Put a challenger on duty."""
        keeper = None if disk is None else Keeper(disk, self.deployment)
        replica: Replica
        replica = (
            genesis_replica(self.deployment.rules, START_MS) if keeper is None else (keeper.load())
        )
        kept = {} if keeper is None else keeper.cases()
        tick = Tick()
        defence = None
        if defends:
            defence = Defence(self.deployment, payee, kept, self.draw_salt, tick)
        core = Challenger(self.deployment, replica, tick, defence)
        stream = io.StringIO()
        status = None if datadir is None else datadir / "status.json"
        mode = "defend" if defends else "watch"
        board = Board(mode, stream, as_json=False, path=status, port=None)
        l1 = MemoryL1(self.chain, payee if defends else b"")
        return Post(Patrol(l1, core, board, keeper, lambda: START_MS), core, stream)

    def status_of(self, claim: int) -> ClaimStatus:
        return self.chain.contract.state.claims[claim].status


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_honest_claims_are_agreed_with_and_become_final(scene: Scene, tmp_path: Path) -> None:
    post = scene.station(datadir=tmp_path)
    parent = 0
    for _ in range(3):
        parent = scene.propose(parent, scene.append())
        post.round()
        assert f"agreed with claim {parent} root" in post.said
    assert "1 min 40 s left" in post.said
    status = json.loads((tmp_path / "status.json").read_text())
    assert status["verdicts"]["agreed"] == 3
    assert status["derived"]["entries"] == 3
    scene.chain.mine(3, WINDOW_MS)
    post.round()
    assert [post.standing(n) for n in (1, 2, 3)] == [Standing.FINAL] * 3
    assert not any(isinstance(call, CommitFault | ProveFault) for call in scene.chain.calls)


@pytest.mark.parametrize("how", ["root", "short", "long", "start", "post root"])
def test_a_wrong_claim_and_its_descendants_die(scene: Scene, how: str) -> None:
    post = scene.station()
    first, second = scene.append(), scene.append()
    good = scene.propose(0, first)
    wrong = scene.propose(good, second, how)
    third = scene.append()
    child = scene.propose(wrong, third)
    before = scene.chain.contract.state.account_of(DEFENDER).eth
    for _ in range(6):
        post.round()
        scene.chain.mine()
    assert scene.status_of(good) is ClaimStatus.PENDING
    assert scene.status_of(wrong) is ClaimStatus.CONVICTED
    assert scene.status_of(child) is ClaimStatus.ORPHANED
    gained = scene.chain.contract.state.account_of(DEFENDER).eth - before
    assert gained > BOND // 3
    assert f"disagreed with claim {wrong}" in post.said
    assert f"claim {child} builds on claim {wrong}, which is wrong" in post.said
    assert f"claim {wrong} is dead: convicted" in post.said
    right = scene.propose(good, second)
    post.round()
    assert post.standing(right) is Standing.AGREED


def test_a_latecomer_judges_what_became_final(scene: Scene) -> None:
    good = scene.propose(0, scene.append())
    wrong = scene.propose(good, scene.append(), "root")
    scene.chain.mine(2, WINDOW_MS)
    post = scene.station()
    post.round()
    assert f"agreed with claim {good}" in post.said
    assert f"claim {wrong} is WRONG and became final" in post.said
    assert post.standing(good) is post.standing(wrong) is Standing.FINAL


def test_a_latecomer_does_not_fight_the_dead(scene: Scene) -> None:
    wrong = scene.propose(0, scene.append(), "root")
    early = scene.station()
    for _ in range(4):
        early.round()
        scene.chain.mine()
    post = scene.station(payee=RIVAL)
    post.round(2)
    assert post.standing(wrong) is Standing.DEAD
    assert "disagreed" not in post.said


def test_a_watcher_says_it_and_sends_nothing(scene: Scene) -> None:
    post = scene.station(defends=False)
    scene.propose(0, scene.append(), "root")
    assert asyncio.run(post.patrol.run(0.001, until_wrong=True)) is False
    assert "ALERT disagreed with claim 1" in post.said
    assert not any(isinstance(call, CommitFault | ProveFault) for call in scene.chain.calls)
    scene.chain.mine(1, WINDOW_MS * 6 // 10)
    post.round()
    assert "claim 1 is wrong and still stands, 40 s left" in post.said
    scene.chain.mine(2, WINDOW_MS)
    post.round()
    assert "claim 1 is WRONG and became final" in post.said


def test_a_defender_who_crashed_opens_the_commitment_he_made(scene: Scene, tmp_path: Path) -> None:
    wrong = scene.propose(0, scene.append(), "root")
    with Database(tmp_path / "store", SCHEMA) as disk:
        scene.chain.lose_answers = 1
        first = scene.station(disk=disk)
        first.round()
        assert "sending failed" in first.said
    assert len(scene.chain.contract.state.commitments) == 1
    with Database(tmp_path / "store", SCHEMA) as disk:
        second = scene.station(disk=disk)
        for _ in range(4):
            second.round()
            scene.chain.mine()
        assert "going on with the commitment of L1 block" in second.said
    assert scene.status_of(wrong) is ClaimStatus.CONVICTED


def test_a_claim_that_is_dead_already_is_a_success(scene: Scene) -> None:
    wrong = scene.propose(0, scene.append(), "root")
    slow, fast = scene.station(payee=DEFENDER), scene.station(payee=RIVAL)
    slow.round()
    for _ in range(5):
        fast.round()
        scene.chain.mine()
    assert scene.status_of(wrong) is ClaimStatus.CONVICTED
    assert slow.standing(wrong) is Standing.WRONG
    slow.round()
    assert "claim 1 is dead: convicted" in slow.said
    assert "ALERT claim" not in slow.said


def test_an_unreachable_l1_is_waited_for(scene: Scene) -> None:
    post = scene.station()
    scene.propose(0, scene.append(), "root")
    scene.chain.unreachable = True

    async def go() -> None:
        duty = asyncio.create_task(post.patrol.run(0.001))
        await until(lambda: "waiting for it" in post.said)
        scene.chain.unreachable = False
        await until(lambda: "L1 answers again" in post.said)
        duty.cancel()

    asyncio.run(asyncio.wait_for(go(), 10))
    assert "committing to the fault" in post.said


def test_a_reorganised_log_is_derived_again(scene: Scene) -> None:
    post = scene.station()
    first = scene.append()
    scene.propose(0, first)
    post.round()
    scene.append()
    post.round()
    assert post.core.replica.next_index == 2
    old = scene.propose(1, scene.derived[1])
    post.round()
    assert post.standing(old) is Standing.AGREED
    scene.chain.reorganise(2)
    scene.honest.undo()
    other = scene.append(frames=1)
    claim = scene.propose(1, other)
    assert claim == old
    post.round()
    assert "log entry 1 is taken back" in post.said
    assert post.standing(claim) is Standing.AGREED
    assert post.core.replica.head == other.output
    assert "disagreed" not in post.said


def test_a_log_that_was_cut_short_is_followed_back(scene: Scene) -> None:
    post = scene.station()
    first = scene.append()
    scene.append()
    scene.propose(0, first)
    post.round()
    scene.chain.reorganise(2)
    post.round()
    assert post.core.replica.head == first.output
    assert post.core.docket.claims == {}


def test_a_conviction_that_a_reorganisation_undid_is_won_again(scene: Scene) -> None:
    post = scene.station()
    wrong = scene.propose(0, scene.append(), "root")
    while scene.status_of(wrong) is not ClaimStatus.CONVICTED:
        post.round()
        scene.chain.mine()
    post.round()
    assert post.standing(wrong) is Standing.DEAD
    while scene.status_of(wrong) is ClaimStatus.CONVICTED:
        scene.chain.reorganise(1)
    scene.chain.mine(1)
    for _ in range(6):
        post.round()
        scene.chain.mine()
    assert scene.status_of(wrong) is ClaimStatus.CONVICTED
    assert "claim 1 is open again" in post.said


def test_settled_state_is_where_a_restart_begins(scene: Scene, tmp_path: Path) -> None:
    with Database(tmp_path / "store", SCHEMA) as disk:
        post = scene.station(disk=disk)
        parent = 0
        for _ in range(3):
            parent = scene.propose(parent, scene.append())
        post.round()
        scene.chain.mine(5, WINDOW_MS)
        post.round()
        scene.chain.mine(4)
        post.round()
        assert not post.core.replica.history
    with Database(tmp_path / "store", SCHEMA) as disk:
        again = scene.station(disk=disk)
        assert again.core.replica.next_index == 3
        wrong = scene.propose(parent, scene.append(), "root")
        for _ in range(4):
            again.round()
            scene.chain.mine()
        assert scene.status_of(wrong) is ClaimStatus.CONVICTED


def test_a_final_claim_is_not_settled_before_its_l1_block(scene: Scene) -> None:
    post = scene.station()
    claim = scene.propose(0, scene.append())
    post.round()
    scene.chain.mine(1, WINDOW_MS + 1)
    post.round()
    assert post.standing(claim) is Standing.FINAL
    assert len(post.core.replica.history) == 1
    scene.chain.mine(4)
    post.round()
    assert len(post.core.replica.history) == 0


def test_a_claim_that_is_final_again_after_a_reorg_is_not_settled_by_the_first_time(
    scene: Scene,
) -> None:
    post = scene.station()
    claim = scene.propose(0, scene.append())
    scene.chain.mine(4)
    post.round()
    scene.chain.mine(1, WINDOW_MS)
    post.round()
    assert post.standing(claim) is Standing.FINAL
    scene.chain.reorganise(1)
    scene.chain.time = scene.chain.headers[-1].time
    scene.chain.mine(2)
    scene.chain.mine(1, WINDOW_MS)
    scene.chain.mine(1)
    post.round()
    assert post.standing(claim) is Standing.FINAL
    assert len(post.core.replica.history) == 1, "the block that made it final is not final"
    scene.chain.mine(2)
    post.round()
    assert len(post.core.replica.history) == 0


def test_answers_of_two_forks_accuse_nobody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    post = scene.station()
    scene.propose(0, scene.append())
    true = MemoryL1.inbox_items

    async def of_another_fork(l1: MemoryL1, from_index: int) -> list[QueuedItem]:
        page = await true(l1, from_index)
        final = (await l1.head()).final.number
        return [
            queued
            if queued.block <= final
            else replace(queued, item=replace(queued.item, sub=9), accumulator=b"?" * 32)
            for queued in page
        ]

    monkeypatch.setattr(MemoryL1, "inbox_items", of_another_fork)
    post.round()
    monkeypatch.setattr(MemoryL1, "inbox_items", true)
    assert post.core.replica.next_index == 0
    scene.chain.mine(1)
    post.round()
    assert post.standing(1) is Standing.AGREED
    assert "disagreed" not in post.said


def test_data_that_l1_does_not_have_is_told_once(scene: Scene) -> None:
    post = scene.station()
    scene.propose(0, scene.append())
    data, scene.chain.data[0] = scene.chain.data[0], b""
    for _ in range(3):
        post.round()
        scene.chain.mine()
    assert post.said.count("L1 serves bytes not under its root") == 1
    assert post.standing(1) is Standing.WAITING
    scene.chain.data[0] = data
    post.round()
    assert "entry 0: L1 serves its bytes again" in post.said
    assert post.standing(1) is Standing.AGREED


def run_command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser)
    arguments = parser.parse_args(words)
    code: int = arguments.run(arguments)
    return code


def test_verify_batch_and_explain_need_no_network(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = scene.append()
    second = scene.append()
    output, trace = corrupt(second, "root", 1, "x")
    items = scene.honest.inbox
    entries = asyncio.run(MemoryL1(scene.chain).log_entries(0))
    good = BundledClaim(1, first.output, first.trace)
    bad = BundledClaim(2, output, trace)
    for name, claims in (("good", [good]), ("bad", [good, bad])):
        text = encode_bundle(scene.deployment, items, entries, claims)
        (tmp_path / name).write_text(text)
    (tmp_path / "garbage").write_text("{}")
    assert run_command("verify-batch", str(tmp_path / "good")) == 0
    assert run_command("verify-batch", str(tmp_path / "bad")) == 1
    assert "claim 2" in capsys.readouterr().out
    assert run_command("verify-batch", str(tmp_path / "garbage")) == 3
    assert run_command("verify-batch", str(tmp_path / "missing")) == 3
    for field, value in (("time", 1 << 62), ("time", -1), ("inbox_count", -1), ("version", True)):
        held = json.loads((tmp_path / "good").read_text())
        held["entries"][0][field] = value
        (tmp_path / "garbled").write_text(json.dumps(held))
        assert run_command("verify-batch", str(tmp_path / "garbled")) == 3, field
    capsys.readouterr()
    assert run_command("explain", "2", "--file", str(tmp_path / "bad"), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["segment"], told["verdict"]) == ("SEGMENT", 1, "convicted")
    assert told["writes_total"] == len(told["writes"]) or told["writes_total"] > 64
    assert run_command("explain", "1", "--file", str(tmp_path / "bad")) == 0
