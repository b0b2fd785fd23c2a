from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Side(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIDE_UNSPECIFIED: _ClassVar[Side]
    SIDE_BUY: _ClassVar[Side]
    SIDE_SELL: _ClassVar[Side]

class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_UNSPECIFIED: _ClassVar[Stage]
    STAGE_UNKNOWN: _ClassVar[Stage]
    STAGE_ACCEPTED: _ClassVar[Stage]
    STAGE_SEQUENCED: _ClassVar[Stage]
    STAGE_POSTED: _ClassVar[Stage]
    STAGE_FINAL: _ClassVar[Stage]
    STAGE_REFUSED: _ClassVar[Stage]

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_MALFORMED: _ClassVar[Reason]
    REASON_TOO_LARGE: _ClassVar[Reason]
    REASON_BATCH_EMPTY: _ClassVar[Reason]
    REASON_BATCH_TOO_LARGE: _ClassVar[Reason]
    REASON_ARGUMENT_INVALID: _ClassVar[Reason]
    REASON_DEADLINE_MISSING: _ClassVar[Reason]
    REASON_SIGNATURE_INVALID: _ClassVar[Reason]
    REASON_SIGNATURE_HIGH_S: _ClassVar[Reason]
    REASON_SIGNER_UNKNOWN: _ClassVar[Reason]
    REASON_EXPIRED: _ClassVar[Reason]
    REASON_NONCE_USED: _ClassVar[Reason]
    REASON_NONCE_OLD: _ClassVar[Reason]
    REASON_NONCE_AHEAD: _ClassVar[Reason]
    REASON_NOT_SEQUENCER: _ClassVar[Reason]
    REASON_SIGNER_IGNORED: _ClassVar[Reason]
    REASON_RATE_LIMITED: _ClassVar[Reason]
    REASON_SIGNER_BUSY: _ClassVar[Reason]
    REASON_SLOW_CONSUMER: _ClassVar[Reason]
    REASON_STREAMS_TOO_MANY: _ClassVar[Reason]
    REASON_QUEUE_FULL: _ClassVar[Reason]
    REASON_NOT_READY: _ClassVar[Reason]
    REASON_SHUTTING_DOWN: _ClassVar[Reason]
    REASON_NOT_FOUND: _ClassVar[Reason]
    REASON_PRUNED: _ClassVar[Reason]
    REASON_DEADLINE: _ClassVar[Reason]
    REASON_INTERNAL: _ClassVar[Reason]
SIDE_UNSPECIFIED: Side
SIDE_BUY: Side
SIDE_SELL: Side
STAGE_UNSPECIFIED: Stage
STAGE_UNKNOWN: Stage
STAGE_ACCEPTED: Stage
STAGE_SEQUENCED: Stage
STAGE_POSTED: Stage
STAGE_FINAL: Stage
STAGE_REFUSED: Stage
REASON_UNSPECIFIED: Reason
REASON_MALFORMED: Reason
REASON_TOO_LARGE: Reason
REASON_BATCH_EMPTY: Reason
REASON_BATCH_TOO_LARGE: Reason
REASON_ARGUMENT_INVALID: Reason
REASON_DEADLINE_MISSING: Reason
REASON_SIGNATURE_INVALID: Reason
REASON_SIGNATURE_HIGH_S: Reason
REASON_SIGNER_UNKNOWN: Reason
REASON_EXPIRED: Reason
REASON_NONCE_USED: Reason
REASON_NONCE_OLD: Reason
REASON_NONCE_AHEAD: Reason
REASON_NOT_SEQUENCER: Reason
REASON_SIGNER_IGNORED: Reason
REASON_RATE_LIMITED: Reason
REASON_SIGNER_BUSY: Reason
REASON_SLOW_CONSUMER: Reason
REASON_STREAMS_TOO_MANY: Reason
REASON_QUEUE_FULL: Reason
REASON_NOT_READY: Reason
REASON_SHUTTING_DOWN: Reason
REASON_NOT_FOUND: Reason
REASON_PRUNED: Reason
REASON_DEADLINE: Reason
REASON_INTERNAL: Reason

class Refusal(_message.Message):
    __slots__ = ("reason", "message", "retryable", "retry_after_ms", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    reason: Reason
    message: str
    retryable: bool
    retry_after_ms: int
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, reason: _Optional[_Union[Reason, str]] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ..., retry_after_ms: _Optional[int] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class BlockHeader(_message.Message):
    __slots__ = ("chain_id", "height", "time_ms", "cursor", "cursor_hash", "receipts_root", "receipts_count", "signature")
    CHAIN_ID_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    CURSOR_HASH_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_ROOT_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_COUNT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    chain_id: int
    height: int
    time_ms: int
    cursor: bytes
    cursor_hash: bytes
    receipts_root: bytes
    receipts_count: int
    signature: bytes
    def __init__(self, chain_id: _Optional[int] = ..., height: _Optional[int] = ..., time_ms: _Optional[int] = ..., cursor: _Optional[bytes] = ..., cursor_hash: _Optional[bytes] = ..., receipts_root: _Optional[bytes] = ..., receipts_count: _Optional[int] = ..., signature: _Optional[bytes] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("transaction_hash", "height", "index", "leg", "code", "code_name", "arguments", "order_id", "filled_lots", "notional_micros", "fee_micros", "leaf", "path", "time_ms")
    TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    LEG_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CODE_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    FILLED_LOTS_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_MICROS_FIELD_NUMBER: _ClassVar[int]
    FEE_MICROS_FIELD_NUMBER: _ClassVar[int]
    LEAF_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    transaction_hash: bytes
    height: int
    index: int
    leg: int
    code: int
    code_name: str
    arguments: _containers.RepeatedScalarFieldContainer[int]
    order_id: int
    filled_lots: int
    notional_micros: int
    fee_micros: int
    leaf: int
    path: MerklePath
    time_ms: int
    def __init__(self, transaction_hash: _Optional[bytes] = ..., height: _Optional[int] = ..., index: _Optional[int] = ..., leg: _Optional[int] = ..., code: _Optional[int] = ..., code_name: _Optional[str] = ..., arguments: _Optional[_Iterable[int]] = ..., order_id: _Optional[int] = ..., filled_lots: _Optional[int] = ..., notional_micros: _Optional[int] = ..., fee_micros: _Optional[int] = ..., leaf: _Optional[int] = ..., path: _Optional[_Union[MerklePath, _Mapping]] = ..., time_ms: _Optional[int] = ...) -> None: ...

class MerklePath(_message.Message):
    __slots__ = ("leaf", "count", "siblings")
    LEAF_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SIBLINGS_FIELD_NUMBER: _ClassVar[int]
    leaf: int
    count: int
    siblings: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, leaf: _Optional[int] = ..., count: _Optional[int] = ..., siblings: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Head(_message.Message):
    __slots__ = ("height", "time_ms", "log_index", "root")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    log_index: int
    root: bytes
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., log_index: _Optional[int] = ..., root: _Optional[bytes] = ...) -> None: ...

class L1Head(_message.Message):
    __slots__ = ("number", "time_ms", "hash")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    number: int
    time_ms: int
    hash: bytes
    def __init__(self, number: _Optional[int] = ..., time_ms: _Optional[int] = ..., hash: _Optional[bytes] = ...) -> None: ...

class Portfolio(_message.Message):
    __slots__ = ("account", "sub")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    account: int
    sub: int
    def __init__(self, account: _Optional[int] = ..., sub: _Optional[int] = ...) -> None: ...
