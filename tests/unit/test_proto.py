"""The wire keeps its conventions, and its generated code is up to date."""

import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor, FileDescriptor

from proto.sextant.v1 import (
    common_pb2,
    dev_pb2,
    l1_pb2,
    query_pb2,
    sequencer_pb2,
    status_pb2,
    stream_pb2,
)

ROOT = Path(__file__).parent.parent.parent
FILES: list[FileDescriptor] = [
    module.DESCRIPTOR
    for module in (
        common_pb2,
        dev_pb2,
        l1_pb2,
        query_pb2,
        sequencer_pb2,
        status_pb2,
        stream_pb2,
    )
]
FLOATS = {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}


def enums_of(file: FileDescriptor) -> list[EnumDescriptor]:
    """Return every enum of a file, nested ones too."""
    nested = [e for m in file.message_types_by_name.values() for e in m.enum_types]
    return [*file.enum_types_by_name.values(), *nested]


def test_regenerating_changes_nothing() -> None:
    command = [sys.executable, "-m", "proto.generate", "--check"]
    pytest.importorskip("grpc_tools", reason="grpcio-tools is in the dev extra")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_amount_is_a_float(file: FileDescriptor) -> None:
    for message in file.message_types_by_name.values():
        assert not [field.name for field in message.fields if field.type in FLOATS], message.name


def test_zero_of_every_enum_is_unspecified() -> None:
    enums = [enum for file in FILES for enum in enums_of(file)]
    assert len(enums) > 10
    for enum in enums:
        assert enum.values_by_number[0].name.endswith("_UNSPECIFIED"), enum.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_is_of_one_package(file: FileDescriptor) -> None:
    assert file.package == "sextant.v1"
    assert file.name.startswith("proto/sextant/v1/")
