"""What is asked of L1 once: what the contract was deployed with, and a bundle of all it has."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from prover.bundle import BundledClaim, encode_bundle
from prover.contract.log import LogEntry
from prover.contract.records import QueuedItem
from prover.contract.rules import ContractRules
from prover.durations import tell_duration, tell_time
from prover.l1 import L1, L1Unreachable, PostedClaim
from prover.rulesbook import RulesUnknown
from statemachine.errors import FrameInvalid, SextantError

SILENCE_SECONDS_MAX: Final = 1.0
"""After how long without an answer it is said that L1 is waited for."""
LOOK_SECONDS_MAX: Final = 10.0
"""How long a command that looks once waits for L1."""

AnswerT = TypeVar("AnswerT")
Connect = Callable[[str, bytes | None], L1]
"""Makes a connection to an L1 of its target, and of the key that signs calls, if any."""


class BytesMissing(SextantError):
    """L1 does not give the bytes of a log entry: nothing from there on can be judged."""


async def announced(answer: Awaitable[AnswerT], target: str) -> AnswerT:
    """Wait for an answer of L1, and say so if it does not come at once."""
    asked = asyncio.ensure_future(answer)
    try:
        done, _ = await asyncio.wait({asked}, timeout=SILENCE_SECONDS_MAX)
        if not done:
            sys.stderr.write(f"sextant: waiting for L1 at {target}\n")
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
