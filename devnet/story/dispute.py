"""The second half: a fraud, the proof, the right claim, and a withdrawal paid on L1."""

from dataclasses import replace
from typing import Final

from devnet.identities import identity_of
from devnet.story.stage import MICROS, Stage, StoryFailed, short, usdc
from devnet.survey import challenger_says
from prover.contract.calls import ClaimBond
from prover.contract.codes import ContractCode
from prover.contract.events import FaultProved
from prover.contract.records import ClaimStatus
from prover.contract.rules import GWEI_PER_ETH
from prover.l1 import PostedClaim
from prover.outputs import trace_root
from sextant.client.models import Stage as Progress

WITHDRAWAL: Final = 500
DISPUTE_SECONDS_MAX: Final = 120.0
DEAD: Final = (ClaimStatus.CONVICTED, ClaimStatus.ORPHANED)


async def tell_withdrawal(stage: Stage) -> None:
    """Ask for the money: a leaf in the state, payable once its claim is final."""
    alice = await stage.client("alice")
    receipt = await alice.withdraw(str(WITHDRAWAL))
    found = await alice.withdrawals()
    stage.check(len(found) == 1, f"alice has {len(found)} withdrawals")
    stage.check(int(found[0].amount * MICROS) == WITHDRAWAL * MICROS, f"it is {found[0].amount}")
    stage.facts["withdrawal"] = found[0].index
    stage.tell(
        "withdrawal",
        f"alice withdraws {usdc(WITHDRAWAL * MICROS)}: withdrawal {found[0].index} "
        f"in block {receipt.height}, payable when its claim is final",
    )


async def tell_fraud(stage: Stage) -> None:
    """Inject a false root, and see the claim on L1."""
    l1 = stage.l1()
    known = await stage.claims()
    stage.facts["purse"] = (await l1.account(identity_of("challenger").address)).eth
    await stage.controls.corrupt_next_claim("segment-root", None)
    follower = await stage.client("alice", "follower")

    async def false_claim() -> PostedClaim | None:
        for number, posted in (await stage.claims()).items():
            output = posted.claim.output
            if number in known or output.log_index == 0:
                continue
            block = await follower.block(output.height)
            roots = block.segment_roots
            if roots and roots[-1] != output.post_root:
                stage.facts["true_root"] = roots[-1]
                return posted
        return None

    posted = await stage.until(false_claim, "the false claim", DISPUTE_SECONDS_MAX)
    claim = posted.claim
    stage.facts["false"] = claim.number
    stage.tell(
        "fraud",
        f"claim {claim.number} on batch {claim.output.log_index - 1} says "
        f"{short(claim.output.post_root)}; whoever replays the log finds "
        f"{short(stage.facts['true_root'])}",
        claim=claim.number,
    )


async def tell_accomplice(stage: Stage) -> None:
    """Let somebody build on the false claim: his claim is its descendant, if he is fast enough."""
    false = (await stage.claims())[stage.facts["false"]]
    await stage.controls.faucet(identity_of("dave").address, 2 * stage.contract.bond_gwei, 0)
    dave, number = stage.l1("dave"), false.claim.number
    output = false.claim.output
    child = replace(
        output,
        log_index=output.log_index + 1,
        height=output.height + 1,
        previous_output=output.hash,
        trace_root=trace_root([output.post_root, output.post_root]),
        segments=1,
    )

    async def appended() -> bool | None:
        return True if await dave.log_entries(output.log_index) else None

    await stage.until(appended, "the next batch", DISPUTE_SECONDS_MAX)
    receipt = await dave.propose(number, child, [output.post_root, output.post_root])
    if receipt.code is ContractCode.PARENT_DEAD:
        stage.tell("descendant", f"dave trusts it, but claim {number} is dead before he can stake")
        return
    stage.check(receipt.ok, f"L1 refused a claim on claim {number}: {receipt.message}")
    stage.facts["descendant"] = receipt.value
    stage.tell(
        "descendant",
        f"dave trusts it and stakes a bond of his own on claim {receipt.value}, its child",
        claim=receipt.value,
    )


async def tell_verdict(stage: Stage) -> None:
    """See the challenger's one call kill the claim and its descendants, and split the bond."""
    l1 = stage.l1()
    number = stage.facts["false"]

    async def convicted() -> PostedClaim | None:
        posted = await l1.claim(number)
        return posted if posted and posted.claim.status is ClaimStatus.CONVICTED else None

    posted = await stage.until(convicted, "the conviction", DISPUTE_SECONDS_MAX)
    claims = await stage.claims()
    family = {number}
    for child in sorted(claims):
        if claims[child].claim.parent in family and child:
            family.add(child)
    dead = [n for n in family if claims[n].claim.status in DEAD]
    built = stage.facts.get("descendant", number)
    if built != number:
        paid = await stage.l1("dave").send(ClaimBond(built))
        stage.check(paid.ok, f"L1 keeps dave's bond: {paid.message}")
    stage.check(built in family, "dave's claim is no descendant")
    stage.check(set(dead) == family, f"claims {sorted(family - set(dead))} outlived the conviction")
    dave = await l1.account(identity_of("dave").address)
    stage.check(dave.eth == 2 * stage.contract.bond_gwei, f"dave has {dave.eth} gwei, not his bond")
    lived, blocks, slashed = await split_of(stage, number, posted)
    stage.tell(
        "verdict",
        f"one call convicted claim {number} after {lived:.0f} s, {blocks} L1 blocks; with it died "
        f"{', '.join(f'claim {n}' for n in sorted(family - {number})) or 'no other'}",
        dead=sorted(family),
        blocks=blocks,
    )
    stage.tell("slash", slashed)


