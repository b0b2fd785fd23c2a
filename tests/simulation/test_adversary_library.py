"""Every adversary who is quick gets what he must, and the page about them is true."""

import pytest

from tests.adversaries.actors import batches, claims, forgeries
from tests.adversaries.library import LIBRARY, Adversary
from tests.adversaries.table import PAGE, chosen, page_of
from tests.adversaries.world import Land

QUICK = chosen([], slow=False)
SLOW = [each for each in LIBRARY.values() if each.slow]
FORGERS = [
    each
    for each in QUICK
    if each.play.__module__ in (claims.__name__, forgeries.__name__, batches.__name__)
    and each.expects.endswith("convicted")
]


@pytest.mark.parametrize("adversary", QUICK, ids=lambda each: each.name)
def test_the_world_holds(adversary: Adversary) -> None:
    outcome = adversary.play()
    assert outcome.verdict == adversary.expects
    assert outcome.is_well, outcome


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("adversary", SLOW, ids=lambda each: each.name)
def test_the_world_holds_for_long(adversary: Adversary) -> None:
    outcome = adversary.play()
    assert outcome.verdict == adversary.expects
    assert outcome.is_well, outcome


@pytest.mark.parametrize("adversary", FORGERS, ids=lambda each: each.name)
def test_without_a_challenger_he_wins(
    adversary: Adversary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Land, "fight", lambda *_: None)
    outcome = adversary.play()
    assert outcome.verdict == "pending"
    assert not outcome.final_right
    assert not adversary.holds(outcome)


def test_the_page_is_what_the_library_would_write() -> None:
    text = PAGE.read_text()
    assert text == page_of(text), "run `python -m tests.adversaries --write`"
