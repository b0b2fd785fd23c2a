"""Attesters that come and go, what they vouch for, and what they lose."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class AttesterJoined:
    """An attester staked ``amount`` micros."""

    attester: int
    address: bytes
    amount: int


@final
@dataclass(frozen=True, slots=True)
class AttesterLeft:
    """An attester attests no more; ``amount`` micros may be taken from ``stake_from`` (ms) on."""

    attester: int
    amount: int
    stake_from: int


@final
@dataclass(frozen=True, slots=True)
class OutputAttested:
    """Attesters with ``weight`` micros, in all, vouch for a claim."""

    claim: int
    output_hash: bytes
    weight: int


@final
@dataclass(frozen=True, slots=True)
class AttestersSlashed:
    """Who vouched for a wrong output lost ``amount``: a reward, the rest for the escrow."""

    output_hash: bytes
    signers: bytes
    amount: int
    payee: bytes
    reward: int


AttesterEvent = AttesterJoined | AttesterLeft | OutputAttested | AttestersSlashed

ATTESTER_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.ATTESTER_JOINED: AttesterJoined,
    EventKind.ATTESTER_LEFT: AttesterLeft,
    EventKind.OUTPUT_ATTESTED: OutputAttested,
    EventKind.ATTESTERS_SLASHED: AttestersSlashed,
}
