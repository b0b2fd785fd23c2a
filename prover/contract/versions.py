"""Versions of the exchange's rules: one call announces the next, time brings it into force.

The governor, one address of the deployment, schedules rules for a time that is at
least the *notice* ahead: as long as whoever dislikes them needs to be paid on L1
before (``exit_ms``), and as long as margin rates take to move.  Nothing else is
theirs: the contract decodes the rules, and refuses those it could not judge by, and
those that may not follow the ones before (:mod:`statemachine.succession`).

Each log entry names the version that it is to be executed by.  The contract takes
the one in force at its own time, and, for ``receipt_deadline_ms`` after a change, the
one before, unless the new one was used already: blocks made just before the change
may still be on their way, and were promised under the old rules.  The header keeps
the version; whatever is judged later, a claim, a fault, a portfolio in the escape, is
judged by the version of its entry, whenever that is.

A version may be taken back until the sequencer may be making blocks for it, which
is ``deadline_least`` before it comes.  Numbers are never used again.
"""

from dataclasses import replace
from typing import Final

from prover.contract.calls import CancelRules, ScheduleRules
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import RulesCancelled, RulesScheduled
from prover.contract.records import RulesVersion
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from prover.durations import tell_moment
from statemachine.delay import deadline_least
from statemachine.errors import FrameInvalid
from statemachine.rules import Rules, decode_rules
from statemachine.succession import check_succession

VERSION_FIRST: Final = 1
"""Of the rules that the contract was deployed with."""
VERSIONS_MAX: Final = 255
RULES_BYTES_MAX: Final = 65_536


# What is in force


def version_of(rules: ContractRules, state: ContractState, number: int) -> RulesVersion:
    """Return a version that was scheduled, or the first."""
    if number == VERSION_FIRST:
        return RulesVersion(VERSION_FIRST, rules.genesis_time_ms, rules.rules.encode(), 0)
    return state.versions[number - VERSION_FIRST - 1]


def list_versions(rules: ContractRules, state: ContractState) -> list[RulesVersion]:
    """Return every version, cancelled ones too, in the order of their numbers."""
    return [version_of(rules, state, VERSION_FIRST), *state.versions[:]]


def rules_of(rules: ContractRules, state: ContractState, number: int) -> Rules:
    """Return the rules of a version, decoded once."""
    if number == VERSION_FIRST:
        return rules.rules
    version = state.versions[number - VERSION_FIRST - 1]
    known = state.decoded.get(version.rules)
    if known is None:
        known = state.decoded[version.rules] = decode_rules(version.rules)
    return known


def version_at(state: ContractState, time: int) -> int:
    """Return which version is in force at ``time``, ms."""
    for version in reversed(state.versions[:]):
        if not version.cancelled and version.starts <= time:
            return version.number
    return VERSION_FIRST


def version_before(state: ContractState, number: int) -> int:
    """Return which version was in force before ``number``, which is not the first."""
    return version_at(state, state.versions[number - VERSION_FIRST - 1].starts - 1)


def rules_now(context: Context) -> Rules:
    """Return the rules in force at the call's own time."""
    state = context.state
    return rules_of(context.rules, state, version_at(state, context.moment.time))


def rules_of_entry(rules: ContractRules, state: ContractState, log_index: int) -> Rules:
    """Return the rules of the entry that leads to ``log_index``; of genesis for 0."""
    number = state.log[log_index - 1].version if log_index else VERSION_FIRST
    return rules_of(rules, state, number)


def check_entry_version(context: Context, number: int) -> None:
    """Refuse an entry whose version is not in force, nor was until a moment ago."""
    state, now = context.state, context.moment.time
    current = version_at(state, now)
    message = f"version {number}, in force is {current}"
    if number == current:
        return
    outgoing = current > VERSION_FIRST and number == version_before(state, current)
    require(outgoing, ContractCode.ENTRY_RULES, message)
    until = state.versions[current - VERSION_FIRST - 1].starts
    until += context.rules.rules.receipt_deadline_ms
    used = len(state.log) > 0 and state.log[-1].version == current
    require(
        now < until and not used,
        ContractCode.ENTRY_RULES,
        f"{message}{', and was used already' if used else f' since {until} alone'}",
    )


