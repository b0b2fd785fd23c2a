"""What a client rests on: one claim on L1, its root, and how far that can be trusted.

=========  ==================================================================
stage      what the root is
=========  ==================================================================
``final``  of a claim whose challenge window has passed, on a block that L1
           calls final: what L1 itself pays withdrawals under
``safe``   of the newest claim that stands alone on those before it, in a block that
           L1 calls final: its data is on L1 for good, anybody may still disprove it
unsafe     what no claim covers yet: the sequencer's signature is all there is
           (``sextant receipt``), and nothing here answers under it
=========  ==================================================================

Nothing is asked of a node.  Honest proposers say nothing about an entry that L1 may still
take back, so a claim stands alone until then, right or wrong.  Where two claims about one
log entry contradict each other, one of them is wrong, and neither is ``safe``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from proto.sextant.v1 import l1_pb2
from prover.outputs import Output, decode_output
from prover.rulesbook import RulesBook, RulesUnknown
from sextant.client.l1 import L1Client
from sextant.client.upgrades import book_of, read_contract
from sextant.errors import ProofInvalid, Refused, ServerFault
from statemachine.errors import FrameInvalid
from statemachine.rules import Rules

PAGE_CLAIMS: Final = 64


class Trust(StrEnum):
    """How far a claim has come."""

    SAFE = "safe"
    FINAL = "final"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A root on L1, with what stands behind it.

    ``log_index`` and ``height`` are those after the entry that the claim is about.
    ``contested_by`` are live claims about the same log entry, or about one that this
    claim builds on: if there are any, this root may be the wrong one.
    """

    trust: Trust
    claim: int
    log_index: int
    height: int
    root: bytes
    proposer: bytes
    bond_gwei: int
    final_at_ms: int
    contested_by: tuple[int, ...]
    l1_block: int
    l1_time_ms: int
    l1_is_stub: bool
    rules: Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A live claim, as L1 lists it, and whether it is final on a final L1 block.

    ``lasting`` says that L1 takes the claim itself back no more.
    """

    message: l1_pb2.L1Claim
    output: Output
    firm: bool
    lasting: bool


async def find_anchor(
    l1: L1Client, trust: Trust = Trust.FINAL, *, claim: int | None = None
) -> Anchor:
    """Return the newest claim that can be trusted like this, or a certain one.

    Raises
    ------
    Refused
        ``CLAIM_UNKNOWN``, ``CLAIM_DEAD``: the one that was asked for is no use.
    ProofInvalid
        ``OUTPUT``, ``DEPLOYMENT``: L1 contradicts itself, or has another contract;
        ``RULES``: the claim's entry was executed by rules that are not known here.
    """
    deployment, contract = await l1.deployment(), await read_contract(l1)
    heads = await l1.heads()
    book = book_of(contract, await l1.rules_page())
    live = await live_claims(l1, book, heads, claim)
    chosen = choose_claim(live, trust, claim)
    message = live[chosen].message
    return Anchor(
        trust=Trust.FINAL if live[chosen].firm else Trust.SAFE,
        claim=chosen,
        log_index=live[chosen].output.log_index,
        height=live[chosen].output.height,
        root=live[chosen].output.post_root,
        proposer=message.proposer,
        bond_gwei=message.bond_gwei,
        final_at_ms=message.final_at_ms,
        contested_by=rivals_of(live, chosen),
        l1_block=heads.latest.number,
        l1_time_ms=heads.latest.time_ms,
        l1_is_stub=deployment.stub,
        rules=rules_of(book, live[chosen].output),
    )


async def anchor_of(l1: L1Client, root: bytes) -> Anchor:
    """Return the newest live claim that has ``root``, however far it has come.

    Raises
    ------
    ProofInvalid
        ``CLAIM``: none has it; it may be of a claim that is dead.
    """
    number = (await l1.claims(0, 1)).claims_count
    while number > 0:
        first = max(0, number - PAGE_CLAIMS)
        for message in reversed(await claims_between(l1, first, number)):
            if message.post_root == root and is_live(message):
                return await find_anchor(l1, claim=message.number)
        number = first
    raise ProofInvalid("CLAIM", f"no live claim on L1 has the root {root.hex()}")


async def live_claims(
    l1: L1Client, book: RulesBook, heads: l1_pb2.L1Heads, claim: int | None
) -> dict[int, Listed]:
    """Return the newest firm claim and all live ones after it; back to ``claim``, if given."""
    live: dict[int, Listed] = {}
    stop = (await l1.claims(0, 1)).claims_count
    if claim is not None and not 0 <= claim < stop:
        raise Refused("CLAIM_UNKNOWN", f"L1 has no claim {claim}, the last one is {stop - 1}")
    while stop > 0 and not found_enough(live, stop, claim):
        start = max(0, stop - PAGE_CLAIMS)
        for message in await claims_between(l1, start, stop):
            if message.number == claim and not is_live(message):
                status = l1_pb2.L1ClaimStatus.Name(message.status)
                name = status.removeprefix("L1_CLAIM_STATUS_").lower()
                raise Refused("CLAIM_DEAD", f"claim {claim} is dead: {name}")
            if is_live(message):
                output = check_output(book, message)
                live[message.number] = Listed(
                    message=message,
                    output=output,
                    firm=is_firm(message, heads),
                    lasting=message.block <= heads.final.number,
                )
        stop = start
    return dict(sorted(live.items()))


async def claims_between(l1: L1Client, start: int, stop: int) -> list[l1_pb2.L1Claim]:
    """Return the claims from number ``start`` up to ``stop``, in as many pages as it takes.

    Raises
    ------
    ServerFault
        ``CLAIMS``: L1 lists none of them, having said that there are so many.
    """
    found: list[l1_pb2.L1Claim] = []
    while start < stop:
        page = await l1.claims(start, stop - start)
        if not page.claims:
            break
        found += page.claims
        start = page.claims[-1].number + 1
    if not found:
        raise ServerFault(
            "CLAIMS",
            f"{l1.target} says that it has {stop} claims, and does not list them",
            advice="try again, should it have re-organised just now; else ask another L1",
            retryable=True,
        )
    return found


def found_enough(live: dict[int, Listed], stop: int, claim: int | None) -> bool:
    """Return whether a firm claim was met, and the one that was asked for."""
    met = claim is None or stop <= claim
    return met and any(listed.firm for listed in live.values())


def is_live(message: l1_pb2.L1Claim) -> bool:
    """Return whether a claim was not disproved, orphaned or superseded."""
    return message.status in {
        l1_pb2.L1_CLAIM_STATUS_PENDING,
        l1_pb2.L1_CLAIM_STATUS_FINAL,
    }


def is_firm(message: l1_pb2.L1Claim, heads: l1_pb2.L1Heads) -> bool:
    """Return whether a claim is final, on an L1 block that no re-org can take back."""
    return message.status == l1_pb2.L1_CLAIM_STATUS_FINAL and (
        not message.number
        or (message.block <= heads.final.number and message.final_at_ms <= heads.final.time_ms)
    )


def check_output(book: RulesBook, message: l1_pb2.L1Claim) -> Output:
    """Return a claim's output, if it is one of this deployment and its rules.

    Raises
    ------
    ProofInvalid
        ``OUTPUT``.
    """
    try:
        output = decode_output(message.output)
    except FrameInvalid as error:
        raise ProofInvalid("OUTPUT", f"claim {message.number}: {error}") from error
    if output.chain_id != book.first.chain_id or not book.lists(output.rules_hash):
        raise ProofInvalid(
            "OUTPUT",
            f"claim {message.number} is of another chain or other rules than this deployment's",
            advice="upgrade sextant, or ask another L1",
        )
    return output


def rules_of(book: RulesBook, output: Output) -> Rules:
    """Return the rules that executed a claim's entry.

    Raises
    ------
    ProofInvalid
        ``RULES``.
    """
    try:
        return book.named(output.rules_hash)
    except RulesUnknown as error:
        raise ProofInvalid("RULES", str(error), advice="upgrade sextant") from error


def choose_claim(live: dict[int, Listed], trust: Trust, claim: int | None) -> int:
    """Return which claim to rest on."""
    if claim is not None:
        return claim
    firm = max((number for number, listed in live.items() if listed.firm), default=None)
    if firm is None:
        raise Refused("NOT_FINAL", "no claim is final yet", retryable=True)
    if trust is Trust.FINAL:
        return firm
    chosen = firm
    while True:
        children = children_of(live, chosen)
        if len(children) != 1 or not live[children[0]].lasting:
            return chosen
        chosen = children[0]


def children_of(live: dict[int, Listed], number: int) -> list[int]:
    """Return the live claims that stand on a claim."""
    return [n for n, listed in live.items() if n and listed.message.parent == number]


def rivals_of(live: dict[int, Listed], number: int) -> tuple[int, ...]:
    """Return the live claims that contradict this one, or one that it stands on."""
    rivals: set[int] = set()
    while number in live and not live[number].firm:
        parent = live[number].message.parent
        rivals.update(n for n in children_of(live, parent) if n != number)
        number = parent
    return tuple(sorted(rivals))
