from proto.sextant.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FundStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FUND_STAGE_UNSPECIFIED: _ClassVar[FundStage]
    FUND_STAGE_OPENED: _ClassVar[FundStage]
    FUND_STAGE_BOUGHT: _ClassVar[FundStage]
    FUND_STAGE_ASKED: _ClassVar[FundStage]
    FUND_STAGE_WAITS: _ClassVar[FundStage]
    FUND_STAGE_PAID: _ClassVar[FundStage]
    FUND_STAGE_LOST: _ClassVar[FundStage]
    FUND_STAGE_EXITING: _ClassVar[FundStage]
    FUND_STAGE_RELEASED: _ClassVar[FundStage]
    FUND_STAGE_VOID: _ClassVar[FundStage]
FUND_STAGE_UNSPECIFIED: FundStage
FUND_STAGE_OPENED: FundStage
FUND_STAGE_BOUGHT: FundStage
FUND_STAGE_ASKED: FundStage
FUND_STAGE_WAITS: FundStage
FUND_STAGE_PAID: FundStage
FUND_STAGE_LOST: FundStage
FUND_STAGE_EXITING: FundStage
FUND_STAGE_RELEASED: FundStage
FUND_STAGE_VOID: FundStage

class GetFundsRequest(_message.Message):
    __slots__ = ("fund", "address", "account", "mine", "after", "funds_max")
    FUND_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    MINE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    FUNDS_MAX_FIELD_NUMBER: _ClassVar[int]
    fund: _common_pb2.Portfolio
    address: bytes
    account: int
    mine: bool
    after: _common_pb2.Portfolio
    funds_max: int
    def __init__(self, fund: _Optional[_Union[_common_pb2.Portfolio, _Mapping]] = ..., address: _Optional[bytes] = ..., account: _Optional[int] = ..., mine: _Optional[bool] = ..., after: _Optional[_Union[_common_pb2.Portfolio, _Mapping]] = ..., funds_max: _Optional[int] = ...) -> None: ...

class FundsResponse(_message.Message):
    __slots__ = ("height", "time_ms", "funds", "next")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    FUNDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    funds: _containers.RepeatedCompositeFieldContainer[Fund]
    next: _common_pb2.Portfolio
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., funds: _Optional[_Iterable[_Union[Fund, _Mapping]]] = ..., next: _Optional[_Union[_common_pb2.Portfolio, _Mapping]] = ...) -> None: ...

class Fund(_message.Message):
    __slots__ = ("portfolio", "leader", "shares", "leaving_shares", "leader_shares", "balance_micros", "value_low_micros", "value_high_micros", "initial_margin_micros", "free_micros", "profit_share_ppm", "lock_ms", "notice_ms", "deposit_min_micros", "exiting", "overdue_exits", "liquidating", "epoch", "stake", "exits", "leader_share_min_ppm")
    PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    LEAVING_SHARES_FIELD_NUMBER: _ClassVar[int]
    LEADER_SHARES_FIELD_NUMBER: _ClassVar[int]
    BALANCE_MICROS_FIELD_NUMBER: _ClassVar[int]
    VALUE_LOW_MICROS_FIELD_NUMBER: _ClassVar[int]
    VALUE_HIGH_MICROS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_MARGIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    FREE_MICROS_FIELD_NUMBER: _ClassVar[int]
    PROFIT_SHARE_PPM_FIELD_NUMBER: _ClassVar[int]
    LOCK_MS_FIELD_NUMBER: _ClassVar[int]
    NOTICE_MS_FIELD_NUMBER: _ClassVar[int]
    DEPOSIT_MIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    EXITING_FIELD_NUMBER: _ClassVar[int]
    OVERDUE_EXITS_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATING_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    STAKE_FIELD_NUMBER: _ClassVar[int]
    EXITS_FIELD_NUMBER: _ClassVar[int]
    LEADER_SHARE_MIN_PPM_FIELD_NUMBER: _ClassVar[int]
    portfolio: _common_pb2.Portfolio
    leader: bytes
    shares: int
    leaving_shares: int
    leader_shares: int
    balance_micros: int
    value_low_micros: int
    value_high_micros: int
    initial_margin_micros: int
    free_micros: int
    profit_share_ppm: int
    lock_ms: int
    notice_ms: int
    deposit_min_micros: int
    exiting: bool
    overdue_exits: int
    liquidating: bool
    epoch: int
    stake: FundStake
    exits: _containers.RepeatedCompositeFieldContainer[FundExit]
    leader_share_min_ppm: int
    def __init__(self, portfolio: _Optional[_Union[_common_pb2.Portfolio, _Mapping]] = ..., leader: _Optional[bytes] = ..., shares: _Optional[int] = ..., leaving_shares: _Optional[int] = ..., leader_shares: _Optional[int] = ..., balance_micros: _Optional[int] = ..., value_low_micros: _Optional[int] = ..., value_high_micros: _Optional[int] = ..., initial_margin_micros: _Optional[int] = ..., free_micros: _Optional[int] = ..., profit_share_ppm: _Optional[int] = ..., lock_ms: _Optional[int] = ..., notice_ms: _Optional[int] = ..., deposit_min_micros: _Optional[int] = ..., exiting: _Optional[bool] = ..., overdue_exits: _Optional[int] = ..., liquidating: _Optional[bool] = ..., epoch: _Optional[int] = ..., stake: _Optional[_Union[FundStake, _Mapping]] = ..., exits: _Optional[_Iterable[_Union[FundExit, _Mapping]]] = ..., leader_share_min_ppm: _Optional[int] = ...) -> None: ...

