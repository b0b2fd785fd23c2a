"""What the stub tells of the versions of the exchange's rules."""

from node.l1.wire import version_to_message
from proto.sextant.v1 import l1_pb2
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from prover.contract.versions import (
    cancel_until,
    list_versions,
    notice_ms,
    pending_version,
    rules_of,
    version_at,
)


def rules_page(state: ContractState, rules: ContractRules, now: int) -> l1_pb2.L1RulesPage:
    """Return every version, and what may be done about them at ``now``, ms."""
    number = version_at(state, now)
    pending = pending_version(state, now)
    return l1_pb2.L1RulesPage(
        versions=[version_to_message(each) for each in list_versions(rules, state)],
        in_force=number,
        notice_ms=notice_ms(rules, rules_of(rules, state, number)),
        cancel_until_ms=0 if pending is None else cancel_until(rules, pending),
    )
