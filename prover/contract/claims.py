"""The tree of claims: what each log entry led to, staked with bonds.

Each parent has one right child, for derivation is total; so siblings disagree
and at most one of them becomes final.  A claim is final once its window has
passed and its parent is final; the oldest surviving sibling wins.  A claim's
window never ends before its parent's, so no claim waits longer than W.

=========== ======================================= ====================
status      how                                     its bond
=========== ======================================= ====================
pending     proposed, may be disputed               staked
final       its window passed                       returned
convicted   a fault was proved                      half burnt, rest paid
orphaned    an ancestor was convicted or superseded back on ``ClaimBond``
superseded  a sibling became final                  back on ``ClaimBond``
=========== ======================================= ====================

No call does more than ``settle_max`` claims' worth of this, however many
somebody has proposed: they are decided oldest first, call by call.
"""

from dataclasses import replace
from itertools import islice
from typing import Final

from prover.contract.bank import release_bond, take_bond
from prover.contract.calls import ClaimBond, Propose, proposed_output
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import BondReturned, ClaimDied, ClaimFinal, ClaimProposed
from prover.contract.prices import MARK_GAS
from prover.contract.records import Claim, ClaimStatus
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from prover.contract.versions import rules_of_entry
from prover.outputs import OUTPUT_VERSION, Output, is_trace_of
from statemachine.errors import FrameInvalid, invariant


def genesis_claim(rules: ContractRules) -> Claim:
    """Return claim 0: final from the start, its own parent, nobody's bond."""
    return Claim(0, 0, rules.genesis, bytes(20), rules.genesis_time_ms, 0, 0, ClaimStatus.FINAL)


def propose(context: Context, call: Propose) -> int:
    """Stake a bond on an output; return the claim's number."""
    # READ
    state, moment = context.state, context.moment
    try:
        output, trace = proposed_output(call)
    except FrameInvalid as error:
        raise Refusal(ContractCode.CALL_MALFORMED, str(error)) from error
    output_hash = output.hash
    held = context.state.account_of(context.sender).eth

    # CHECKS, in the order of their codes
    parent = check_parent(state, call.parent)
    check_deployment(context.rules, state, output)
    check_continuity(state, parent, output)
    require(
        is_trace_of(output, trace),
        ContractCode.OUTPUT_TRACE,
        f"{len(trace)} roots do not hash to the trace root of {output.segments} segments",
    )
    require(
        output_hash not in state.claim_of,
        ContractCode.CLAIM_EXISTS,
        f"output {output_hash.hex()} is claim {state.claim_of.get(output_hash)}",
    )
    require(
        held >= context.rules.bond_gwei,
        ContractCode.BOND_BALANCE,
        f"a bond is {context.rules.bond_gwei} gwei, the sender holds {held}",
    )

    # EFFECTS
    bond = context.rules.bond_gwei
    number = len(state.claims)
    take_bond(state, context.sender, bond)
    state.claims.put(
        number,
        Claim(
            number,
            call.parent,
            output,
            context.sender,
            moment.time,
            moment.block,
            bond,
            ClaimStatus.PENDING,
        ),
    )
    context.emit(
        ClaimProposed(number, call.parent, output.log_index, output_hash, context.sender, bond)
    )
    return number


def check_alive(state: ContractState, number: int) -> Claim:
    """Return a claim, or refuse one that is not there or dead."""
    require(number < len(state.claims), ContractCode.CLAIM_UNKNOWN, f"there is no claim {number}")
    claim = state.claims[number]
    fate = fate_of(state, claim)
    require(not fate.is_dead, ContractCode.CLAIM_DEAD, f"claim {number} is {fate.name}")
    return claim


def check_parent(state: ContractState, number: int) -> Claim:
    """Return the parent, or refuse one that cannot have another child."""
    require(
        number < len(state.claims),
        ContractCode.PARENT_UNKNOWN,
        f"there is no claim {number}, the last one is {len(state.claims) - 1}",
    )
    parent = state.claims[number]
    fate = fate_of(state, parent)
    require(not fate.is_dead, ContractCode.PARENT_DEAD, f"claim {number} is {fate.name}")
    heir = state.heirs.get(number)
    require(heir is None, ContractCode.PARENT_DECIDED, f"claim {number} has the final child {heir}")
    return parent


def check_deployment(rules: ContractRules, state: ContractState, output: Output) -> None:
    """Refuse an output of another version or chain, or of other rules than its entry's."""
    require(
        output.version == OUTPUT_VERSION,
        ContractCode.OUTPUT_VERSION,
        f"version {output.version}, active is {OUTPUT_VERSION}",
    )
    require(
        output.chain_id == rules.rules.chain_id,
        ContractCode.OUTPUT_CHAIN,
        f"chain {output.chain_id}, this is {rules.rules.chain_id}",
    )
    if output.log_index > len(state.log):
        return  # its entry is not there: ENTRY_UNKNOWN, unless something else is wrong
    right = rules_of_entry(rules, state, output.log_index).hash
    require(
        output.rules_hash == right,
        ContractCode.OUTPUT_RULES,
        f"rules {output.rules_hash.hex()}, those of the entry are {right.hex()}",
    )


