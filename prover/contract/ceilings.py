"""What is counted while a call is done: the most that it may come to.

Nodes and leaves of the state that a proof opens and that are read, verdicts, signatures of
attesters and their stakes.  ``Meter.charge`` counts what it really is.
"""

from collections.abc import Callable
from typing import Any, Final

from prover.contract.calls import (
    Attest,
    ClaimWithdrawal,
    Freeze,
    JoinAttesters,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    ProveBroken,
    ProveFault,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
    SlashAttesters,
)
from prover.contract.prices import (
    CONVICT_GAS,
    COST_GAS,
    POT_GAS,
    SLOT_GAS,
    STAKE_GAS,
    VALUE_GAS,
    VERDICT_BYTE_GAS,
    VERDICT_GAS,
    signature_gas,
)
from prover.contract.records.attesters import ATTESTERS_MAX, SIGNERS_MAX
from prover.entry import CHUNK_BYTES
from statemachine.assets import ASSETS_MAX


def opening_gas(call: ClaimWithdrawal | Freeze | OfferWithdrawal) -> int:
    """Return the most that opening a proof takes, whatever it shows."""
    return VERDICT_BYTE_GAS * len(call.proof) + COST_GAS


def valuing_gas(
    call: OpenEscape | RegisterPortfolio | RegisterShare | RegisterWithdrawal,
) -> int:
    """Return the most that opening a proof and valuing what it shows takes."""
    return VERDICT_BYTE_GAS * len(call.proof) + VALUE_GAS


def claiming_gas(call: ClaimWithdrawal) -> int:
    """Return the most that a proof takes, and stakes that vouch for it."""
    return opening_gas(call) + ATTESTERS_MAX * STAKE_GAS


def judging_gas(call: ProveFault) -> int:
    """Return the most that a verdict takes, and splitting the bond."""
    return VERDICT_GAS + VERDICT_BYTE_GAS * len(call.witness) + CONVICT_GAS


def contradicting_gas(call: ProveBroken) -> int:
    """Return the most that showing another block takes."""
    return VERDICT_BYTE_GAS * (len(call.witness) + CHUNK_BYTES)


def sharing_gas(call: PayEscape) -> int:
    """Return what paying an owner his part of every asset takes, if all are held."""
    del call
    return (1 + ASSETS_MAX) * POT_GAS


def joining_gas(call: JoinAttesters) -> int:
    """Return what checking a proof of possession takes."""
    del call
    return signature_gas(1)


def vouching_gas(call: Attest) -> int:
    """Return the most that a signature takes, and the stakes of its signers."""
    count = count_signers(call.signers)
    return signature_gas(count) + count * STAKE_GAS


def slashing_gas(call: SlashAttesters) -> int:
    """Return the most that a signature takes, and a word of each of its signers."""
    count = count_signers(call.signers)
    return signature_gas(count) + count * (STAKE_GAS + SLOT_GAS)


def count_signers(signers: bytes) -> int:
    """Return how many signers of a bitmap are looked at."""
    return min(sum(byte.bit_count() for byte in signers), SIGNERS_MAX)


COUNTED: Final[dict[type[Any], Callable[[Any], int]]] = {
    Attest: vouching_gas,
    ClaimWithdrawal: claiming_gas,
    Freeze: opening_gas,
    JoinAttesters: joining_gas,
    OfferWithdrawal: opening_gas,
    OpenEscape: valuing_gas,
    PayEscape: sharing_gas,
    ProveBroken: contradicting_gas,
    ProveFault: judging_gas,
    RegisterPortfolio: valuing_gas,
    RegisterShare: valuing_gas,
    RegisterWithdrawal: valuing_gas,
    SlashAttesters: slashing_gas,
}
"""Of some calls, the most that is counted on top, but for claims that are marked."""
