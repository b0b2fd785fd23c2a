"""A challenger at work: from a connection to L1 to rounds that never end."""

import asyncio
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar, final

from prover.betrayal import SignedBlock
from prover.board import Board, tell_time
from prover.bundle import BundledClaim, encode_bundle
from prover.cases import Stage, Standing
from prover.challenger import Challenger
from prover.contract.log import LogEntry
from prover.contract.records import QueuedItem
from prover.contract.rules import ContractRules
from prover.defence import Defence
from prover.derivation import Recover
from prover.durations import tell_duration
from prover.gauges import UNKNOWN, Surroundings, Watchman
from prover.keeper import Disk, Keeper
from prover.l1 import L1, L1Unreachable, PostedClaim
from prover.patrol import Patrol
from prover.pledges import Pledges
from prover.purse import Purse
from prover.replica import Replica, genesis_replica
from prover.roots import Roots
from prover.rulesbook import RulesUnknown
from prover.vigil import Vigil
from statemachine.errors import FrameInvalid, SextantError
from statemachine.identity.signing import Domain, address_of

EXIT_OK = 0
EXIT_NO = 1
EXIT_UNREADABLE = 3
SILENCE_SECONDS_MAX: Final = 1.0
DRILL_NOTE: Final = "drill.json"
"""In a data directory: what the last drill that was won there told."""
LOOK_SECONDS_MAX: Final = 10.0
"""How long a command that looks once waits for L1."""

AnswerT = TypeVar("AnswerT")


class BytesMissing(SextantError):
    """L1 does not give the bytes of a log entry: nothing from there on can be judged."""


Connect = Callable[[str, bytes | None], L1]


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


async def announced(answer: Awaitable[AnswerT], target: str) -> AnswerT:
    """Wait for an answer of L1, and say so if it does not come at once."""
    asked = asyncio.ensure_future(answer)
    try:
        done, _ = await asyncio.wait({asked}, timeout=SILENCE_SECONDS_MAX)
        if not done:
            sys.stderr.write(f"sextant challenger: waiting for L1 at {target}\n")
            sys.stderr.flush()
        return await asked
    finally:
        asked.cancel()


async def reach_deployment(l1: L1, target: str, pause: float) -> ContractRules:
    """Return what the contract was deployed with, waiting for L1 to answer.

    Raises
    ------
    RulesUnknown
        The rules are of a version that this program does not know.
    """
    told = False
    while True:
        try:
            return await (l1.deployment() if told else announced(l1.deployment(), target))
        except (FrameInvalid, ValueError) as error:
            raise RulesUnknown(
                f"L1 runs a version that this program does not know ({error}): "
                "upgrade sextant; judging by other rules would accuse the innocent"
            ) from error
        except L1Unreachable as error:
            if not told:
                sys.stderr.write(f"sextant challenger: still waiting for L1: {error}\n")
                told = True
            await asyncio.sleep(pause)


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
        payee = settings.payee or (address_of(settings.key) if settings.key else bytes(20))
        defence = Defence(
            deployment,
            payee,
            kept,
            draw_salt,
            time.monotonic_ns,
            Purse(settings.gas_price_max, settings.spend_gwei_max),
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


async def fetch_claims(l1: L1) -> list[PostedClaim]:
    """Return every claim that L1 has."""
    claims: list[PostedClaim] = []
    while page := await l1.claims(len(claims)):
        claims += page
    return claims


async def fetch_deadline(connect: Connect, target: str, number: int) -> dict[str, object]:
    """Return until when a claim can be disputed, as plain values."""
    l1 = connect(target, None)
    try:
        posted, heads = await l1.claim(number), await l1.head()
        window = (await l1.deployment()).window_ms
    finally:
        await l1.close()
    if posted is None:
        return {}
    closes_at = posted.claim.time + window
    left = max(0, closes_at - heads.latest.time)
    return {
        "status": posted.claim.status.name.lower(),
        "closes_at": tell_time(closes_at),
        "left": tell_duration(left),
    }


def check_intact(entries: Sequence[LogEntry]) -> None:
    """Raise ``BytesMissing`` for an entry whose bytes are not those that L1 hashed."""
    for entry in entries:
        if not entry.is_intact:
            raise BytesMissing(f"L1 log entry {entry.index}: {entry.tell_missing()}")


async def reach_once(l1: L1, target: str) -> ContractRules:
    """Return what the contract was deployed with; for who looks once, and does not wait long.

    Raises
    ------
    L1Unreachable
        No answer came in ``LOOK_SECONDS_MAX``.
    """
    try:
        async with asyncio.timeout(LOOK_SECONDS_MAX):
            return await announced(l1.deployment(), target)
    except TimeoutError:
        raise L1Unreachable(f"no answer from L1 at {target}; is it running?") from None


async def fetch_bundle(connect: Connect, target: str) -> str:
    """Return a bundle of all of L1's log, inbox and claims.

    Raises
    ------
    BytesMissing
        L1 has dropped the bytes of an entry, and no archive that was named has them.
    L1Unreachable
        It does not answer.
    """
    l1 = connect(target, None)
    try:
        deployment = await reach_once(l1, target)
        items: list[QueuedItem] = []
        entries: list[LogEntry] = []
        while items_page := await l1.inbox_items(len(items)):
            items += items_page
        versions = await l1.versions()
        while entries_page := await l1.log_entries(len(entries)):
            check_intact(entries_page)
            entries += entries_page
        posted = await fetch_claims(l1)
    finally:
        await l1.close()
    claims = [
        BundledClaim(each.claim.number, each.claim.output, list(each.trace))
        for each in posted
        if each.claim.number
    ]
    return encode_bundle(deployment, [queued.item for queued in items], entries, claims, versions)
