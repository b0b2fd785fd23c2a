"""What an owner asks for himself: money out, or between sub-accounts; the end of an agent."""

from dataclasses import dataclass
from typing import final

from statemachine.units import Micros


@final
@dataclass(frozen=True, slots=True)
class Withdraw:
    """Move settled collateral out to the owner's address on L1."""

    sub: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class Transfer:
    """Move settled collateral between two sub-accounts of one owner."""

    source: int
    target: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class RevokeAgent:
    """End a session key for good: its address can never be approved again."""

    agent: bytes


def body_of_custody(action: Withdraw | Transfer | RevokeAgent) -> list[object]:
    """Return the body as it is packed."""
    if isinstance(action, RevokeAgent):
        return [action.agent]
    if isinstance(action, Withdraw):
        return [action.sub, action.amount]
    return [action.source, action.target, action.amount]
