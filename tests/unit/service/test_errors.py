"""One status per class, one name per cause."""

import grpc
from google.rpc import error_details_pb2, status_pb2

from node.ledger import feed
from node.service.errors import CLASSES, Refused, refusal_of, status_of
from proto.sextant.v1 import common_pb2


def details_of(refused: Refused) -> status_pb2.Status:
    status = status_of(refused)
    [(name, data)] = status.trailing_metadata
    assert name == "grpc-status-details-bin"
    return status_pb2.Status.FromString(data)


def test_every_reason_of_the_wire_has_a_class_and_the_other_way_round() -> None:
    wire = {name.removeprefix("REASON_") for name in common_pb2.Reason.keys()}  # noqa: SIM118 - an enum wrapper is no dict
    assert wire - {"UNSPECIFIED"} == set(CLASSES)


def test_every_reason_of_a_node_can_be_told() -> None:
    for reason in feed.Reason:
        message = refusal_of(feed.Refusal(reason, "why"))
        assert common_pb2.Reason.Name(message.reason) == f"REASON_{reason.value}"
        assert message.message == "why"
        assert message.retryable == (reason in feed.RETRYABLE)


def test_a_status_carries_reason_domain_and_metadata() -> None:
    details = details_of(Refused("NOT_FOUND", "there is no market 9", market="9"))
    info = error_details_pb2.ErrorInfo()
    assert details.details[0].Unpack(info)
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "NOT_FOUND",
        "sextant",
        {"market": "9"},
    )
    assert details.message == "NOT_FOUND: there is no market 9"
    assert status_of(Refused("NOT_FOUND", "")).code is grpc.StatusCode.NOT_FOUND


def test_a_pause_is_said_where_it_helps() -> None:
    details = details_of(Refused("SHUTTING_DOWN", "bye"))
    pause = error_details_pb2.RetryInfo()
    assert details.details[1].Unpack(pause)
    assert pause.retry_delay.ToMilliseconds() == 1000
    assert len(details_of(Refused("MALFORMED", "")).details) == 1
