"""Having a broken promise punished: derive what is final, commit, wait, show it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from prover.betrayal import Betrayal, SignedBlock, find_betrayals, signed_by
from prover.bundle import check_bundle, decode_bundle
from prover.contract.codes import ContractCode
from prover.contract.records import ClaimStatus
from prover.contract.rules import ContractRules
from prover.defence import PATIENCE_PARTS
from prover.inquiry import Connect, fetch_bundle, fetch_claims, reach_once
from prover.l1 import L1, CallReceipt, Heads

POLL_SECONDS: Final = 0.2


async def find_broken_promises(
    connect: Connect,
    target: str,
    blocks: Sequence[SignedBlock],
    payee: bytes,
    salt_of: Callable[[ContractRules], bytes],
) -> tuple[int, list[Betrayal]]:
    """Return how many blocks the deployment's signer signed, and which promises are broken.

    Two blocks at one height need nothing else; for the rest all of L1's log is derived.
    ``salt_of`` returns what a deployment's commitments are salted with.
    """
    l1 = connect(target, None)
    try:
        rules: ContractRules = await reach_once(l1, target)
        signed, salt = len(signed_by(rules, blocks)), salt_of(rules)
        found = find_betrayals(rules, blocks, [], (), payee, salt)
        if found or not signed:
            return signed, found
        posted = await fetch_claims(l1)
    finally:
        await l1.close()
    finals = {each.claim.number for each in posted if each.claim.status is ClaimStatus.FINAL}
    bundle = decode_bundle(await fetch_bundle(connect, target))
    findings = check_bundle(bundle, lambda _: None)
    return signed, find_betrayals(rules, blocks, findings, finals, payee, salt)


async def show(
    l1: L1, found: Betrayal, say: Callable[[str], None], on_shown: Callable[[], None]
) -> CallReceipt:
    """Commit to a broken promise, wait until L1 takes that back no more, and show it.

    A proof that was seen is no secret any more: if a re-org took the commitment back, whoever
    is the first to commit in the new fork is paid, or nobody.  Should L1 call nothing final,
    one part in 64 of a window is waited for, as by a defender (:mod:`prover.defence`).
    Whoever calls has the salt on disk by now, so that he may come again after a crash: L1
    then has the commitment.  ``on_shown`` is called once L1 was shown the salt.
    """
    rules = await l1.deployment()
    committed = await l1.send(found.commit)
    if committed.code not in {ContractCode.OK, ContractCode.COMMITMENT_EXISTS}:
        return committed
    if committed.ok:
        say(f"committed in L1 block {committed.block}")
    else:
        say("the commitment stands from before")
    heads = await l1.head()
    until = heads.latest.time + rules.window_ms // PATIENCE_PARTS
    if not is_ripe(rules, committed.block, heads, until):
        say("waiting until L1 takes it back no more")
    while not is_ripe(rules, committed.block, heads, until):
        await asyncio.sleep(POLL_SECONDS)
        heads = await l1.head()
    receipt = await l1.send(found.call)
    on_shown()
    return receipt


def is_ripe(rules: ContractRules, block: int, heads: Heads, until: int) -> bool:
    """Return whether a commitment of an L1 block may be opened; ``until``: how long to wait, ms."""
    old = heads.latest.number + 1 - block >= rules.commitment_blocks_min
    return old and (block <= heads.final.number or heads.latest.time >= until)
