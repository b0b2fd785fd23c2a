"""What the contract was deployed with: every limit, bond and deadline of L1.

The rules of the exchange are one field of it; the hash of all of it names the
deployment.  ETH is counted in gwei, so that every amount fits 64 bits; tokens
are micro-USDC; times are milliseconds of L1's clock; ages of commitments are
L1 blocks.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

from prover.contract.gas import DISPUTE_GAS_MAX, SETTLE_MAX, fee_of
from prover.contract.records import as_message
from prover.entry import ENTRY_BYTES_MAX, FRAMES_MAX
from prover.faults import WITNESS_BYTES_MAX
from prover.outputs import Output, decode_output
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.rules import Rules, decode_rules
from statemachine.units import PPM_ONE

CONTRACT_VERSION: Final = 2
DAY_MS: Final = 86_400_000
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
        The rules of the exchange; every output must name their hash.
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
        Silence of the sequencer after which anyone may append empty entries.
    freeze_ms
        F: how long after its deadline an inbox item may wait for a final claim
        that consumed it; longer than W.
    escape_ms
        How long claims may be registered once a frozen exchange's books are open.
    exit_micros_min, exit_ppm, exit_period_ms
        How much may leave in a time (:mod:`prover.contract.caps`); no cap if
        ``exit_ppm`` is 0.
    settle_max
        Claims that one call decides, at most: what others proposed is bounded work.
    signer
        Whose signature over a block is a promise; of zeros: nobody's.
    gas_price_max
        In gwei per 1,000,000 gas: up to it a bond pays back whatever a proof costs.
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
    settle_max: int = SETTLE_MAX
    gas_price_max: int = GAS_PRICE_MAX
    signer: bytes = bytes(20)

    def __post_init__(self) -> None:
        """Refuse parameters that could not work, once, at the edge."""
        if len(self.sequencer) != 20:
            raise ValueError(f"sequencer: need 20 bytes, have {len(self.sequencer)}")
        if len(self.signer) != 20:
            raise ValueError(f"signer: need 20 bytes, have {len(self.signer)}")
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
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: must be positive")
        if self.exit_ppm > PPM_ONE:
            raise ValueError(f"exit_ppm: need at most {PPM_ONE}, have {self.exit_ppm}")
        if self.freeze_ms <= self.window_ms:
            raise ValueError(
                f"freeze_ms: need more than window_ms ({self.window_ms}), have {self.freeze_ms}"
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
        return pack(
            [
                CONTRACT_VERSION,
                self.l1_chain_id,
                self.rules.encode(),
                self.genesis.encode(),
                self.genesis_time_ms,
                self.sequencer,
                self.window_ms,
                self.bond_gwei,
                self.commitment_blocks_min,
                self.deposit_micros_min,
                self.liveness_ms_max,
                self.entry_bytes_max,
                self.entry_frames_max,
                self.witness_bytes_max,
                self.freeze_ms,
                self.escape_ms,
                self.exit_micros_min,
                self.exit_ppm,
                self.exit_period_ms,
                self.settle_max,
                self.gas_price_max,
                self.signer,
            ]
        )

    @property
    def hash(self) -> bytes:
        """Return the name of the deployment: 32 bytes."""
        return sha256(self.encode()).digest()


def decode_contract_rules(data: bytes) -> ContractRules:
    """Return the deployment that ``data`` encodes.

    Raises
    ------
    FrameInvalid
        The bytes are no deployment of a version known here.
    ValueError
        They are, but such a contract could not work.
    """
    fields = as_list(unpack(data), 22, "contract rules")
    version = as_uint(fields[0], 1 << 16, "contract version")
    if version != CONTRACT_VERSION:
        raise FrameInvalid(f"contract version {version}, known is {CONTRACT_VERSION}")
    numbers = [as_uint(fields[i], 1 << 63, f"field {i}") for i in (1, 4, *range(6, 21))]
    return ContractRules(
        l1_chain_id=numbers[0],
        rules=decode_rules(as_message(fields[2], "rules")),
        genesis=decode_output(as_message(fields[3], "genesis")),
        genesis_time_ms=numbers[1],
        sequencer=as_bytes(fields[5], 20, "sequencer"),
        window_ms=numbers[2],
        bond_gwei=numbers[3],
        commitment_blocks_min=numbers[4],
        deposit_micros_min=numbers[5],
        liveness_ms_max=numbers[6],
        entry_bytes_max=numbers[7],
        entry_frames_max=numbers[8],
        witness_bytes_max=numbers[9],
        freeze_ms=numbers[10],
        escape_ms=numbers[11],
        exit_micros_min=numbers[12],
        exit_ppm=numbers[13],
        exit_period_ms=numbers[14],
        settle_max=numbers[15],
        gas_price_max=numbers[16],
        signer=as_bytes(fields[21], 20, "signer"),
    )
