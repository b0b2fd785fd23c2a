"""Which claim on L1 a reader rests on, and by which rules it is read."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from proto.sextant.v1 import l1_pb2
from prover.contract.calls import propose_output
from sextant.client.anchors import Trust
from sextant.errors import ProofInvalid, Refused
from statemachine import keys
from statemachine.merkle.tree import Tree
from tests.l1_worlds import output_with
from tests.unit.client.claimed import (
    READS,
    ClaimsL1,
    Scene,
    crooked,
    final,
    owner,
    read,
    reading,
    traded,
)
from tests.unit.client.fakes import run
from tests.worlds import world_rules


def test_the_newest_final_claim_is_the_anchor_and_pending_ones_are_safe_at_most() -> None:
    scene = final()
    scene.world.run()
    second = scene.claim(1)

    async def anchors(**options: Any) -> Any:
        async with reading(scene, **options) as (_, verified):
            await verified.read([])
            return verified.anchor

    assert run(anchors()).claim == 1
    assert run(anchors()).trust is Trust.FINAL
    safe = run(anchors(trust=Trust.SAFE))
    assert (safe.claim, safe.trust, safe.contested_by) == (second, Trust.SAFE, ())
    scene.claim(1, lie=True)
    contested = run(anchors(trust=Trust.SAFE))
    assert contested.claim == 1  # neither of two that contradict each other
    named = run(anchors(claim=second))
    assert (named.trust, named.contested_by) == (Trust.SAFE, (3,))
    with pytest.raises(Refused, match="CLAIM_UNKNOWN"):
        run(anchors(claim=9))


def test_a_claim_is_final_only_on_an_l1_block_that_is() -> None:
    scene = final()
    late = ClaimsL1(scene)
    late.lag = 2

    async def anchor() -> Any:
        async with reading(scene, late) as (_, verified):
            return verified.anchor

    assert run(anchor()).claim == 0
    late.lag = 0
    assert run(anchor()).claim == 1


def test_a_claim_that_l1_may_take_back_is_not_safe() -> None:
    """Until its entry is final, whoever is honest proposes nothing beside it."""
    scene = final()
    scene.world.run()
    scene.l1.block += 5
    second = scene.claim(1)
    late = ClaimsL1(scene)

    async def anchor(lag: int) -> int:
        late.lag = lag
        async with reading(scene, late, trust=Trust.SAFE) as (_, verified):
            return verified.anchor.claim

    assert run(anchor(0)) == second
    assert run(anchor(1)) == 1


def test_the_root_of_a_dead_claim_is_no_anchor() -> None:
    scene = traded()
    scene.claim(0, lie=True)
    scene.l1.wait(scene.l1.rules.window_ms + 1)
    assert [claim.status.name for claim in scene.l1.state.claims][1:] == ["FINAL", "SUPERSEDED"]
    with pytest.raises(Refused, match="CLAIM_DEAD"):
        read(scene, READS["account"], claim=2)
    scene.trees[1] = Tree.from_items([(keys.CURSOR_KEY, b"dead")])
    with pytest.raises(ProofInvalid, match="ROOT"):
        read(scene, READS["account"])


def test_a_claim_whose_root_holds_no_such_state_is_said_to_be_wrong() -> None:
    scene = final()
    tree = scene.trees[1].snapshot()
    number = scene.world.state.signer(owner(1)).account  # type: ignore[union-attr]
    tree.update({keys.portfolio_key(number << 8): b"nonsense"})
    crooked(scene, tree)
    with pytest.raises(ProofInvalid, match="RECORD"):
        read(scene, READS["account"], claim=2)


def test_another_deployment_is_not_read_by_these_rules() -> None:
    scene = final()
    l1 = ClaimsL1(scene)
    other = world_rules(rollup=b"\x12" * 20)
    genesis = replace(scene.l1.rules.genesis, rules_hash=other.hash)
    scene.l1.rules = replace(scene.l1.rules, rules=other, genesis=genesis)

    async def story() -> None:
        async with reading(scene, l1):
            pass

    with pytest.raises(ProofInvalid, match="OUTPUT"):
        run(story())


def upgraded() -> Scene:
    """Return a scene whose newest final claim is of the second version of the rules."""
    scene = final()
    after = replace(scene.l1.rules.rules, referral_ppm=0)
    assert scene.l1.schedule(after).ok
    scene.l1.time = scene.l1.state.versions[0].starts
    assert scene.l1.append(2).ok
    before = scene.l1.state.claims[scene.l1.state.newest_final].output
    output, trace = output_with(before, before.post_root)
    named = replace(output, rules_hash=after.hash)
    call = propose_output(scene.l1.state.newest_final, named, trace)
    assert scene.l1.call(b"\x51" * 20, call).ok
    scene.l1.wait(scene.l1.rules.window_ms)
    scene.trees[named.log_index] = scene.trees[before.log_index]
    return scene


class StrangeL1(ClaimsL1):
    """An L1 whose second version is none that this program knows."""

    rules = b"\x91\x09"

    async def list_rules(self, request: Any, context: Any) -> l1_pb2.L1RulesPage:
        page = await super().list_rules(request, context)
        page.versions[1].rules = self.rules
        return page


def test_a_claim_is_read_by_the_rules_of_its_entry() -> None:
    scene = upgraded()

    async def story() -> None:
        async with reading(scene) as (_, verified):
            assert verified.anchor.rules.referral_ppm == 0
            assert verified.anchor.claim == scene.l1.state.newest_final
        async with reading(scene, claim=1) as (_, verified):
            assert verified.anchor.rules == scene.l1.rules.rules

    run(story())


def test_a_claim_under_rules_that_are_not_known_is_not_read() -> None:
    scene = upgraded()
    state, strange = scene.l1.state, StrangeL1.rules
    claim = state.claims[state.newest_final]
    named = replace(claim.output, rules_hash=sha256(strange).digest())
    state.claims.put(claim.number, replace(claim, output=named))

    async def story() -> None:
        async with reading(scene, StrangeL1(scene)):
            pass

    with pytest.raises(ProofInvalid, match="RULES"):
        run(story())
