"""Other rules come into force while everybody works: nobody stops or is judged by the wrong ones.

The new rules differ in how fast money may leave, which the user's forced withdrawal
uses up: so the same item of the inbox leads to another state under each.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from node.derivation.follower import Follower
from node.posting.poster import Poster
from node.rebuild import rebuild
from node.roles import NodeFailed, run_group
from node.sequencing.chain import ChainStore
from node.sequencing.sequencer import Execution
from prover.bundle import check_bundle, decode_bundle
from prover.contract.calls import CancelRules, ProveFault, ScheduleRules
from prover.contract.codes import ContractCode
from prover.contract.records import ClaimStatus, RulesVersion
from prover.contract.versions import cancel_until, notice_ms
from prover.entry import parse_entry
from prover.inquiry import fetch_bundle
from prover.keeper import Keeper
from prover.rehearsal import rehearse_defence
from prover.rulesbook import RulesUnknown
from statemachine.codec import pack
from statemachine.frame import decode_frame
from statemachine.rules import RULES_VERSION, Rules
from statemachine.state import State
from tests.e2e.processes import SEQUENCER_KEY
from tests.simulation.memory_l1 import MemoryL1
from tests.simulation.town import (
    BLOCK_EVERY,
    DEFENDER,
    DEPOSIT,
    FINAL_BLOCKS,
    FOLLOWER,
    GOVERNOR,
    POSTER,
    USER,
    WITHDRAWAL,
    Town,
)

VELOCITY = 5_000_000
LEAD_MS = 20_000
"""How long before the change everybody is at work again."""
SOON = 3
"""Blocks after which L1 calls one final, where it must not take long."""
Plot = Callable[[Town], Awaitable[None]]


class OldSoftware(MemoryL1):
    """L1 as a program sees it that does not know the newest rules."""

    async def versions(self) -> list[RulesVersion]:
        unknown = pack([RULES_VERSION + 1, b"a field that nobody here has heard of"])
        known = await super().versions()
        return [each if each.number == 1 else replace(each, rules=unknown) for each in known]


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Plot], None]:
    """Return what plays a plot in a town whose user has deposited."""

    def run(plot: Plot) -> None:
        async def play() -> None:
            async with Town(tmp_path, monkeypatch) as town:
                await town.until(lambda: len(town.taken) == 1)
                town.works = True
                await plot(town)

        asyncio.run(play())

    return run


def new_rules(town: Town) -> Rules:
    """Return rules by which money leaves slowly."""
    return replace(town.contract.rules, velocity_min=VELOCITY)


def left_to_leave(town: Town) -> int:
    """Return how much more may leave, in micros, as the last withdrawal noted it."""
    return State(town.follower.store, town.follower.rules).velocity().capacity


def schedule(town: Town, version: int = 2) -> int:
    """Let the governor announce the new rules; return when they come."""
    starts = town.l1.time + 1_000 + notice_ms(town.contract, town.contract.rules)
    call = ScheduleRules(version, starts, new_rules(town).encode())
    assert town.l1.execute(GOVERNOR, call).ok
    return starts


async def come_near(town: Town, starts: int) -> None:
    """Let all rest until shortly before the change, then go on."""
    await town.rest()
    town.l1.mine(1, starts - LEAD_MS - FINAL_BLOCKS * 1_000 - town.l1.time)
    town.l1.mine(FINAL_BLOCKS)
    await town.tick()


async def pass_by(town: Town) -> None:
    """Go on until the log has entries of the new rules."""
    await town.until(lambda: town.state.log[-1].version > 1)


def times_of(town: Town) -> list[tuple[int, int]]:
    """Return (version of its entry, time) of each block in the log."""
    return [
        (header.version, decode_frame(frame).time)
        for header in town.state.log
        for frame in parse_entry(town.l1.data[header.index])
    ]


def test_everybody_goes_over_at_the_same_entry(tell: Callable[[Plot], None]) -> None:
    async def plot(town: Town) -> None:
        starts = schedule(town)
        await come_near(town, starts)
        assert town.core.rules == town.contract.rules
        await pass_by(town)
        town.wants_withdrawal = True
        await town.until(lambda: len(town.taken) == 2)
        await town.rest()
        await town.check()
        times = times_of(town)
        assert {version for version, _ in times} == {1, 2}
        assert all((version == 2) == (time >= starts) for version, time in times)
        assert town.core.rules == town.follower.rules == new_rules(town)
        assert town.follower.status().rules_hash == new_rules(town).hash
        assert left_to_leave(town) == VELOCITY - WITHDRAWAL
        versions = [header.version for header in town.state.log]
        for claim in town.state.claims[1:]:
            version = versions[claim.output.log_index - 1]
            assert claim.output.rules_hash == town.follower.chain.book.hash_at(version)

    tell(plot)


def test_who_wants_out_is_paid_before_the_change(tell: Callable[[Plot], None]) -> None:
    """By the old rules: he has the notice for it."""

    async def plot(town: Town) -> None:
        starts = schedule(town)
        town.wants_withdrawal = True
        await town.until(lambda: 0 in town.state.paid)
        assert town.l1.time < starts
        assert left_to_leave(town) == town.contract.rules.velocity_min - WITHDRAWAL
        await come_near(town, starts)
        await pass_by(town)
        await town.rest()
        await town.check()
        assert town.state.account_of(USER).token == WITHDRAWAL
        assert town.state.totals.token_escrowed == DEPOSIT - WITHDRAWAL

    tell(plot)


def test_blocks_made_before_and_posted_after_keep_their_rules(
    tell: Callable[[Plot], None],
) -> None:
    async def plot(town: Town) -> None:
        starts = schedule(town)
        await come_near(town, starts)
        town.posts, made = False, town.core.cursor.height
        await town.until(lambda: town.core.cursor.time >= starts)
        assert town.core.cursor.height > made + 1, "on both sides"
        town.posts = True
        await town.rest()
        await town.check()
        late = [h for h in town.state.log if h.version == 1 and h.time >= starts]
        assert late, "in L1's log after the change"
        times = times_of(town)
        assert all((version == 2) == (time >= starts) for version, time in times)

    tell(plot)


@pytest.mark.parametrize("again", [False, True], ids=["lost", "later"])
@pytest.mark.parametrize("depth", [3, 40])
def test_a_reorg_across_the_change_changes_nothing(
    tell: Callable[[Plot], None], depth: int, again: bool
) -> None:
    async def plot(town: Town) -> None:
        starts = schedule(town)
        await come_near(town, starts)
        await pass_by(town)
        await town.tick()
        await town.reorganise(depth, again=again)
        await pass_by(town)
        await town.rest()
        await town.check()
        assert all((version == 2) == (time >= starts) for version, time in times_of(town))

    tell(plot)


def test_an_announcement_that_l1_takes_back_never_was(tell: Callable[[Plot], None]) -> None:
    async def plot(town: Town) -> None:
        schedule(town)
        await town.tick()
        assert 2 in town.follower.chain.book.versions
        assert 2 not in town.core.book.versions, "it is not final"
        town.l1.reorganise(10)
        town.l1.mine(10)
        await town.tick()
        assert not town.follower.chain.book.versions
        assert not town.patrol.core.replica.book.versions
        await town.rest()
        await town.check()

    tell(plot)


def test_rules_that_are_taken_back_do_not_come(tell: Callable[[Plot], None]) -> None:
    async def plot(town: Town) -> None:
        starts = schedule(town)
        await town.tick()
        assert town.l1.execute(GOVERNOR, CancelRules(2)).ok
        await come_near(town, starts)
        await town.until(lambda: town.core.cursor.time > starts)
        await town.rest()
        await town.check()
        assert {version for version, _ in times_of(town)} == {1}

    tell(plot)


@pytest.mark.parametrize("goes_over", [True, False], ids=["with the change", "after it"])
def test_who_was_killed_comes_back_under_the_right_rules(
    tell: Callable[[Plot], None], goes_over: bool
) -> None:
    """Before L1 answers: what is on disk is enough."""

    async def plot(town: Town) -> None:
        starts = schedule(town)
        await come_near(town, starts)
        if goes_over:
            town.works = False
            await town.until(lambda: town.l1.time >= starts)
            assert town.core.rules == town.contract.rules
        else:
            await pass_by(town)
        await town.tick()
        kill_sequencer(town)
        assert town.core.rules == new_rules(town)
        town.poster.close()
        town.follower.close()
        town.follower = Follower(town.folder / "follower", town.contract, MemoryL1(town.l1))
        assert (town.follower.rules == new_rules(town)) is not goes_over
        town.poster = Poster(
            town.folder / "poster",
            town.contract,
            MemoryL1(town.l1, POSTER),
            town.source,
            batch_ms=0,
        )
        town.poster.doubt()
        town.patrol = town.make_patrol()
        town.works = True
        await town.rest()
        await town.check()
        assert Keeper(town.store, town.contract).load().rules == new_rules(town)

    tell(plot)


def kill_sequencer(town: Town) -> None:
    """Let the sequencer die between a block's journal and its state, and come back."""
    execution: Execution | None = town.core.build(town.l1.time)
    assert execution is not None
    height, segments = execution.source.height, execution.segments
    town.disk.journal.append(execution.source)
    town.roots[height] = [town.tree.update(writes) for writes in segments]
    town.disk.close()
    town.disk = ChainStore(town.folder / "sequencer", "test", town.contract)
    town.core = town.make_core()
    assert town.disk.replay(town.core) == 1
    assert town.core.cursor.hash == execution.block.cursor.hash