class FundStake(_message.Message):
    __slots__ = ("shares", "leaving_shares", "basis_micros", "worth_micros", "profit_share_micros", "locked_until_ms", "asked_at_ms", "retry_at_ms", "sub")
    SHARES_FIELD_NUMBER: _ClassVar[int]
    LEAVING_SHARES_FIELD_NUMBER: _ClassVar[int]
    BASIS_MICROS_FIELD_NUMBER: _ClassVar[int]
    WORTH_MICROS_FIELD_NUMBER: _ClassVar[int]
    PROFIT_SHARE_MICROS_FIELD_NUMBER: _ClassVar[int]
    LOCKED_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    RETRY_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    shares: int
    leaving_shares: int
    basis_micros: int
    worth_micros: int
    profit_share_micros: int
    locked_until_ms: int
    asked_at_ms: int
    retry_at_ms: int
    sub: int
    def __init__(self, shares: _Optional[int] = ..., leaving_shares: _Optional[int] = ..., basis_micros: _Optional[int] = ..., worth_micros: _Optional[int] = ..., profit_share_micros: _Optional[int] = ..., locked_until_ms: _Optional[int] = ..., asked_at_ms: _Optional[int] = ..., retry_at_ms: _Optional[int] = ..., sub: _Optional[int] = ...) -> None: ...

class FundExit(_message.Message):
    __slots__ = ("account", "shares", "asked_at_ms", "retry_at_ms", "overdue")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    RETRY_AT_MS_FIELD_NUMBER: _ClassVar[int]
    OVERDUE_FIELD_NUMBER: _ClassVar[int]
    account: int
    shares: int
    asked_at_ms: int
    retry_at_ms: int
    overdue: bool
    def __init__(self, account: _Optional[int] = ..., shares: _Optional[int] = ..., asked_at_ms: _Optional[int] = ..., retry_at_ms: _Optional[int] = ..., overdue: _Optional[bool] = ...) -> None: ...

class FundEvent(_message.Message):
    __slots__ = ("fund", "holder", "stage", "shares", "amount_micros", "time_ms")
    FUND_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MICROS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    fund: _common_pb2.Portfolio
    holder: _common_pb2.Portfolio
    stage: FundStage
    shares: int
    amount_micros: int
    time_ms: int
    def __init__(self, fund: _Optional[_Union[_common_pb2.Portfolio, _Mapping]] = ..., holder: _Optional[_Union[_common_pb2.Portfolio, _Mapping]] = ..., stage: _Optional[_Union[FundStage, str]] = ..., shares: _Optional[int] = ..., amount_micros: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...
