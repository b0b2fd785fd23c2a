"""Defence and exits: the room in the log, the defender's memory and purse, kept promises."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import DEFENCE, PLEDGES, REACH


def prover(file: str, old: str, new: str, breaks: str, *tests: str) -> Mutant:
    """Return a breakage of a module of the prover."""
    return Mutant(f"{file}.py", old, new, breaks, tests, package="prover")


MUTANTS: Final = (
    prover(
        "contract/log",
        "oldest = context.moment.time - rules.rules.receipt_deadline_ms",
        "oldest = context.moment.time",
        "a frame is taken to be as young as its entry",
        *REACH,
    ),
    prover(
        "contract/reach",
        "return len(frame_spans(data[: head_length(data)], len(data)))",
        'return max(1, int.from_bytes(data[1:3], "big"))',
        "an entry has as many blocks as it says",
        *REACH,
    ),
    prover(
        "contract/reach",
        "most = min(before + blocks * rules.rules.inbox_items_max, len(state.inbox))",
        "most = len(state.inbox)",
        "a block has room for everything",
        *REACH,
    ),
    prover(
        "contract/reach",
        "return before + bisect_right(ahead, time, key=lambda index: due_at(state, rules, index))",
        "return most",
        "what is not overdue is reached too",
        *REACH,
    ),
    prover(
        "contract/reach",
        "return rules.liveness_ms_max + rules.rules.receipt_deadline_ms",
        "return rules.rules.receipt_deadline_ms",
        "a sequencer that appends in every silence is appended beside",
        *REACH,
    ),
    prover(
        "contract/log",
        "silence > silence_max or overdue > overdue_max,",
        "silence > silence_max,",
        "a full inbox is emptied a silence at a time",
        *REACH,
    ),
    prover(
        "cases",
        "if kept.commitment == self.commitment and not kept.is_proved:",
        "if kept.commitment == self.commitment:",
        "a proof that found no commitment is sent for ever",
        DEFENCE,
    ),
    prover(
        "cases",
        "if kept.commitment == self.commitment and not kept.is_proved:",
        "if not kept.is_proved:",
        "a commitment to other evidence is counted on",
        DEFENCE,
    ),
    prover(
        "defence",
        "self.keep(case.key, case.kept(heads.latest.number + 1), outbox)",
        "pass",
        "a commitment is sent and forgotten",
        DEFENCE,
    ),
    prover(
        "defence",
        "self.keep(case.key, case.kept(case.block, is_proved=True), outbox)",
        "pass",
        "a proof is sent and forgotten",
        DEFENCE,
    ),
    prover(
        "purse",
        "return self.spent_gwei + sum(self.reserved.values())",
        "return self.spent_gwei",
        "calls on their way cost nothing",
        DEFENCE,
    ),
    prover(
        "pledges",
        "            if index >= until:\n                return\n",
        "",
        "a promise is judged by what L1 may take back",
        PLEDGES,
    ),
    prover(
        "pledges",
        "and final_ms is not None and final_ms > deadline",
        "and final_ms is not None",
        "a block is missed before its deadline",
        PLEDGES,
    ),
    prover(
        "challenger",
        "self.pledges.look(heads.final.time if is_whole else None, self.outbox)",
        "self.pledges.look(heads.final.time, self.outbox)",
        "a block is missed from a log that is not known",
        PLEDGES,
    ),
    prover(
        "pledges",
        "wrong = [name for name in blocks if name != end]",
        "wrong = [name for name in blocks if name != end][1:]",
        "another block than was signed is put up with",
        PLEDGES,
    ),
)