def test_a_dispute_about_the_old_rules_goes_on_under_the_new_ones(
    tell: Callable[[Plot], None],
) -> None:
    async def plot(town: Town) -> None:
        town.l1.final_blocks = SOON  # whoever lies, too, waits for that
        starts = schedule(town)
        await come_near(town, starts)
        town.poster.corrupt_next_claim("segment-root", None)
        await town.until(lambda: bool(town.stages))
        [lie] = [c for c in town.state.claims if c.status is ClaimStatus.PENDING][-1:]
        assert town.l1.time < starts
        town.l1.mine(1, starts - town.l1.time)
        await town.until(lambda: town.has_status(ClaimStatus.CONVICTED))
        proofs = [(b, call) for b, _, call in town.l1.sent if isinstance(call, ProveFault)]
        [(block, proof)] = proofs
        assert town.l1.block_at(block).time >= starts
        assert town.state.log[town.state.claims[proof.claim].output.log_index - 1].version == 1
        assert proof.claim <= lie.number
        await pass_by(town)
        await town.rest()
        await town.check()

    tell(plot)


def test_a_lie_about_the_new_rules_is_convicted(tell: Callable[[Plot], None]) -> None:
    async def plot(town: Town) -> None:
        town.l1.final_blocks = SOON  # whoever lies, too, waits for that
        starts = schedule(town)
        await come_near(town, starts)
        await pass_by(town)
        town.wants_withdrawal = True
        town.poster.corrupt_next_claim("segment-root", None)
        await town.until(lambda: town.has_status(ClaimStatus.CONVICTED))
        await town.rest()
        await town.check()
        wrong = [c for c in town.state.claims if c.status is ClaimStatus.CONVICTED]
        assert [town.state.log[c.output.log_index - 1].version for c in wrong] == [2]

    tell(plot)