# What is to come


def notice_ms(rules: ContractRules, newest: Rules) -> int:
    """Return how long before it comes into force a version must be announced, ms."""
    return max(rules.exit_ms, newest.ramp_notice_ms)


def check_governor(context: Context) -> None:
    """Refuse whoever is not the governor."""
    governor = context.rules.governor
    require(
        any(governor) and context.sender == governor,
        ContractCode.NOT_GOVERNOR,
        f"{context.sender.hex()} is not the governor {governor.hex()}"
        if any(governor)
        else "this deployment has no governor: its rules never change",
    )


def schedule_rules(context: Context, call: ScheduleRules) -> int:
    """Announce the next version; return its number."""
    # READ
    state, now = context.state, context.moment.time
    number = VERSION_FIRST + 1 + len(state.versions)
    before = rules_now(context)
    earliest = now + notice_ms(context.rules, before)
    pending = pending_version(state, now)

    # CHECKS, in the order of their codes
    check_governor(context)
    require(
        call.version == number <= VERSIONS_MAX,
        ContractCode.RULES_NUMBER,
        f"version {call.version}, the next one is {number} of {VERSIONS_MAX}",
    )
    require(
        pending is None,
        ContractCode.RULES_PENDING,
        f"version {pending and pending.number} comes at {pending and pending.starts}",
    )
    require(
        call.starts >= earliest,
        ContractCode.RULES_NOTICE,
        f"version {number} at {call.starts}, need {earliest} or later",
    )
    after = read_rules(call.rules)
    try:
        check_succession(before, after)
    except ValueError as error:
        raise Refusal(ContractCode.RULES_SUCCESSION, str(error)) from error

    # EFFECTS
    version = RulesVersion(number, call.starts, call.rules, context.moment.block)
    state.versions.put(len(state.versions), version)
    context.emit(RulesScheduled(number, version.starts, version.rules_hash))
    return number


def read_rules(data: bytes) -> Rules:
    """Return rules that were scheduled; refuse what verdicts could not be given by."""
    require(
        len(data) <= RULES_BYTES_MAX,
        ContractCode.RULES_UNKNOWN,
        f"{len(data)} bytes, the limit is {RULES_BYTES_MAX}",
    )
    try:
        found = decode_rules(data)
    except FrameInvalid as error:
        raise Refusal(ContractCode.RULES_UNKNOWN, str(error)) from error
    require(
        found.encode() == data, ContractCode.RULES_UNKNOWN, "the bytes are not canonical for them"
    )
    return found


def pending_version(state: ContractState, now: int) -> RulesVersion | None:
    """Return the version that is scheduled and not yet in force, if there is one."""
    coming = [each for each in state.versions[:] if not each.cancelled and each.starts > now]
    return coming[0] if coming else None


def cancel_until(rules: ContractRules, version: RulesVersion) -> int:
    """Return until when a version can be taken back, ms: no block was made for it by then."""
    return version.starts - deadline_least(rules.rules)


def cancel_rules(context: Context, call: CancelRules) -> int:
    """Take a scheduled version back; return its number."""
    # READ
    state, now = context.state, context.moment.time
    pending = pending_version(state, now)

    # CHECKS, in the order of their codes
    check_governor(context)
    if pending is None or pending.number != call.version:
        raise Refusal(ContractCode.RULES_NUMBER, f"version {call.version} is not scheduled")
    until = cancel_until(context.rules, pending)
    require(
        now <= until,
        ContractCode.RULES_LOCKED,
        f"version {pending.number} could be taken back until {tell_moment(until, now)}",
    )

    # EFFECTS
    cancelled = replace(pending, cancelled=context.moment.block)
    state.versions.put(pending.number - VERSION_FIRST - 1, cancelled)
    context.emit(RulesCancelled(pending.number))
    return pending.number


HANDLERS: Final[Handlers] = {ScheduleRules: schedule_rules, CancelRules: cancel_rules}