async def split_of(stage: Stage, number: int, posted: PostedClaim) -> tuple[float, int, str]:
    """Check how L1 split the bond; return the claim's life in s and L1 blocks, and the split."""
    l1 = stage.l1()
    async for found in l1.events(posted.claim.block):
        for event in found.events:
            if not isinstance(event, FaultProved) or event.claim != number:
                continue
            bond = stage.contract.bond_gwei
            totals = await l1.totals()
            stage.check(event.burnt == bond // 2, f"burnt {event.burnt} of a bond of {bond}")
            stage.check(totals.eth_burnt_gwei == event.burnt, f"L1 burnt {totals.eth_burnt_gwei}")
            paid = event.reward + event.refunded
            stage.check(event.burnt + paid == bond, f"{event.burnt} + {paid} of {bond}")
            account = await l1.account(identity_of("challenger").address)
            gained = account.eth - stage.facts["purse"]
            stage.check(gained > 0, "the challenger is not richer than before")
            text = (
                f"bond of {bond / GWEI_PER_ETH:g} ETH: {event.burnt / GWEI_PER_ETH:g} burnt, "
                f"{paid / GWEI_PER_ETH:g} to the challenger"
            )
            lived = (found.block.time - posted.claim.time) / 1000
            return lived, found.block.number - posted.claim.block, text
        if found.block.number >= found.heads.latest.number:
            break
    raise StoryFailed("L1 has no event of the proof")


async def tell_right_claim(stage: Stage) -> None:
    """See the follower propose the right output in place of the dead one."""
    false = (await stage.claims())[stage.facts["false"]].claim
    follower = identity_of("follower").address

    async def right_claim() -> PostedClaim | None:
        for posted in (await stage.claims()).values():
            claim = posted.claim
            same = claim.output.log_index == false.output.log_index
            if same and claim.proposer == follower and not claim.status.is_dead:
                return posted
        return None

    posted = await stage.until(right_claim, "the follower's claim", DISPUTE_SECONDS_MAX)
    root = posted.claim.output.post_root
    stage.check(root == stage.facts["true_root"], "the follower proposed another root")
    sequenced = await (await stage.client("alice")).block(posted.claim.output.height)
    stage.check(sequenced.segment_roots[-1:] == (root,), "the sequencer has another root")

    async def agreed() -> bool | None:
        lines = challenger_says(stage.layout.store("challenger") / "status.json").get("lines", [])
        told = f"agreed with claim {posted.claim.number} root {root.hex()[:16]}"
        return True if any(told in line for line in lines) else None

    await stage.until(agreed, "the challenger to agree")
    stage.tell(
        "honest",
        f"the follower proposed claim {posted.claim.number} on the same batch: {short(root)}, "
        "as sequencer and challenger have it",
    )
    stage.facts["right"] = posted.claim.number


async def tell_payment(stage: Stage) -> None:
    """Let the window pass; prove the withdrawal under the final claim; be paid, once."""
    alice = await stage.client("alice")
    index = stage.facts["withdrawal"]
    l1 = stage.l1("alice")
    before = (await l1.account(l1.address)).token

    async def covered() -> int | None:
        posted = await stage.claims()
        height = (await alice.withdrawal(index)).height
        numbers = [
            n
            for n, p in posted.items()
            if p.claim.output.height >= height and not p.claim.status.is_dead
        ]
        return min(numbers, default=None)

    await stage.until(covered, "a claim that covers the withdrawal", DISPUTE_SECONDS_MAX)
    window_ms = stage.contract.window_ms
    await stage.controls.warp(window_ms + 5_000)

    async def final() -> bool | None:
        found = await alice.withdrawal(index)
        return True if found.stage is Progress.FINAL else None

    await stage.until(final, "the withdrawal to be final", DISPUTE_SECONDS_MAX)
    paid = await claim_on_l1(stage, index)
    after = (await l1.account(l1.address)).token
    stage.check(after - before == WITHDRAWAL * MICROS, f"L1 balance {before} -> {after}")
    stage.tell(
        "paid",
        f"after the window of {window_ms // 1000} s L1 paid withdrawal {index}: "
        f"{usdc(paid)}; alice has {usdc(after)} on L1",
        micros=str(paid),
    )


async def claim_on_l1(stage: Stage, index: int) -> int:
    """Prove the withdrawal's leaf under the newest final claim; return what L1 paid."""
    l1 = stage.l1("alice")
    follower = await stage.client("alice", "follower")
    withdrawal = await (await stage.client("alice")).withdrawal(index)

    async def proved() -> tuple[int, bytes] | None:
        for number, posted in sorted((await stage.claims()).items(), reverse=True):
            claim = posted.claim
            if claim.status is ClaimStatus.FINAL and claim.output.height >= withdrawal.height:
                proof = await follower.proof([withdrawal.key], log_index=claim.output.log_index)
                stage.check(proof.root == claim.output.post_root, "the proof is of another root")
                return number, proof.witness
        return None

    number, witness = await stage.until(proved, "a proof of the withdrawal", DISPUTE_SECONDS_MAX)
    receipt = await l1.claim_withdrawal(number, index, witness)
    stage.check(receipt.ok, f"L1 refused the withdrawal: {receipt.message}")
    again = await l1.claim_withdrawal(number, index, witness)
    stage.check(not again.ok, "L1 paid the withdrawal twice")
    return receipt.value