def check_continuity(state: ContractState, parent: Claim, output: Output) -> None:
    """Refuse an output that does not stand for exactly the next log entry."""
    before = parent.output
    require(
        output.previous_output == before.hash,
        ContractCode.OUTPUT_PREVIOUS,
        f"previous output {output.previous_output.hex()}, the parent's is {before.hash.hex()}",
    )
    require(
        output.log_index == before.log_index + 1,
        ContractCode.OUTPUT_INDEX,
        f"log index {output.log_index}, need {before.log_index + 1}",
    )
    require(
        output.log_index <= len(state.log),
        ContractCode.ENTRY_UNKNOWN,
        f"log index {output.log_index}, the log has {len(state.log)} entries",
    )
    entry = state.log[output.log_index - 1]
    require(
        output.height > before.height,
        ContractCode.OUTPUT_HEIGHT,
        f"height {output.height}, the parent's is {before.height}",
    )
    require(
        output.segments > 0, ContractCode.OUTPUT_SEGMENTS, "0 segments, an entry has at least one"
    )
    require(
        before.inbox_index <= output.inbox_index <= entry.inbox_count,
        ContractCode.OUTPUT_INBOX,
        f"inbox index {output.inbox_index}, need {before.inbox_index} to {entry.inbox_count}",
    )


def fate_of(state: ContractState, claim: Claim) -> ClaimStatus:
    """Return how a claim stands, though nobody may have marked it yet: its parent tells."""
    if claim.status is not ClaimStatus.PENDING:
        return claim.status
    if state.claims[claim.parent].status.is_dead:
        return ClaimStatus.ORPHANED
    return ClaimStatus.SUPERSEDED if claim.parent in state.heirs else ClaimStatus.PENDING


def settle(context: Context) -> int:
    """Decide the oldest pending claims, a bounded number; return how many became final.

    A claim is looked at when all older ones are decided, so its parent is.  A
    dead one that stands behind a claim still in dispute keeps its place until
    then; ``fate_of`` tells it apart, and ``ClaimBond`` pays it at once.  A call whose bytes
    leave it less gas decides fewer.
    """
    state, count = context.state, 0
    deadline = context.moment.time - context.rules.window_ms
    for number in list(islice(state.pending, marks_left(context))):
        claim = state.claims[number]
        fate = fate_of(state, claim)
        if fate.is_dead:
            kill(context, claim, fate)
            continue
        if claim.time > deadline:
            break  # the pending are in order of their times
        parent = state.claims[claim.parent].status
        invariant(parent is ClaimStatus.FINAL, "a parent is decided before its children")
        context.meter.gas += MARK_GAS
        final = replace(claim, status=ClaimStatus.FINAL)
        state.claims.put(number, final)
        context.emit(ClaimFinal(number, claim.output.log_index, claim.output.hash))
        return_bond(context, final)
        count += 1
    return count


def marks_left(context: Context) -> int:
    """Return how many claims a call may mark, as far as its gas goes."""
    gas = max(0, context.meter.limit - context.meter.gas)
    return min(context.rules.settle_max, gas // MARK_GAS)


def is_due(context: Context) -> bool:
    """Return whether more claims than one call decides are waiting to become final."""
    oldest = next(iter(context.state.pending), None)
    if oldest is None:
        return False
    return context.state.claims[oldest].time <= context.moment.time - context.rules.window_ms


def kill(context: Context, claim: Claim, status: ClaimStatus) -> None:
    """Mark a pending claim dead and announce it; its bond is the caller's matter."""
    context.meter.gas += MARK_GAS
    context.state.claims.put(claim.number, replace(claim, status=status))
    context.emit(ClaimDied(claim.number, int(status)))


def orphan_descendants(context: Context, claim: Claim) -> None:
    """Kill what stands on a dead claim, oldest first, as far as one call and its gas go.

    The rest is marked by later calls: see ``settle``.
    """
    state, left = context.state, marks_left(context)
    queue = [claim.number]
    while queue:
        for number in state.children.get(queue.pop(0), ()):
            if not left:
                return
            left -= 1
            descendant = state.claims[number]
            if not descendant.status.is_dead:
                kill(context, descendant, ClaimStatus.ORPHANED)
            queue.append(number)


def claim_bond(context: Context, call: ClaimBond) -> int:
    """Pay a dead claim's bond back; return it in gwei."""
    # READ
    state = context.state

    # CHECKS, in the order of their codes
    require(
        call.claim < len(state.claims),
        ContractCode.CLAIM_UNKNOWN,
        f"there is no claim {call.claim}",
    )
    claim = state.claims[call.claim]
    fate = fate_of(state, claim)
    require(
        fate is not ClaimStatus.PENDING,
        ContractCode.BOND_PENDING,
        f"claim {claim.number} is not decided",
    )
    require(
        claim.bond > 0,
        ContractCode.BOND_PAID,
        f"claim {claim.number} is {fate.name}, its bond is gone",
    )

    # EFFECTS
    if claim.status is ClaimStatus.PENDING:
        kill(context, claim, fate)
    return return_bond(context, state.claims[claim.number])


def return_bond(context: Context, claim: Claim) -> int:
    """Give a bond back to who staked it; return it in gwei."""
    release_bond(context.state, claim.proposer, claim.bond)
    context.state.claims.put(claim.number, replace(claim, bond=0))
    context.emit(BondReturned(claim.number, claim.proposer, claim.bond))
    return claim.bond


HANDLERS: Final[Handlers] = {Propose: propose, ClaimBond: claim_bond}
