"""Calls of attesters: whoever vouches for claims with money, so that others need not wait."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind


@final
@dataclass(frozen=True, slots=True)
class JoinAttesters:
    """Stake ``amount`` micros on a BLS key, with the proof that one holds it."""

    key: bytes
    possession: bytes
    amount: int


@final
@dataclass(frozen=True, slots=True)
class LeaveAttesters:
    """Attest no more; the stake stays for a while."""

    attester: int


@final
@dataclass(frozen=True, slots=True)
class TakeStake:
    """Take the stake of an attester that left."""

    attester: int


@final
@dataclass(frozen=True, slots=True)
class Attest:
    """Vouch for a pending claim, by one attester or by many with one signature.

    ``signers`` is a bitmap of their numbers, lowest bit of the first byte first;
    ``aggregate`` their BLS signatures, added up.
    """

    claim: int
    signers: bytes
    aggregate: bytes


@final
@dataclass(frozen=True, slots=True)
class SlashAttesters:
    """Take the stakes of who vouched for ``output``, which L1 holds to be wrong.

    ``aggregate``, a BLS signature, is empty for what the contract has seen already.
    A commitment to output, signers, payee and salt that is old enough earns the payee
    a part.
    """

    output: bytes
    signers: bytes
    aggregate: bytes
    payee: bytes
    salt: bytes


AttesterCall = JoinAttesters | LeaveAttesters | TakeStake | Attest | SlashAttesters

ATTESTER_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.JOIN_ATTESTERS: JoinAttesters,
    CallKind.LEAVE_ATTESTERS: LeaveAttesters,
    CallKind.TAKE_STAKE: TakeStake,
    CallKind.ATTEST: Attest,
    CallKind.SLASH_ATTESTERS: SlashAttesters,
}
