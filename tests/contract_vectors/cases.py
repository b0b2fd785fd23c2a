"""Calls worlds, and keeps each call as a vector of its own."""

from typing import Any

from prover.contract.calls import KINDS, Call, ProveFault, encode_call
from prover.contract.codes import ContractCode
from prover.contract.context import CallResult
from prover.contract.events import encode_event
from prover.contract.rules import ContractRules
from prover.faults import ClaimFacts, FaultKind, Verdict
from tests.l1_worlds import BOND, L1World, judge_by_truth

FORMAT = 1
GAS_PRICE = 100
"""In gwei per million gas: what a sender pays is a part of the vectors."""
Case = dict[str, Any]


def changes_between(
    before: dict[bytes, bytes], after: dict[bytes, bytes]
) -> dict[bytes, bytes | None]:
    """Return what was stored (or dropped: ``None``) between two states."""
    names = sorted({*before, *after})
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


def case_of(
    rules: ContractRules,
    before: dict[bytes, bytes],
    step: dict[str, Any],
    changes: dict[bytes, bytes | None],
) -> Case:
    """Return one call as a vector of its own: the state before it, and what it changes."""
    return {
        "format": FORMAT,
        "deployment": rules.encode().hex(),
        "pre": {name.hex(): value.hex() for name, value in sorted(before.items())},
        **step,
        "changes": {
            name.hex(): None if value is None else value.hex() for name, value in changes.items()
        },
    }


def step_of(world: L1World, sender: bytes, call: Call, result: CallResult) -> dict[str, Any]:
    """Return a call that a world has just executed, and its answer, as they are written down."""
    step = {
        "sender": sender.hex(),
        "block": world.block,
        "time": world.time,
        "gas_price": world.gas_price,
        "call": encode_call(call).hex(),
        "code": result.code.name,
        "value": result.value,
        "gas": result.gas,
        "events": [encode_event(event).hex() for event in result.events],
    }
    if isinstance(call, ProveFault) and call.claim < len(world.state.claims):
        step["verdict"] = verdict_on(world, call)
    return step


def verdict_on(world: L1World, call: ProveFault) -> list[Any]:
    """Return what the judge of these worlds says."""
    claim = world.state.claims[call.claim]
    parent = world.state.claims[claim.parent].output
    entry = world.state.log[max(claim.output.log_index, 1) - 1].facts
    facts = ClaimFacts(world.rules.rules, parent, claim.output, entry, [])
    kind = call.kind if call.kind in list(FaultKind) else FaultKind.SEGMENT
    verdict: Verdict = judge_by_truth(FaultKind(kind), facts, call.witness)
    return [verdict.guilty, verdict.segment, verdict.correct_root.hex()]


class Cases:
    """Vectors by name: kind of the call, code, and a word if there are several of both."""

    def __init__(self) -> None:
        self.found: dict[str, Case] = {}

    def call(
        self,
        world: L1World,
        sender: bytes,
        call: Call,
        code: ContractCode = ContractCode.OK,
        word: str = "",
    ) -> CallResult:
        """Make a call that is answered with ``code``, at a price; keep the first of its name."""
        if not world.state.account_of(sender).eth:
            world.contract.mint(sender, BOND, 0)
        before, world.gas_price = world.state.items(), GAS_PRICE
        result = world.call(sender, call)
        assert result.code is code, result
        step = step_of(world, sender, call, result)
        world.gas_price = 0
        changes = changes_between(before, world.state.items())
        name = f"{KINDS[type(call)].name}_{code.name}".lower() + (f"-{word}" if word else "")
        self.found.setdefault(name, case_of(world.rules, before, step, changes))
        return result
