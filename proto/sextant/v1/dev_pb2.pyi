from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Corruption(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CORRUPTION_UNSPECIFIED: _ClassVar[Corruption]
    CORRUPTION_SEGMENT_ROOT: _ClassVar[Corruption]
    CORRUPTION_TRACE_LENGTH: _ClassVar[Corruption]
    CORRUPTION_WRONG_START: _ClassVar[Corruption]
CORRUPTION_UNSPECIFIED: Corruption
CORRUPTION_SEGMENT_ROOT: Corruption
CORRUPTION_TRACE_LENGTH: Corruption
CORRUPTION_WRONG_START: Corruption

class CorruptNextClaimRequest(_message.Message):
    __slots__ = ("corruption", "segment")
    CORRUPTION_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    corruption: Corruption
    segment: int
    def __init__(self, corruption: _Optional[_Union[Corruption, str]] = ..., segment: _Optional[int] = ...) -> None: ...

class CorruptNextClaimResponse(_message.Message):
    __slots__ = ("log_index",)
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    log_index: int
    def __init__(self, log_index: _Optional[int] = ...) -> None: ...

class SetPriceRequest(_message.Message):
    __slots__ = ("market", "price")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    market: int
    price: int
    def __init__(self, market: _Optional[int] = ..., price: _Optional[int] = ...) -> None: ...

class SetPriceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetPricesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PricesResponse(_message.Message):
    __slots__ = ("prices",)
    class PricesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: int
        def __init__(self, key: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...
    PRICES_FIELD_NUMBER: _ClassVar[int]
    prices: _containers.ScalarMap[int, int]
    def __init__(self, prices: _Optional[_Mapping[int, int]] = ...) -> None: ...

class PauseRequest(_message.Message):
    __slots__ = ("paused",)
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    paused: bool
    def __init__(self, paused: _Optional[bool] = ...) -> None: ...

class PauseResponse(_message.Message):
    __slots__ = ("paused",)
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    paused: bool
    def __init__(self, paused: _Optional[bool] = ...) -> None: ...

class MakeBlockRequest(_message.Message):
    __slots__ = ("time_ms", "submitted")
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_FIELD_NUMBER: _ClassVar[int]
    time_ms: int
    submitted: int
    def __init__(self, time_ms: _Optional[int] = ..., submitted: _Optional[int] = ...) -> None: ...

class MakeBlockResponse(_message.Message):
    __slots__ = ("height", "time_ms", "waiting")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    waiting: int
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., waiting: _Optional[int] = ...) -> None: ...

class CensorRequest(_message.Message):
    __slots__ = ("addresses", "inbox")
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    INBOX_FIELD_NUMBER: _ClassVar[int]
    addresses: _containers.RepeatedScalarFieldContainer[bytes]
    inbox: bool
    def __init__(self, addresses: _Optional[_Iterable[bytes]] = ..., inbox: _Optional[bool] = ...) -> None: ...

class CensorResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
