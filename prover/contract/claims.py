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
orphaned    an ancestor was convicted or superseded returned
superseded  a sibling became final                  returned
=========== ======================================= ====================
"""

from dataclasses import replace
from typing import Final

from prover.contract.bank import release_bond, take_bond
from prover.contract.calls import Propose, proposed_output
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import BondReturned, ClaimDied, ClaimFinal, ClaimProposed
from prover.contract.records import Claim, ClaimStatus
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
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
    check_deployment(context.rules, output)
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
    require(
        not claim.status.is_dead,
        ContractCode.CLAIM_DEAD,
        f"claim {number} is {claim.status.name}",
    )
    return claim


def check_parent(state: ContractState, number: int) -> Claim:
    """Return the parent, or refuse one that cannot have another child."""
    require(
        number < len(state.claims),
        ContractCode.PARENT_UNKNOWN,
        f"there is no claim {number}, the last one is {len(state.claims) - 1}",
    )
    parent = state.claims[number]
    require(
        not parent.status.is_dead,
        ContractCode.PARENT_DEAD,
        f"claim {number} is {parent.status.name}",
    )
    decided = [c for c in state.children.get(number, ()) if state.claims[c].status == 2]
    require(
        not decided, ContractCode.PARENT_DECIDED, f"claim {number} has the final child {decided}"
    )
    return parent


def check_deployment(rules: ContractRules, output: Output) -> None:
    """Refuse an output of another version, chain or rules."""
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
    require(
        output.rules_hash == rules.rules.hash,
        ContractCode.OUTPUT_RULES,
        f"rules {output.rules_hash.hex()}, in force are {rules.rules.hash.hex()}",
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


def settle(context: Context) -> int:
    """Make every claim final whose window has passed; return how many became so."""
    state, count = context.state, 0
    deadline = context.moment.time - context.rules.window_ms
    while state.pending:
        claim = state.claims[next(iter(state.pending))]
        if claim.time > deadline:
            break  # the pending are in order of their times
        parent = state.claims[claim.parent].status
        invariant(parent is ClaimStatus.FINAL, "a parent is decided before its children")
        finalise(context, claim)
        count += 1
    return count


def finalise(context: Context, claim: Claim) -> None:
    """Make one claim final: bond back, siblings and what stands on them dead."""
    state = context.state
    siblings = [n for n in state.children[claim.parent] if n != claim.number]
    state.claims.put(claim.number, replace(claim, status=ClaimStatus.FINAL))
    context.emit(ClaimFinal(claim.number, claim.output.log_index, claim.output.hash))
    return_bond(context, claim)
    for number in siblings:
        sibling = state.claims[number]
        if not sibling.status.is_dead:
            kill(context, sibling, ClaimStatus.SUPERSEDED)
            return_bond(context, sibling)
            orphan_descendants(context, sibling)


def kill(context: Context, claim: Claim, status: ClaimStatus) -> None:
    """Mark a pending claim dead and announce it; its bond is the caller's matter."""
    context.state.claims.put(claim.number, replace(claim, status=status))
    context.emit(ClaimDied(claim.number, int(status)))


def orphan_descendants(context: Context, claim: Claim) -> None:
    """Kill everything that stands on a dead claim, oldest first, bonds returned."""
    state = context.state
    queue = list(state.children.get(claim.number, ()))
    while queue:
        number = queue.pop(0)
        descendant = state.claims[number]
        if not descendant.status.is_dead:
            kill(context, descendant, ClaimStatus.ORPHANED)
            return_bond(context, descendant)
        queue.extend(state.children.get(number, ()))


def return_bond(context: Context, claim: Claim) -> None:
    """Give a bond back to who staked it."""
    release_bond(context.state, claim.proposer, claim.bond)
    context.emit(BondReturned(claim.number, claim.proposer, claim.bond))


HANDLERS: Final[Handlers] = {Propose: propose}
