"""Allowances: a burst, a rate, and every host for itself."""

import pytest

from node.service import allowances
from node.service.allowances import Allowances, host_of


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_and_then_a_rate() -> None:
    clock = Clock()
    found = Allowances(10, 3, clock)
    assert [found.take("a", 1) for _ in range(4)] == [None, None, None, 0]
    clock.now += 0.06
    assert found.take("a", 1) == 0, "half a call has grown"
    clock.now += 0.06
    assert found.take("a", 1) is None
    clock.now += 1_000
    assert found.take("a", 4) == 3, "never more than the burst"
    assert found.take("a", 3) is None


def test_peers_do_not_share() -> None:
    found = Allowances(1, 1, Clock())
    assert found.take("a", 1) is None
    assert found.take("b", 1) is None
    assert found.take("a", 1) == 0


def test_the_longest_idle_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "PEERS_MAX", 2)
    found = Allowances(1, 2, Clock())
    for peer in ("a", "b", "a", "c"):
        assert found.take(peer, 1) is None
    assert list(found.buckets) == ["a", "c"]


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("ipv4:203.0.113.7:51234", "ipv4:203.0.113.7"),
        ("ipv6:%5B2001:db8::7%5D:51234", "ipv6:%5B2001:db8::7%5D"),
        ("unix:/run/sextant.sock", "unix:/run/sextant.sock"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_a_host_is_a_peer_without_its_port(peer: str, host: str) -> None:
    assert host_of(peer) == host
