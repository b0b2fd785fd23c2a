"""Whoever adds a call, an event or a table is told here what is still missing."""

from dataclasses import fields
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor, FileDescriptor

from node.l1.wire import call_from_message, call_to_message, event_from_message, event_to_message
from proto.sextant.v1 import l1_pb2
from prover.contract.calls import CALLS, CallKind, Envelope, Settle
from prover.contract.calls.lengths import BULK, FIELD_BYTES
from prover.contract.contract import HANDLERS
from prover.contract.events import EVENTS, EventKind, decode_event, encode_event
from prover.contract.fees import Bid
from prover.contract.intrinsic import WORK
from prover.contract.records import Account, decode_account
from prover.contract.state import ContractState
from prover.contract.tables import BYTE, BYTES, NOTHING, Series, Single, Table, Tables, form_of
from sextant.client.l1_sender import request_of
from statemachine.errors import InvariantBroken, StorageCorrupt

L1_WIRE: FileDescriptor = l1_pb2.DESCRIPTOR
NUMBERS = {FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_UINT64}
ACCOUNTS = form_of(decode_account)


def example_of(shape: type[Any]) -> Any:
    """Return a call or an event whose fields all differ."""
    values: list[int | bytes] = []
    for number, field in enumerate(fields(shape), 1):
        values.append(number if field.type is int else bytes([number]) * 3)
    return shape(*values)


def check_message(outer: str, group: str, name: str, shape: type[Any]) -> None:
    """Fail unless the wire has a message of this name with the fields of ``shape``."""
    oneof = L1_WIRE.message_types_by_name[outer].oneofs_by_name[group]
    choices = {field.name: field for field in oneof.fields}
    assert name in choices, f"l1.proto: {outer} has no {name}"
    message = choices[name].message_type
    assert message is not None
    assert {field.name for field in message.fields} == {field.name for field in fields(shape)}
    for field in fields(shape):
        found = message.fields_by_name[field.name].type
        assert found in NUMBERS if field.type is int else found == FieldDescriptor.TYPE_BYTES


@pytest.mark.parametrize("kind", CallKind)
def test_a_call_has_all_that_it_needs(kind: CallKind) -> None:
    shape = CALLS[kind]
    assert shape in WORK
    for field in fields(shape):
        assert (field.type is bytes) == (field.name in {*FIELD_BYTES, *BULK})
    assert (shape in HANDLERS) != (shape is Settle)
    check_message("L1SendCallRequest", "call", kind.name.lower(), shape)
    call = example_of(shape)
    message = call_to_message(Envelope(3, call, b"signed", Bid(7, 5)))
    assert call_from_message(message) == Envelope(3, call, b"signed", Bid(7, 5))
    assert request_of(Envelope(3, call, b"signed", Bid(7, 5))) == message


@pytest.mark.parametrize("kind", EventKind)
def test_an_event_has_all_that_it_needs(kind: EventKind) -> None:
    shape = EVENTS[kind]
    check_message("L1Event", "event", kind.name.lower(), shape)
    event = example_of(shape)
    assert event_from_message(event_to_message(event)) == event
    assert decode_event(encode_event(event)) == event


def test_tables_are_their_items() -> None:
    """Return through bytes what was put, of each kind of table."""
    tables, again = Tables(), Tables()
    named, other = (Table(each, b"A", BYTES, ACCOUNTS) for each in (tables, again))
    members = Table(tables, b"M", BYTE, NOTHING)
    series = Series(tables, b"N", ACCOUNTS)
    single: Single[Account | None] = Single(tables, b"O", ACCOUNTS, None)
    assert tables.items() == {}
    named.put(b"somebody", Account(1, 2))
    members.put(7, None)
    members.put(8, None)
    members.drop(7)
    series.put(0, Account(3))
    series.put(0, Account(4))
    single.put(Account(5))
    changes = tables.take_changes()
    assert changes.pop(b"M\x07") is None
    assert changes == tables.items()
    assert (list(members), series[:], single.record) == ([8], [Account(4)], Account(5))
    single.put(None)
    assert tables.take_changes() == {b"O": None}
    assert b"O" not in tables.items()
    with pytest.raises(StorageCorrupt, match="unknown table"):
        again.load(tables.items().items())
    Table(again, b"M", BYTE, NOTHING)
    Series(again, b"N", ACCOUNTS)
    again.load(tables.items().items())
    assert (again.items(), again.take_changes()) == (tables.items(), {})
    assert other == named


def test_a_table_refuses_gaps_and_a_second_of_its_letter() -> None:
    tables = Tables()
    series = Series(tables, b"N", ACCOUNTS)
    with pytest.raises(InvariantBroken):
        series.put(1, Account())
    with pytest.raises(StorageCorrupt, match="0 is missing"):
        tables.load([(b"N" + bytes(7) + b"\x01", Account().encode())])
    with pytest.raises(InvariantBroken):
        Table(tables, b"N", BYTES, ACCOUNTS)


def test_no_balance_is_stored_below_zero() -> None:
    state = ContractState()
    with pytest.raises(InvariantBroken):
        state.accounts.put(bytes(20), Account(-1))
    with pytest.raises(InvariantBroken):
        state.holdings.put((1, bytes(20)), -1)
    assert not state.accounts
    assert not state.holdings