def test_old_software_halts_at_the_change_and_a_new_one_goes_on(
    tell: Callable[[Plot], None],
) -> None:
    async def plot(town: Town) -> None:
        starts = schedule(town)
        town.follower.deriver.l1 = OldSoftware(town.l1)
        town.patrol.l1 = OldSoftware(town.l1)
        await come_near(town, starts)
        await town.until(lambda: town.core.cursor.time >= starts - 2 * BLOCK_EVERY * 1_000)
        head = town.follower.chain.head
        with pytest.raises(RulesUnknown, match="upgrade sextant"):
            await pass_by(town)
        assert town.follower.chain.head.log_index >= head.log_index
        assert town.follower.rules == town.contract.rules
        with pytest.raises(NodeFailed, match="RulesUnknown: rules version 2 is in force"):
            await run_group(town.follower.run())
        await town.patrol.make_round()
        told = town.stream.getvalue()
        assert "is NOT known here" in told, "when it was announced"
        assert "REFUSING to judge" in told, "when it came"
        assert not town.stages, "nobody is accused"
        assert not town.patrol.core.docket.wrong
        town.follower.deriver.l1 = MemoryL1(town.l1, FOLLOWER)
        town.patrol.l1 = MemoryL1(town.l1)
        town.stream.truncate(0)
        await town.tick()
        await town.rest()
        await town.check()

    tell(plot)


