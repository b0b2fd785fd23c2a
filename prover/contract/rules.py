"""What the contract was deployed with: every limit, bond and deadline of L1.

The rules of the exchange are one field of it; the hash of all of it names the
deployment.  ETH is counted in gwei, so that every amount fits 64 bits; tokens
are micro-USDC; times are milliseconds of L1's clock; ages of commitments are
L1 blocks.
"""

from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any, Final, final

from prover.contract.prices import DISPUTE_GAS_MAX, SETTLE_MAX, fee_of
from prover.contract.records import as_message
from prover.entry import ENTRY_BYTES_MAX, FRAMES_MAX
from prover.faults import WITNESS_BYTES_MAX
from prover.outputs import Output, decode_output
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.rules import Rules, decode_rules
from statemachine.units import DAY_MS, PPM_ONE

CONTRACT_VERSION: Final = 3
GWEI_PER_ETH: Final = 1_000_000_000
GAS_PRICE_MAX: Final = 30_000_000
"""Of a deployment that says nothing else: 30 gwei a gas."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRules:
    """Parameters of one deployment; constant for its life.

    Parameters
    ----------
    l1_chain_id
        The L1 that hosts it: part of every signature.
    rules
        The rules of the exchange at genesis, version 1; outputs name the hash of theirs.
    genesis
        The output before the first log entry: the root of the claims tree.
    genesis_time_ms
        The block time of the genesis state: derivation starts there.
    sequencer
        The only address that may append frames.
    window_ms
        W: how long a claim may be disputed.
    bond_gwei
        What a proposal puts at stake.
    commitment_blocks_min
        How old, in L1 blocks, a commitment must be when it is opened.
    deposit_micros_min
        The smallest deposit that is queued.
    liveness_ms_max
        Silence of the log after which anyone may append empty entries; longer than
        the exchange's ``receipt_deadline_ms``.
    freeze_ms
        F: how long after its deadline an inbox item may wait for a final claim
        that consumed it; longer than W.
    escape_ms
        How long claims may be registered once a frozen exchange's books are open.
    exit_micros_min, exit_ppm, exit_period_ms
        How much may leave in a time (:mod:`prover.contract.caps`); no cap if
        ``exit_ppm`` is 0.
    attester_ppm, attested_ppm, attester_micros_min
        Which part of the stakes must vouch for a claim, how much of them is paid
        ahead at most, and the least stake (:mod:`prover.contract.attesters`).
    settle_max
        Claims that one call decides, at most: what others proposed is bounded work.
    signer
        Whose signature over a block is a promise; of zeros: nobody's.
    gas_price_max
        In gwei per 1,000,000 gas: up to it a bond pays back whatever a proof costs.
    governor
        Who may schedule other rules (:mod:`prover.contract.versions`); of zeros: nobody.
    """

    l1_chain_id: int
    rules: Rules
    genesis: Output
    genesis_time_ms: int
    sequencer: bytes
    window_ms: int
    bond_gwei: int
    commitment_blocks_min: int
    deposit_micros_min: int
    liveness_ms_max: int
    entry_bytes_max: int = ENTRY_BYTES_MAX
    entry_frames_max: int = FRAMES_MAX
    witness_bytes_max: int = WITNESS_BYTES_MAX
    freeze_ms: int = 14 * DAY_MS
    escape_ms: int = 30 * DAY_MS
    exit_micros_min: int = 0
    exit_ppm: int = 0
    exit_period_ms: int = DAY_MS
    attester_ppm: int = 666_667
    attested_ppm: int = 500_000
    attester_micros_min: int = 100_000_000_000
    settle_max: int = SETTLE_MAX
    gas_price_max: int = GAS_PRICE_MAX
    signer: bytes = bytes(20)
    governor: bytes = bytes(20)

    def __post_init__(self) -> None:
        """Refuse parameters that could not work, once, at the edge."""
        if len(self.sequencer) != 20:
            raise ValueError(f"sequencer: need 20 bytes, have {len(self.sequencer)}")
        if len(self.signer) != 20:
            raise ValueError(f"signer: need 20 bytes, have {len(self.signer)}")
        if len(self.governor) != 20:
            raise ValueError(f"governor: need 20 bytes, have {len(self.governor)}")
        if self.genesis.rules_hash != self.rules.hash:
            raise ValueError("genesis: names the hash of other rules")
        if self.genesis.chain_id != self.rules.chain_id:
            raise ValueError("genesis: names another chain")
        for name in (
            "window_ms",
            "bond_gwei",
            "deposit_micros_min",
            "liveness_ms_max",
            "escape_ms",
            "exit_period_ms",
            "attester_ppm",
            "attester_micros_min",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: must be positive")
        if self.exit_ppm > PPM_ONE:
            raise ValueError(f"exit_ppm: need at most {PPM_ONE}, have {self.exit_ppm}")
        if self.freeze_ms <= self.window_ms:
            raise ValueError(
                f"freeze_ms: need more than window_ms ({self.window_ms}), have {self.freeze_ms}"
            )
        promised = self.rules.receipt_deadline_ms
        if self.liveness_ms_max <= promised:
            raise ValueError(
                f"liveness_ms_max: need more than the receipt_deadline_ms ({promised}) of the "
                f"exchange, have {self.liveness_ms_max}: a sequencer that keeps its promises to "
                "the last would be taken for silent; raise the one or lower the other"
            )
        if not self.attested_ppm <= self.attester_ppm <= PPM_ONE:
            raise ValueError(
                f"attested_ppm: need at most attester_ppm ({self.attester_ppm}), "
                f"have {self.attested_ppm}"
            )
        if not 0 < self.settle_max <= SETTLE_MAX:
            raise ValueError(f"settle_max: need 1 to {SETTLE_MAX}")
        dearest = fee_of(DISPUTE_GAS_MAX, self.gas_price_max)
        if self.bond_gwei - self.bond_gwei // 2 < dearest:
            raise ValueError(f"bond_gwei: half of it must pay for a proof, {dearest} gwei")
        if not 0 < self.entry_bytes_max <= ENTRY_BYTES_MAX:
            raise ValueError(f"entry_bytes_max: need 1 to {ENTRY_BYTES_MAX}")
        if not 0 < self.entry_frames_max <= FRAMES_MAX:
            raise ValueError(f"entry_frames_max: need 1 to {FRAMES_MAX}")

    def encode(self) -> bytes:
        """Return the canonical bytes of the deployment."""
        values = {name: getattr(self, name) for name in FIELDS}
        values["rules"], values["genesis"] = self.rules.encode(), self.genesis.encode()
        return pack([CONTRACT_VERSION, *values.values()])

    @property
    def exit_ms(self) -> int:
        """Return how long a way out takes that needs nobody's good will, ms.

        A forced withdrawal is taken in at its deadline, or once the sequencer has been
        silent for so long that anyone may; its block is on L1 by the receipt deadline; the
        claim about it runs out its window.  Caps on what leaves in a day come on top.
        """
        rules = self.rules
        waits = rules.inbox_deadline_ms + self.liveness_ms_max
        return waits + rules.receipt_deadline_ms + rules.drift_ms + self.window_ms

    @property
    def hash(self) -> bytes:
        """Return the name of the deployment: 32 bytes."""
        return sha256(self.encode()).digest()


FIELDS: Final = tuple(field.name for field in fields(ContractRules))
"""Fields in the order of their declaration, which is that of their bytes."""


def decode_contract_rules(data: bytes) -> ContractRules:
    """Return the deployment that ``data`` encodes.

    Raises
    ------
    FrameInvalid
        The bytes are no deployment of a version known here.
    ValueError
        They are, but such a contract could not work.
    """
    version, *items = as_list(unpack(data), 1 + len(FIELDS), "contract rules")
    known = as_uint(version, 1 << 16, "contract version")
    if known != CONTRACT_VERSION:
        raise FrameInvalid(f"contract version {known}, known is {CONTRACT_VERSION}")
    named = dict(zip(FIELDS, items, strict=True))
    values: dict[str, Any] = {
        "rules": decode_rules(as_message(named.pop("rules"), "rules")),
        "genesis": decode_output(as_message(named.pop("genesis"), "genesis")),
        "sequencer": as_bytes(named.pop("sequencer"), 20, "sequencer"),
        "signer": as_bytes(named.pop("signer"), 20, "signer"),
        "governor": as_bytes(named.pop("governor"), 20, "governor"),
    }
    values |= {name: as_uint(value, 1 << 63, name) for name, value in named.items()}
    return ContractRules(**values)
