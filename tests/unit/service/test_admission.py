"""The gate before the sequencer: sizes, rates, and a glance at the bytes."""

import pytest

from node.service.admission import Admission, inspect, inspect_all
from node.service.allowances import PEERS_MAX
from node.service.errors import Refused
from node.settings import AdmissionSettings
from statemachine.actions import (
    TRANSACTION_BYTES_MAX,
    OracleMessage,
    OracleUpdate,
    PlaceOrder,
    encode_transaction,
)
from statemachine.identity.signing import HALF_ORDER
from statemachine.units import Lots, Millis, Price

LOW_S = bytes(32) + HALF_ORDER + b"\x00"
HIGH_S = bytes(32) + (int.from_bytes(HALF_ORDER, "big") + 1).to_bytes(32, "big") + b"\x00"
ORDER = PlaceOrder(0, 0, 0, Price(10), Lots(1))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def admission(clock: Clock, **limits: int) -> Admission:
    return Admission(AdmissionSettings(**limits), clock)


def reason_of(data: bytes) -> str | None:
    refused = inspect(data)
    return None if refused is None else refused.reason


def test_a_glance_tells_size_and_high_s() -> None:
    assert reason_of(encode_transaction(ORDER, 1, 0, LOW_S)) is None
    assert reason_of(encode_transaction(ORDER, 1, 0, HIGH_S)) == "SIGNATURE_HIGH_S"
    assert reason_of(bytes(TRANSACTION_BYTES_MAX + 1)) == "TOO_LARGE"
    assert reason_of(bytes(TRANSACTION_BYTES_MAX)) is None
    assert reason_of(b"") == "MALFORMED"


@pytest.mark.parametrize("signature", [LOW_S, HIGH_S, b"\xc4\x41" * 32 + b"\xc4"])
def test_an_oracle_update_has_no_signature_of_its_own(signature: bytes) -> None:
    update = OracleUpdate(0, (OracleMessage(0, Price(1), Millis(1), signature),))
    assert reason_of(encode_transaction(update, 0, 0, b"")) is None


def test_a_batch_names_its_bad_items_by_place() -> None:
    good = encode_transaction(ORDER, 1, 0, LOW_S)
    bad = encode_transaction(ORDER, 1, 0, HIGH_S)
    found = inspect_all([good, bad, good, b""])
    assert {place: refused.reason for place, refused in found.items()} == {
        1: "SIGNATURE_HIGH_S",
        3: "MALFORMED",
    }


def test_a_connection_has_a_rate_and_a_burst() -> None:
    clock = Clock()
    gate = admission(clock, rate_per_second=10, burst_transactions=20)
    gate.admit("a", [b"x"] * 20)
    with pytest.raises(Refused, match="allowance of 0"):
        gate.admit("a", [b"x"])
    gate.admit("b", [b"x"] * 20)
    clock.now = 0.5
    gate.admit("a", [b"x"] * 5)
    with pytest.raises(Refused, match="allowance of 0"):
        gate.admit("a", [b"x"])
    clock.now = 100.0
    gate.admit("a", [b"x"] * 20)
    with pytest.raises(Refused):
        gate.admit("a", [b"x"])


def test_slow_refill_is_not_lost_to_rounding() -> None:
    clock = Clock()
    gate = admission(clock, rate_per_second=1, burst_transactions=1)
    gate.spend("a", 1)
    for step in range(1, 10):
        clock.now = step / 10
        with pytest.raises(Refused):
            gate.spend("a", 1)
    clock.now = 1.0
    gate.spend("a", 1)


def test_only_so_many_connections_are_remembered() -> None:
    gate = admission(Clock())
    for peer in range(PEERS_MAX + 10):
        gate.spend(str(peer), 1)
    assert len(gate.allowances.buckets) == PEERS_MAX
    assert "0" not in gate.allowances.buckets


def test_the_size_of_a_batch_is_bounded_both_ways() -> None:
    gate = admission(Clock(), batch_transactions_max=2)
    with pytest.raises(Refused) as empty:
        gate.admit("a", [])
    with pytest.raises(Refused) as large:
        gate.admit("a", [b"x"] * 3)
    assert (empty.value.reason, large.value.reason) == ("BATCH_EMPTY", "BATCH_TOO_LARGE")
