from proto.sextant.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_SEQUENCER: _ClassVar[Role]
    ROLE_FOLLOWER: _ClassVar[Role]
    ROLE_POSTER: _ClassVar[Role]
ROLE_UNSPECIFIED: Role
ROLE_SEQUENCER: Role
ROLE_FOLLOWER: Role
ROLE_POSTER: Role

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Status(_message.Message):
    __slots__ = ("role", "version", "commit", "chain_id", "rollup", "rules_hash", "genesis_root", "sequencer", "time_ms", "unsafe_head", "safe_head", "final_head", "root_head", "l1_latest", "l1_safe", "l1_final", "l1_is_stub", "ready", "not_ready_because", "queue_transactions", "transactions_total", "trades_total", "uptime_ms", "inbox_index", "solvency")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    CHAIN_ID_FIELD_NUMBER: _ClassVar[int]
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    RULES_HASH_FIELD_NUMBER: _ClassVar[int]
    GENESIS_ROOT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCER_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    UNSAFE_HEAD_FIELD_NUMBER: _ClassVar[int]
    SAFE_HEAD_FIELD_NUMBER: _ClassVar[int]
    FINAL_HEAD_FIELD_NUMBER: _ClassVar[int]
    ROOT_HEAD_FIELD_NUMBER: _ClassVar[int]
    L1_LATEST_FIELD_NUMBER: _ClassVar[int]
    L1_SAFE_FIELD_NUMBER: _ClassVar[int]
    L1_FINAL_FIELD_NUMBER: _ClassVar[int]
    L1_IS_STUB_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    NOT_READY_BECAUSE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TRADES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    UPTIME_MS_FIELD_NUMBER: _ClassVar[int]
    INBOX_INDEX_FIELD_NUMBER: _ClassVar[int]
    SOLVENCY_FIELD_NUMBER: _ClassVar[int]
    role: Role
    version: str
    commit: str
    chain_id: int
    rollup: bytes
    rules_hash: bytes
    genesis_root: bytes
    sequencer: bytes
    time_ms: int
    unsafe_head: _common_pb2.Head
    safe_head: _common_pb2.Head
    final_head: _common_pb2.Head
    root_head: _common_pb2.Head
    l1_latest: _common_pb2.L1Head
    l1_safe: _common_pb2.L1Head
    l1_final: _common_pb2.L1Head
    l1_is_stub: bool
    ready: bool
    not_ready_because: str
    queue_transactions: int
    transactions_total: int
    trades_total: int
    uptime_ms: int
    inbox_index: int
    solvency: Solvency
    def __init__(self, role: _Optional[_Union[Role, str]] = ..., version: _Optional[str] = ..., commit: _Optional[str] = ..., chain_id: _Optional[int] = ..., rollup: _Optional[bytes] = ..., rules_hash: _Optional[bytes] = ..., genesis_root: _Optional[bytes] = ..., sequencer: _Optional[bytes] = ..., time_ms: _Optional[int] = ..., unsafe_head: _Optional[_Union[_common_pb2.Head, _Mapping]] = ..., safe_head: _Optional[_Union[_common_pb2.Head, _Mapping]] = ..., final_head: _Optional[_Union[_common_pb2.Head, _Mapping]] = ..., root_head: _Optional[_Union[_common_pb2.Head, _Mapping]] = ..., l1_latest: _Optional[_Union[_common_pb2.L1Head, _Mapping]] = ..., l1_safe: _Optional[_Union[_common_pb2.L1Head, _Mapping]] = ..., l1_final: _Optional[_Union[_common_pb2.L1Head, _Mapping]] = ..., l1_is_stub: _Optional[bool] = ..., ready: _Optional[bool] = ..., not_ready_because: _Optional[str] = ..., queue_transactions: _Optional[int] = ..., transactions_total: _Optional[int] = ..., trades_total: _Optional[int] = ..., uptime_ms: _Optional[int] = ..., inbox_index: _Optional[int] = ..., solvency: _Optional[_Union[Solvency, _Mapping]] = ...) -> None: ...

class Solvency(_message.Message):
    __slots__ = ("insurance_micros", "deficits_micros", "uncovered_micros", "settled_micros", "payable_ppm", "withdrawal_capacity_micros", "withdrawal_capacity_max_micros")
    INSURANCE_MICROS_FIELD_NUMBER: _ClassVar[int]
    DEFICITS_MICROS_FIELD_NUMBER: _ClassVar[int]
    UNCOVERED_MICROS_FIELD_NUMBER: _ClassVar[int]
    SETTLED_MICROS_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_PPM_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_CAPACITY_MICROS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_CAPACITY_MAX_MICROS_FIELD_NUMBER: _ClassVar[int]
    insurance_micros: int
    deficits_micros: int
    uncovered_micros: int
    settled_micros: int
    payable_ppm: int
    withdrawal_capacity_micros: int
    withdrawal_capacity_max_micros: int
    def __init__(self, insurance_micros: _Optional[int] = ..., deficits_micros: _Optional[int] = ..., uncovered_micros: _Optional[int] = ..., settled_micros: _Optional[int] = ..., payable_ppm: _Optional[int] = ..., withdrawal_capacity_micros: _Optional[int] = ..., withdrawal_capacity_max_micros: _Optional[int] = ...) -> None: ...

class GetClockRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Clock(_message.Message):
    __slots__ = ("time_ms", "block_time_ms", "height")
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    time_ms: int
    block_time_ms: int
    height: int
    def __init__(self, time_ms: _Optional[int] = ..., block_time_ms: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...

class GetRulesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RulesResponse(_message.Message):
    __slots__ = ("rules", "rules_hash", "chain_id", "rollup")
    RULES_FIELD_NUMBER: _ClassVar[int]
    RULES_HASH_FIELD_NUMBER: _ClassVar[int]
    CHAIN_ID_FIELD_NUMBER: _ClassVar[int]
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    rules: bytes
    rules_hash: bytes
    chain_id: int
    rollup: bytes
    def __init__(self, rules: _Optional[bytes] = ..., rules_hash: _Optional[bytes] = ..., chain_id: _Optional[int] = ..., rollup: _Optional[bytes] = ...) -> None: ...
