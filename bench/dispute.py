"""What a proof of fault takes: gas and bytes on L1, time for verdict and proof.

Convictions of wrong segments over synthetic traffic, among accounts that do nothing
but make the tree deeper; see :mod:`prover.drill`.
"""

from time import perf_counter_ns
from typing import Final

from bench.figures import Figure
from prover.contract.prices import GAS_CALL_MAX
from prover.drill import Drill

BYSTANDERS: Final = 20_000
FAULTS: Final = 100


def measure(variant: str) -> list[Figure]:
    """Return the figures; there is one variant."""
    del variant
    report = Drill(1, perf_counter_ns, BYSTANDERS).run(FAULTS, lambda _: None)
    gas, verdict, proof = sorted(report.gas), sorted(report.verdict_ns), sorted(report.proof_ns)
    note = f"the dearest of {len(gas)} convictions; median {gas[len(gas) // 2]:,}"
    return [
        Figure("verdict.gas", gas[-1], "gas", note, ceiling=GAS_CALL_MAX),
        Figure("verdict.bytes", max(report.witness_bytes), "bytes", "the largest witness"),
        Figure("verdict.time", verdict[-1] / 1e6, "ms", "the slowest", ceiling=1_000),
        Figure("verdict.proof", proof[-1] / 1e6, "ms", "the slowest to build", ceiling=1_000),
    ]
