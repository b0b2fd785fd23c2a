"""A fraud on a fork of the live L1, and the challenger's own answer to it.

The challenger derives the chain from L1's data, then somebody claims a false state after
the newest log entry: the rest is what he does on duty, with his own code, against the
real contract.  Told are the times and costs of it.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from io import StringIO
from random import Random
from typing import Final, final

from prover.board import Board
from prover.bundle import Bundle
from prover.cases import Standing
from prover.challenger import Challenger
from prover.contract.records import ClaimStatus
from prover.defence import Defence
from prover.drill import corrupt
from prover.fork import PURSE_GWEI, Fork
from prover.patrol import Patrol
from prover.replica import Replica, genesis_replica
from prover.vigil import Vigil
from statemachine.errors import SextantError

ROUNDS_MAX: Final = 64
CHEAT: Final = b"\xc4" * 20


class NothingToFork(SextantError):
    """L1's log holds no entry that a false claim could be about."""


@final
@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it: durations in ns, ``blocks`` of L1 from the false claim to its end."""

    won: bool
    entry: int
    segment: int
    entries: int
    derive_ns: int
    proof_ns: int
    blocks: int
    window_ms: int
    witness_bytes: int
    spent_gwei: int
    gas_price: int
    reward_gwei: int
    alerts: int
    lines: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {"schema": 1, **asdict(self), "lines": list(self.lines)}


async def rehearse_defence(
    bundle: Bundle,
    address: bytes,
    tick: Callable[[], int],
    *,
    gas_price: int = 0,
    seed: int = 1,
) -> Rehearsal:
    """Play a fraud about the newest entry of a bundle against a defender.

    Raises
    ------
    NothingToFork
        The bundle has no entry.
    """
    if not bundle.entries:
        raise NothingToFork("L1's log is empty: nothing can be claimed yet")
    deployment = bundle.deployment
    replica: Replica = genesis_replica(
        deployment.rules, deployment.genesis_time_ms, book=bundle.book
    )
    fork = Fork(bundle, address, gas_price)
    fork.contract.mint(address, PURSE_GWEI, 0)
    defence = Defence(deployment, address, {}, lambda: secrets.token_bytes(32), tick)
    core = Challenger(deployment, replica, tick, defence, Vigil(deployment.liveness_ms_max, 0))
    told = StringIO()
    board = Board("drill", told, as_json=False, path=None, port=None)
    patrol = Patrol(fork, core, board, None, lambda: fork.time)
    started = tick()
    await patrol.make_round()
    derive_ns = tick() - started
    history = list(core.replica.history)
    fork.agree(history[:-1])
    target = history[-1]
    segment = Random(seed).randrange(target.output.segments) + 1  # noqa: S311  a choice, no secret
    output, trace = corrupt(target, "root", segment, seed)
    number = fork.propose_as(CHEAT, output, trace)
    first, started = fork.height, tick()
    for _ in range(ROUNDS_MAX):
        await patrol.make_round()
        if fork.contract.state.claims[number].status is not ClaimStatus.PENDING:
            break
        fork.mine()
        await asyncio.sleep(0)
    proof_ns, blocks = tick() - started, fork.height - first
    fork.mine()
    await patrol.make_round()
    won = fork.contract.state.claims[number].status is ClaimStatus.CONVICTED
    agreed = all(core.docket.claims[n].standing is Standing.FINAL for n in range(1, number))
    return Rehearsal(
        won=won and agreed,
        entry=target.facts.index,
        segment=segment,
        entries=len(history),
        derive_ns=derive_ns,
        proof_ns=proof_ns,
        blocks=blocks,
        window_ms=deployment.window_ms,
        witness_bytes=defence.largest_witness,
        spent_gwei=defence.purse.spent_gwei,
        gas_price=gas_price,
        reward_gwei=fork.contract.state.account_of(address).eth - PURSE_GWEI,
        alerts=board.alerts,
        lines=tuple(told.getvalue().splitlines()),
    )
