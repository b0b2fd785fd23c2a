"""Attesters on L1: join with a stake, leave, see who vouches for what, slash who lied."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from proto.sextant.v1 import l1_pb2
from prover.bls import Bls, default_bls, secret_from
from prover.contract.ahead import numbers_in
from prover.contract.calls import (
    CommitFault,
    JoinAttesters,
    LeaveAttesters,
    SlashAttesters,
    TakeStake,
)
from prover.contract.codes import ContractCode
from prover.contract.slashing import slash_commitment
from prover.defence import PATIENCE_PARTS
from sextant.client.amounts import Amount, from_micros
from sextant.client.api import AsyncClient
from sextant.client.commitments import CommitmentStore, purpose_of
from sextant.client.l1 import L1Client
from sextant.client.l1_sender import L1Receipt
from sextant.client.money import positive_micros
from sextant.errors import Refused, Rejected

COMMITTED_S: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class AttesterInfo:
    """An attester: his stake in USDC; ``stake_from_ms`` is when he may take it, if he left."""

    number: int
    address: bytes
    key: bytes
    stake: Decimal
    active: bool
    stake_from_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationInfo:
    """Who vouches for a claim, with how much in USDC, and whether it is enough."""

    claim: int
    output_hash: bytes
    attesters: tuple[int, ...]
    weight: Decimal
    enough: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttesterBook:
    """All attesters and attestations; ``room`` is what may be paid ahead now, in USDC."""

    attesters: tuple[AttesterInfo, ...]
    attestations: tuple[AttestationInfo, ...]
    active: Decimal
    room: Decimal


class Attesters:
    """Attesters on L1, as one client sees them; his BLS key follows from his L1 key."""

    def __init__(
        self,
        client: AsyncClient,
        bls: Bls | None = None,
        commitments: CommitmentStore | None = None,
    ) -> None:
        self.client = client
        self.commitments = commitments or CommitmentStore()
        self.l1: L1Client = client.l1()
        self.bls = bls or default_bls()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection to the L1; the client's stays open."""
        await self.l1.close()

    @property
    def secret(self) -> int:
        """The secret of the signer's BLS key."""
        return secret_from(self.client.require_key().reveal())

    async def book(self) -> AttesterBook:
        """Return all attesters, and what they vouch for."""
        found = await self.l1.attesters()
        return AttesterBook(
            attesters=tuple(map(attester_from, found.attesters)),
            attestations=tuple(map(attestation_from, found.attestations)),
            active=from_micros(found.active_micros),
            room=from_micros(found.room_micros),
        )

    async def number(self) -> int:
        """Return the signer's number among attesters.

        Raises
        ------
        Refused
            ``NOT_ATTESTER``: he is none, or has left.
        """
        key = self.bls.key_of(self.secret)
        for one in (await self.book()).attesters:
            if one.key == key:
                return one.number
        raise Refused("NOT_ATTESTER", "this key is no attester's", advice="`sextant attester join`")

    async def join(self, stake: Amount) -> L1Receipt:
        """Stake USDC on the signer's BLS key; ``value`` is his number."""
        secret, micros = self.secret, positive_micros(stake)
        key, possession = self.bls.key_of(secret), self.bls.prove_possession(secret)
        return await self.l1.send(JoinAttesters(key, possession, micros))

    async def leave(self) -> L1Receipt:
        """Attest no more; ``value`` is when the stake may be taken, in ms."""
        return await self.l1.send(LeaveAttesters(await self.number()))

    async def take(self) -> L1Receipt:
        """Take the stake back; ``value`` is micros."""
        return await self.l1.send(TakeStake(await self.number()))

    async def slash(self, claim: int) -> L1Receipt:
        """Slash who vouched for a claim that lost; commits first, so that nobody takes the reward.

        Raises
        ------
        Refused
            ``NOT_ATTESTED``: nobody vouched for it.
        """
        posted, found = await self.l1.claim(claim), await self.l1.attesters()
        about = next((one for one in found.attestations if one.claim == claim), None)
        if posted is None or about is None:
            raise Refused("NOT_ATTESTED", f"nobody vouched for claim {claim}")
        rules, payee = await self.l1.deployment(), self.client.address
        what = (b"attesters", rules.contract, about.output_hash, about.signers)
        purpose = purpose_of(*what, payee)
        salt = self.commitments.draw(purpose)
        self.commitments.keep(purpose, salt)
        commitment = slash_commitment(about.output_hash, about.signers, payee, salt)
        await self._ripen(await self._commit(commitment), rules)
        call = SlashAttesters(posted.output, about.signers, b"", payee, salt)
        receipt = await self.l1.send(call)  # refused, the commitment stands for another time
        self.commitments.forget(purpose)
        return receipt

    async def _ripen(self, block: int, rules: l1_pb2.L1Deployment) -> None:
        """Wait until a commitment is old enough, and L1 takes its block back no more.

        Should L1 call nothing final, for one part in 64 of a window, as a defender waits.
        """
        heads = await self.l1.heads()
        until = heads.latest.time_ms + rules.window_ms // PATIENCE_PARTS
        while heads.latest.number < block + rules.commitment_blocks_min or (
            heads.final.number < block and heads.latest.time_ms < until
        ):
            await asyncio.sleep(COMMITTED_S)
            heads = await self.l1.heads()

    async def _commit(self, commitment: bytes) -> int:
        """Send a commitment; return an L1 block that has it, made now or before a crash."""
        try:
            return (await self.l1.send(CommitFault(commitment))).block
        except Rejected as error:
            if error.code != ContractCode.COMMITMENT_EXISTS.name:
                raise
            return await self.l1.height()


def attester_from(message: l1_pb2.L1Attester) -> AttesterInfo:
    """Return an attester."""
    return AttesterInfo(
        number=message.number,
        address=message.address,
        key=message.key,
        stake=from_micros(message.stake_micros),
        active=message.left_ms == 0 and message.stake_micros > 0,
        stake_from_ms=message.stake_from_ms or None,
    )


def attestation_from(message: l1_pb2.L1Attestation) -> AttestationInfo:
    """Return an attestation."""
    return AttestationInfo(
        claim=message.claim,
        output_hash=message.output_hash,
        attesters=tuple(numbers_in(message.signers)),
        weight=from_micros(message.weight_micros),
        enough=message.enough,
    )
