from proto.sextant.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Detail(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DETAIL_UNSPECIFIED: _ClassVar[Detail]
    DETAIL_COLUMNS: _ClassVar[Detail]
    DETAIL_RECEIPTS: _ClassVar[Detail]
    DETAIL_PATHS: _ClassVar[Detail]
DETAIL_UNSPECIFIED: Detail
DETAIL_COLUMNS: Detail
DETAIL_RECEIPTS: Detail
DETAIL_PATHS: Detail

class SubmitRequest(_message.Message):
    __slots__ = ("transaction", "with_paths")
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    WITH_PATHS_FIELD_NUMBER: _ClassVar[int]
    transaction: bytes
    with_paths: bool
    def __init__(self, transaction: _Optional[bytes] = ..., with_paths: _Optional[bool] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("sequenced", "refusal", "duplicate", "transaction_hash")
    SEQUENCED_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    sequenced: Sequenced
    refusal: _common_pb2.Refusal
    duplicate: bool
    transaction_hash: bytes
    def __init__(self, sequenced: _Optional[_Union[Sequenced, _Mapping]] = ..., refusal: _Optional[_Union[_common_pb2.Refusal, _Mapping]] = ..., duplicate: _Optional[bool] = ..., transaction_hash: _Optional[bytes] = ...) -> None: ...

class Sequenced(_message.Message):
    __slots__ = ("receipts", "header")
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    receipts: _containers.RepeatedCompositeFieldContainer[_common_pb2.Receipt]
    header: _common_pb2.BlockHeader
    def __init__(self, receipts: _Optional[_Iterable[_Union[_common_pb2.Receipt, _Mapping]]] = ..., header: _Optional[_Union[_common_pb2.BlockHeader, _Mapping]] = ...) -> None: ...

class SubmitBatchRequest(_message.Message):
    __slots__ = ("transactions", "detail")
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    transactions: _containers.RepeatedScalarFieldContainer[bytes]
    detail: Detail
    def __init__(self, transactions: _Optional[_Iterable[bytes]] = ..., detail: _Optional[_Union[Detail, str]] = ...) -> None: ...

class BatchOutcome(_message.Message):
    __slots__ = ("heights", "first_leaves", "receipt_counts", "codes", "order_ids", "filled_lots", "notional_micros", "fee_micros", "code_arguments", "refusals", "duplicates", "headers", "receipts")
    HEIGHTS_FIELD_NUMBER: _ClassVar[int]
    FIRST_LEAVES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_COUNTS_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    ORDER_IDS_FIELD_NUMBER: _ClassVar[int]
    FILLED_LOTS_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_MICROS_FIELD_NUMBER: _ClassVar[int]
    FEE_MICROS_FIELD_NUMBER: _ClassVar[int]
    CODE_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    DUPLICATES_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    heights: _containers.RepeatedScalarFieldContainer[int]
    first_leaves: _containers.RepeatedScalarFieldContainer[int]
    receipt_counts: _containers.RepeatedScalarFieldContainer[int]
    codes: _containers.RepeatedScalarFieldContainer[int]
    order_ids: _containers.RepeatedScalarFieldContainer[int]
    filled_lots: _containers.RepeatedScalarFieldContainer[int]
    notional_micros: _containers.RepeatedScalarFieldContainer[int]
    fee_micros: _containers.RepeatedScalarFieldContainer[int]
    code_arguments: _containers.RepeatedCompositeFieldContainer[CodeArguments]
    refusals: _containers.RepeatedCompositeFieldContainer[RefusedItem]
    duplicates: _containers.RepeatedScalarFieldContainer[int]
    headers: _containers.RepeatedCompositeFieldContainer[_common_pb2.BlockHeader]
    receipts: _containers.RepeatedCompositeFieldContainer[_common_pb2.Receipt]
    def __init__(self, heights: _Optional[_Iterable[int]] = ..., first_leaves: _Optional[_Iterable[int]] = ..., receipt_counts: _Optional[_Iterable[int]] = ..., codes: _Optional[_Iterable[int]] = ..., order_ids: _Optional[_Iterable[int]] = ..., filled_lots: _Optional[_Iterable[int]] = ..., notional_micros: _Optional[_Iterable[int]] = ..., fee_micros: _Optional[_Iterable[int]] = ..., code_arguments: _Optional[_Iterable[_Union[CodeArguments, _Mapping]]] = ..., refusals: _Optional[_Iterable[_Union[RefusedItem, _Mapping]]] = ..., duplicates: _Optional[_Iterable[int]] = ..., headers: _Optional[_Iterable[_Union[_common_pb2.BlockHeader, _Mapping]]] = ..., receipts: _Optional[_Iterable[_Union[_common_pb2.Receipt, _Mapping]]] = ...) -> None: ...

class CodeArguments(_message.Message):
    __slots__ = ("receipt", "arguments")
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    receipt: int
    arguments: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, receipt: _Optional[int] = ..., arguments: _Optional[_Iterable[int]] = ...) -> None: ...

class RefusedItem(_message.Message):
    __slots__ = ("position", "refusal")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    position: int
    refusal: _common_pb2.Refusal
    def __init__(self, position: _Optional[int] = ..., refusal: _Optional[_Union[_common_pb2.Refusal, _Mapping]] = ...) -> None: ...

class OrderStreamRequest(_message.Message):
    __slots__ = ("tag", "batch")
    TAG_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    tag: int
    batch: SubmitBatchRequest
    def __init__(self, tag: _Optional[int] = ..., batch: _Optional[_Union[SubmitBatchRequest, _Mapping]] = ...) -> None: ...

class OrderStreamResponse(_message.Message):
    __slots__ = ("tag", "outcome", "refusal")
    TAG_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    tag: int
    outcome: BatchOutcome
    refusal: _common_pb2.Refusal
    def __init__(self, tag: _Optional[int] = ..., outcome: _Optional[_Union[BatchOutcome, _Mapping]] = ..., refusal: _Optional[_Union[_common_pb2.Refusal, _Mapping]] = ...) -> None: ...
