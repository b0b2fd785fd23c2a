"""What a call is executed with: the deployment, the state, who, when, and the judge."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

from prover.bls import Bls, default_bls
from prover.contract.codes import ContractCode, require
from prover.contract.events import Event
from prover.contract.prices import GAS_CALL_MAX
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from prover.faults import VerdictFunction


@final
@dataclass(frozen=True, slots=True)
class Moment:
    """The L1 block a call is in: number, time in ms, gwei per 1,000,000 gas."""

    block: int
    time: int
    gas_price: int = 0


@final
@dataclass(slots=True)
class Meter:
    """The gas that a call has taken so far, and the most that it may take."""

    gas: int = 0
    limit: int = GAS_CALL_MAX

    def charge(self, gas: int) -> None:
        """Take gas for work that was done; refuse the call that has no more of it."""
        needed, self.gas = self.gas + gas, min(self.gas + gas, self.limit)
        require(
            needed <= self.limit,
            ContractCode.OUT_OF_GAS,
            f"{needed} gas and more, the call has {self.limit}",
        )


@final
@dataclass(frozen=True, slots=True)
class Context:
    """What is around a call, and the list its events go to."""

    rules: ContractRules
    state: ContractState
    sender: bytes
    moment: Moment
    judge: VerdictFunction
    bls: Bls = field(default_factory=default_bls)
    events: list[Event] = field(default_factory=list)
    meter: Meter = field(default_factory=Meter)

    def emit(self, event: Event) -> None:
        """Announce a fact."""
        self.events.append(event)


Handlers = dict[type[Any], Callable[[Context, Any], int]]
"""What executes a call of each type, and returns its value."""


@final
@dataclass(frozen=True, slots=True)
class CallResult:
    """What became of a call.

    ``value`` is the index, number or amount the call is about, 0 if it was
    refused; ``message`` is empty if it succeeded; ``gas`` is what it cost,
    refused or not.
    """

    code: ContractCode
    message: str
    value: int
    gas: int
    events: tuple[Event, ...]

    @property
    def ok(self) -> bool:
        """Whether the call took effect."""
        return self.code is ContractCode.OK