def test_an_old_sequencer_makes_no_block_by_rules_that_it_does_not_know(
    tell: Callable[[Plot], None],
) -> None:
    async def plot(town: Town) -> None:
        town.view.l1 = OldSoftware(town.l1)
        starts = schedule(town)
        await come_near(town, starts)
        with pytest.raises(RulesUnknown, match="rules version 2 is in force"):
            await town.until(lambda: town.core.cursor.time >= starts)
        assert town.core.cursor.time < starts
        assert not town.core.queue

    tell(plot)


def test_entries_of_rules_that_are_not_in_force_are_refused(tell: Callable[[Plot], None]) -> None:
    async def plot(town: Town) -> None:
        schedule(town)
        await town.tick()
        poster = MemoryL1(town.l1, POSTER)
        index = len(town.state.log)
        receipt = await poster.append(index, town.l1.data[0], 2)
        assert receipt.code is ContractCode.ENTRY_RULES
        await town.rest()
        await town.check()

    tell(plot)


def test_no_block_is_late_enough_for_rules_that_may_yet_be_taken_back(
    tell: Callable[[Plot], None],
) -> None:
    """Taken back at the last moment, and L1 makes nothing final until they would have come."""

    async def plot(town: Town) -> None:
        starts = schedule(town)
        await town.rest()
        town.works = False
        until = cancel_until(town.contract, town.state.versions[0])
        town.l1.mine(1, until - 1_000 - FINAL_BLOCKS * 1_000 - town.l1.time)
        town.l1.mine(FINAL_BLOCKS)
        await town.tick()
        assert town.l1.time == until
        assert town.l1.execute(GOVERNOR, CancelRules(2), 0).ok
        town.l1.mine(FINAL_BLOCKS - 2, (starts - town.l1.time) // (FINAL_BLOCKS - 3))
        await town.tick()
        assert town.l1.time >= starts
        known = town.core.book
        assert known.version_at(starts) == 2, "that it was taken back is not final"
        assert town.core.horizon < starts
        town.works, town.ticks = True, BLOCK_EVERY
        await town.sequence()
        assert town.core.cursor.time == starts - 1, "as late as can be"
        assert town.core.rules == town.contract.rules
        town.l1.mine(FINAL_BLOCKS)
        await town.tick()
        assert known.version_at(starts) == 1
        await town.rest()
        await town.check()
        assert {version for version, _ in times_of(town)} == {1}

    tell(plot)


def test_bundles_and_drills_go_across_a_change(tell: Callable[[Plot], None]) -> None:
    async def plot(town: Town) -> None:
        starts = schedule(town)
        await come_near(town, starts)
        await pass_by(town)
        await town.rest()
        text = await fetch_bundle(lambda _target, _key: MemoryL1(town.l1), "")
        bundle = decode_bundle(text)
        assert {entry.version for entry in bundle.entries} == {1, 2}
        findings = check_bundle(bundle, lambda _: None)
        assert findings
        assert all(finding.judged and finding.fault is None for finding in findings)
        with pytest.raises(RulesUnknown):
            check_bundle(replace(bundle, versions=[]), lambda _: None)
        drill = await rehearse_defence(bundle, DEFENDER, lambda: 0)
        assert drill.won, drill.lines

    tell(plot)


@pytest.mark.parametrize("role", ["follower", "sequencer"])
def test_what_is_rebuilt_from_l1_goes_over_as_well(
    tell: Callable[[Plot], None], role: str, tmp_path: Path
) -> None:
    async def plot(town: Town) -> None:
        starts = schedule(town)
        await come_near(town, starts)
        await pass_by(town)
        town.wants_withdrawal = True
        await town.until(lambda: len(town.taken) == 2)
        await town.rest()
        l1, place = MemoryL1(town.l1), tmp_path / "new"
        made = await rebuild(place, role, l1, SEQUENCER_KEY, lambda _text: None)
        head = town.follower.chain.head
        assert (made.log_index, made.root) == (head.log_index, head.post_root)
        if role == "sequencer":
            disk = ChainStore(place / role / "chain", "test", town.contract)
            assert disk.book.version_at(starts) == 2
            disk.close()

    tell(plot)
