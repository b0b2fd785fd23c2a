"""Who uses a change of the rules: to be judged by the wrong ones, or to leave nobody time."""

from dataclasses import replace

from prover.contract.calls import Append, ScheduleRules
from prover.contract.records import ClaimStatus
from prover.contract.versions import notice_ms
from prover.entry import encode_entry
from prover.replica import Derived
from statemachine.rules import Rules
from statemachine.state import State
from tests.adversaries.forgery import Forgery, cheat, misrule
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import GOVERNOR, MAKER, SELL, TAKER, Land, convict
from tests.simulation.test_challenger import SEQUENCER

SOON = {"ramp_notice_ms": 0}
"""So that the notice is a way out, and no week."""


def dearer(rules: Rules) -> Rules:
    """Return rules that differ in the fees of a trade."""
    markets = tuple(replace(market, taker_ppm=900) for market in rules.markets)
    return replace(rules, markets=markets)


def trade(land: Land) -> Derived:
    """Let somebody buy from somebody."""
    land.post(land.quotes())
    return land.post([land.order(MAKER, SELL, 10)], [land.order(TAKER, 0, 10)])


def upgraded() -> tuple[Land, Derived, Derived]:
    """Return a land, and its last trade under the old and its first under the new rules."""
    land = Land(**SOON)
    land.open(MAKER, TAKER)
    old = trade(land)
    assert land.schedule(dearer(land.rules)).ok
    land.wait_for_rules()
    new = trade(land)
    assert (old.rules, new.rules) == (land.deployment.rules, dearer(land.deployment.rules))
    return land, old, new


def enrich(land: Land, derived: Derived) -> Forgery:
    """Return the claim that the maker has a little more."""

    def edit(after: State, before: State) -> None:
        del before
        land.portfolio(after, MAKER).balance += 1

    return cheat(derived.rules, derived, 1, edit)


@adversary("upgrade mid-dispute", "4", "SEGMENT convicted")
def upgrade_mid_dispute() -> Outcome:
    """Lie about an entry of the old rules, and be accused once the new ones are in force."""
    land = Land(**SOON)
    land.open(MAKER, TAKER)
    old = trade(land)
    assert land.schedule(dearer(land.rules)).ok
    starts = land.chain.contract.state.versions[0].starts
    land.chain.mine(1, starts - land.chain.time - 10_000)
    wrong = land.lie(enrich(land, old), land.claim_honestly(old.facts.index))
    post = land.station()
    post.round()
    assert land.chain.time < starts, "he has committed by now"
    land.wait_for_rules()
    trade(land)
    land.fight(post)
    verdict = land.verdict_on(wrong)
    land.close()
    return land.outcome(verdict, convicted=land.status_of(wrong) is ClaimStatus.CONVICTED)


@adversary("lie about an old entry", "4", "SEGMENT convicted")
def late_lie() -> Outcome:
    """Lie about an entry of the old rules when the log goes on under the new ones."""
    land, old, _ = upgraded()
    return convict(land, old, enrich(land, old))


@adversary("old entry by new rules", "4", "SEGMENT convicted")
def new_rules_backwards() -> Outcome:
    """Execute an entry of before the change by the rules of after it, under the old name."""
    land, old, new = upgraded()
    return convict(land, old, misrule(old.rules, old, new.rules))


@adversary("new entry by old rules", "4", "SEGMENT convicted")
def old_rules_forwards() -> Outcome:
    """Go on by the old rules after the change, and say that they were the new ones."""
    land, old, new = upgraded()
    return convict(land, new, misrule(new.rules, new, old.rules))


@adversary("claim under another version", "4", "refused OUTPUT_RULES")
def claim_of_another_version() -> Outcome:
    """Claim what an old entry would be under the new rules, and say so."""
    land, old, new = upgraded()
    forged = misrule(old.rules, old, new.rules)
    named = replace(forged, output=replace(forged.output, rules_hash=new.rules.hash))
    parent = land.claim_honestly(old.facts.index)
    return refused_claim(land, named, parent)


def refused_claim(land: Land, forged: Forgery, parent: int) -> Outcome:
    """Play a claim that L1 does not take."""
    try:
        land.lie(forged, parent)
        verdict = "taken"
    except AssertionError as refusal:
        verdict = f"refused {str(refusal).partition(':')[0]}"
    land.fight()
    land.close()
    return land.outcome(verdict)


def refused_entry(land: Land, version: int) -> Outcome:
    """Play an entry of a version that L1 does not take."""
    entry = encode_entry([land.frame(0, land.quotes())])
    receipt = land.send(SEQUENCER, Append(len(land.derived), entry, version))
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


@adversary("unknown version", "3", "refused ENTRY_RULES")
def unknown_version() -> Outcome:
    """Post an entry under rules that nobody has announced."""
    land = Land()
    land.open(MAKER, TAKER)
    return refused_entry(land, 2)


@adversary("rules of tomorrow", "3", "refused ENTRY_RULES")
def rules_of_tomorrow() -> Outcome:
    """Post an entry under rules that are announced, and not yet in force."""
    land = Land(**SOON)
    land.open(MAKER, TAKER)
    assert land.schedule(dearer(land.rules)).ok
    return refused_entry(land, 2)


@adversary("rules of yesterday", "3", "refused ENTRY_RULES")
def rules_of_yesterday() -> Outcome:
    """Go back to the old rules, after an entry under the new ones."""
    land, _, _ = upgraded()
    return refused_entry(land, 1)


def refused_rules(rules: Rules, notice: int) -> Outcome:
    """Play a governor with a change that L1 does not take; ``notice`` in ms."""
    land = Land(**SOON)
    land.open(MAKER, TAKER)
    call = ScheduleRules(2, land.chain.time + 1_000 + notice, rules.encode())
    receipt = land.send(GOVERNOR, call)
    trade(land)
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


@adversary("upgrade overnight", "4", "refused RULES_NOTICE")
def upgrade_overnight() -> Outcome:
    """Let rules come a moment before those who dislike them can have left."""
    land = Land(**SOON)
    return refused_rules(dearer(land.rules), notice_ms(land.deployment, land.rules) - 1)


@adversary("rules that no verdict can judge", "4", "refused RULES_SUCCESSION")
def segments_too_large() -> Outcome:
    """Make segments so large that no fault in them fits a call."""
    land = Land(**SOON)
    larger = replace(land.rules, segment_cost_max=1 << 20)
    return refused_rules(larger, 1 << 40)


@adversary("rules that shut the way out", "5", "refused RULES_SUCCESSION")
def deadline_without_end() -> Outcome:
    """Give the sequencer for ever to take in what L1 orders."""
    land = Land(**SOON)
    return refused_rules(replace(land.rules, inbox_deadline_ms=1 << 50), 1 << 60)
