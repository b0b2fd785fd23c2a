"""Other rules on their way: announced, taken back, announced again, and used."""

from dataclasses import replace

from prover.contract.calls import Append, CancelRules, Freeze, ScheduleRules
from prover.contract.codes import ContractCode
from prover.contract.versions import cancel_until, notice_ms
from prover.entry import encode_entry
from tests.contract_vectors.cases import Cases
from tests.l1_worlds import GOVERNOR, SEQUENCER, USER, L1World

C = ContractCode
ENTRY = encode_entry([b"frame"])


def schedule_cases(cases: Cases) -> None:
    """Announce rules, or try to."""
    world = L1World()
    notice = notice_ms(world.rules, world.rules.rules)
    after = replace(world.rules.rules, referral_ppm=200_000).encode()
    strange = replace(world.rules.rules, drift_ms=1).encode()
    late = world.time + 2 * notice

    def refuse(code: ContractCode, call: ScheduleRules, word: str = "") -> None:
        cases.call(world, GOVERNOR, call, code, word)

    cases.call(world, USER, ScheduleRules(2, late, after), C.NOT_GOVERNOR)
    refuse(C.RULES_NUMBER, ScheduleRules(3, late, after))
    refuse(C.RULES_NOTICE, ScheduleRules(2, world.time + notice, after))
    refuse(C.RULES_UNKNOWN, ScheduleRules(2, late, b"rules"))
    refuse(C.RULES_UNKNOWN, ScheduleRules(2, late, bytes(65_537)), "size")
    refuse(C.RULES_SUCCESSION, ScheduleRules(2, late, strange))
    cases.call(world, GOVERNOR, ScheduleRules(2, late, after))
    refuse(C.RULES_PENDING, ScheduleRules(3, late, after))
    cases.call(world, USER, CancelRules(2), C.NOT_GOVERNOR)
    cases.call(world, GOVERNOR, CancelRules(3), C.RULES_NUMBER)
    cases.call(world, GOVERNOR, CancelRules(2))
    cases.call(world, GOVERNOR, ScheduleRules(3, late, after), word="again")
    world.time = cancel_until(world.rules, world.state.versions[1])
    cases.call(world, GOVERNOR, CancelRules(3), C.RULES_LOCKED)


def entry_cases(cases: Cases) -> None:
    """Append under rules that are in force, were, or will be."""
    world = L1World()
    starts = world.time + 1_000 + notice_ms(world.rules, world.rules.rules)
    after = replace(world.rules.rules, referral_ppm=200_000).encode()
    assert world.call(GOVERNOR, ScheduleRules(2, starts, after)).ok
    cases.call(world, SEQUENCER, Append(0, ENTRY, 2), C.ENTRY_RULES, "early")
    world.time = starts
    cases.call(world, SEQUENCER, Append(0, ENTRY, 1), word="outgoing")
    cases.call(world, SEQUENCER, Append(1, ENTRY, 2), word="new")
    cases.call(world, SEQUENCER, Append(2, ENTRY, 1), C.ENTRY_RULES)


def frozen_cases(cases: Cases) -> None:
    """Change nothing any more."""
    world = L1World()
    assert world.deposit().ok
    world.time += world.rules.rules.inbox_deadline_ms + world.rules.freeze_ms
    assert world.call(USER, Freeze(0, b"")).ok
    cases.call(world, GOVERNOR, ScheduleRules(2, 1 << 60, b""), C.FROZEN)
    cases.call(world, GOVERNOR, CancelRules(2), C.FROZEN)


def add_cases(cases: Cases) -> None:
    """Add all of them."""
    schedule_cases(cases)
    entry_cases(cases)
    frozen_cases(cases)
