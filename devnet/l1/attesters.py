"""Attesters and what they vouch for, as the stub tells it."""

from typing import Final

from proto.sextant.v1 import l1_pb2
from prover.bls import default_bls
from prover.contract.ahead import is_attested, room_ahead
from prover.contract.context import Context, Meter, Moment
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from prover.verdict import judge_fault

ATTESTATIONS_MAX: Final = 500
UNBOUNDED_GAS: Final = 1 << 62
"""Who only looks is no call, and pays for none of it."""


def attesters_message(state: ContractState, rules: ContractRules, now: int) -> l1_pb2.L1Attesters:
    """Return all attesters, and the newest attestations."""
    moment, unmetered = Moment(0, now), Meter(limit=UNBOUNDED_GAS)
    context = Context(rules, state, bytes(20), moment, judge_fault, default_bls(), meter=unmetered)
    message = l1_pb2.L1Attesters(
        active_micros=state.stakes.record.active, room_micros=max(0, room_ahead(context))
    )
    for number, attester in enumerate(state.attesters):
        message.attesters.add(
            number=number,
            address=attester.address,
            key=attester.key,
            stake_micros=attester.micros,
            left_ms=attester.left_at,
            stake_from_ms=attester.left_at + rules.freeze_ms if attester.left_at else 0,
        )
    for output_hash, found in list(state.attestations.items())[-ATTESTATIONS_MAX:]:
        message.attestations.add(
            claim=found.claim,
            output_hash=output_hash,
            signers=found.signers,
            weight_micros=found.weight,
            enough=is_attested(context, state.claims[found.claim].output),
        )
    return message
