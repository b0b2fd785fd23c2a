"""A challenger at work: from a connection to L1 to rounds that never end."""

import asyncio
import secrets
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, final

from prover.betrayal import SignedBlock
from prover.board import Board
from prover.cases import Stage, Standing
from prover.challenger import Challenger
from prover.contract.rules import ContractRules
from prover.defence import Defence
from prover.derivation import Recover
from prover.gauges import UNKNOWN, Surroundings, Watchman
from prover.inquiry import Connect, fetch_claims, reach_deployment
from prover.keeper import Disk, Keeper
from prover.l1 import L1
from prover.patrol import Patrol
from prover.pledges import Pledges
from prover.purse import Purse
from prover.replica import Replica, genesis_replica
from prover.roots import Roots
from prover.vigil import Vigil
from statemachine.identity.signing import Domain, address_of

EXIT_OK = 0
EXIT_NO = 1
EXIT_UNREADABLE = 3
DRILL_NOTE: Final = "drill.json"
"""In a data directory: what the last drill that was won there told."""


@final
@dataclass(frozen=True, slots=True)
class DutySettings:
    """How to watch or defend; ``key`` is ``None`` for a watcher.

    ``pause`` in seconds between rounds; ``stay`` goes on after a wrong claim;
    ``status`` is the status file; ``payee`` is who is paid, empty: the key.
    ``gas_price_max`` and ``spend_gwei_max`` bound a defender (:mod:`prover.purse`),
    ``value_at_risk_max`` in micros and ``data_ms``, how long L1 keeps data, are for
    alarms (:mod:`prover.gauges`); 0: none.  ``only`` is the one claim to act on, and
    ``rehearses`` says what would be sent, in one round, without sending it.
    """

    key: bytes | None
    payee: bytes
    stay: bool
    pause: float
    as_json: bool
    metrics_port: int | None
    status: Path | None
    balance_gwei_min: int = 0
    gas_price_max: int = 0
    spend_gwei_max: int = 0
    value_at_risk_max: int = 0
    data_ms: int = 0
    only: int | None = None
    rehearses: bool = False
    recover: Callable[[Domain], Recover] | None = None
    """Makes what recovers signers; without it this process does."""
    signed: Callable[[int], Sequence[SignedBlock]] | None = None
    """Returns the signed blocks that were kept of an exchange, by its chain id, if any are."""
    roots: Roots | None = None
    """Computes roots; without it this process does."""

    def __post_init__(self) -> None:
        """Refuse a payee that is no address."""
        if len(self.payee) not in (0, 20):
            raise ValueError(f"payee: {len(self.payee)} bytes, expected 20")

    @property
    def mode(self) -> str:
        """What the challenger is doing."""
        if self.rehearses:
            return "dry run"
        return "watch" if self.key is None else "defend"


async def keep_duty(
    connect: Connect, target: str, disk: Disk | None, settings: DutySettings
) -> int:
    """Make rounds until a signal or, unless it stays, a wrong claim; return the exit code."""
    l1 = connect(target, settings.key)
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    core: Challenger | None = None
    try:
        deployment = await reach_deployment(l1, target, settings.pause)
        core, keeper = await make_core(l1, deployment, disk, settings)
        board = Board(
            settings.mode,
            sys.stdout,
            as_json=settings.as_json,
            path=settings.status,
            port=settings.metrics_port,
        )
        patrol = Patrol(
            l1,
            core,
            board,
            keeper,
            lambda: time.time_ns() // 1_000_000,
            Watchman(settings.value_at_risk_max),
            lambda: look_around(settings),
        )
        known = f"rules {deployment.rules.hash.hex()[:16]}.. are known"
        at = f"state stands at log entry {core.replica.next_index}"
        patrol.note("info", f"{settings.mode}: {known}, {at}")
        right = await patrol.run(
            settings.pause, until_wrong=not settings.stay, until=end_of(settings)
        )
    except asyncio.CancelledError:
        wrong = core is not None and core.defence is None and core.docket.wrong
        return EXIT_NO if wrong else EXIT_OK
    else:
        if settings.only is not None:
            return EXIT_OK if is_won(core, settings.only) else EXIT_NO
        if right and settings.rehearses and core.unreadable:
            return EXIT_UNREADABLE
        return EXIT_OK if right else EXIT_NO
    finally:
        await l1.close()


def end_of(settings: DutySettings) -> Callable[[Challenger], bool] | None:
    """Return what tells that a duty is done: after one round, or with its one claim."""
    only = settings.only
    if settings.rehearses:
        return lambda _: True
    if only is None:
        return None
    return lambda core: is_over(core, only)


def is_over(core: Challenger, number: int) -> bool:
    """Return whether there is nothing more to do about a claim."""
    claim = core.docket.claims.get(number)
    case = None if core.defence is None else core.defence.cases.get(number)
    if case is not None and case.stage is Stage.LOST:
        return True
    return claim is None or claim.is_decided or claim.standing is Standing.AGREED


def is_won(core: Challenger, number: int) -> bool:
    """Return whether a claim is dead, by our proof or another's."""
    claim = core.docket.claims.get(number)
    return claim is not None and claim.standing is Standing.DEAD


def look_around(settings: DutySettings) -> Surroundings:
    """Return what is known from outside: how long L1 keeps data, when the last drill was won."""
    age = UNKNOWN
    if settings.status is not None:
        note = settings.status.with_name(DRILL_NOTE)
        if note.exists():
            age = max(0, int(time.time() - note.stat().st_mtime))
    return Surroundings(settings.data_ms, age)


async def make_core(
    l1: L1, deployment: ContractRules, disk: Disk | None, settings: DutySettings
) -> tuple[Challenger, Keeper | None]:
    """Return the core, where kept state or genesis puts it, and the keeper."""
    keeper = None if disk is None else Keeper(disk, deployment)
    rules = deployment.rules
    recover = settings.recover and settings.recover(Domain(rules.chain_id, rules.rollup))
    replica: Replica
    if keeper is None:
        replica = genesis_replica(rules, deployment.genesis_time_ms, recover, roots=settings.roots)
    else:
        if not await is_settled(l1, keeper):
            sys.stderr.write("sextant challenger: L1 is another one; deriving from genesis\n")
            keeper.write_genesis()
        replica = keeper.load(recover, roots=settings.roots)
    defence = None
    if settings.key is not None or settings.rehearses:
        kept = {} if keeper is None else keeper.cases()
        own = address_of(settings.key) if settings.key else bytes(20)
        payee = settings.payee or own
        defence = Defence(
            deployment,
            payee,
            kept,
            draw_salt,
            time.monotonic_ns,
            Purse(settings.gas_price_max, settings.spend_gwei_max, is_repaid=payee == own),
            only=settings.only,
            rehearses=settings.rehearses,
        )
    vigil = Vigil(deployment.liveness_ms_max, settings.balance_gwei_min)
    pledges = None
    if settings.signed is not None:
        pledges = Pledges(deployment, partial(settings.signed, rules.chain_id), replica.head)
    return Challenger(deployment, replica, time.monotonic_ns, defence, vigil, pledges), keeper


def draw_salt() -> bytes:
    """Return 32 fresh random bytes."""
    return secrets.token_bytes(32)


async def is_settled(l1: L1, keeper: Keeper) -> bool:
    """Return whether L1 still counts the kept state's output among its claims."""
    head = keeper.head
    if head == keeper.deployment.genesis:
        return True
    return any(posted.claim.output == head for posted in await fetch_claims(l1))
