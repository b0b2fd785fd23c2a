from proto.sextant.v1 import common_pb2 as _common_pb2
from proto.sextant.v1 import funds_pb2 as _funds_pb2
from proto.sextant.v1 import query_pb2 as _query_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MoneyKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MONEY_KIND_UNSPECIFIED: _ClassVar[MoneyKind]
    MONEY_KIND_DEPOSIT: _ClassVar[MoneyKind]
    MONEY_KIND_WITHDRAWAL: _ClassVar[MoneyKind]
    MONEY_KIND_TRANSFER: _ClassVar[MoneyKind]
    MONEY_KIND_FUNDING: _ClassVar[MoneyKind]
    MONEY_KIND_FEE: _ClassVar[MoneyKind]
    MONEY_KIND_INSURANCE: _ClassVar[MoneyKind]
    MONEY_KIND_DEFICIT: _ClassVar[MoneyKind]
    MONEY_KIND_HAIRCUT: _ClassVar[MoneyKind]
    MONEY_KIND_BACKSTOP: _ClassVar[MoneyKind]
    MONEY_KIND_VAULT: _ClassVar[MoneyKind]
    MONEY_KIND_COLLATERAL: _ClassVar[MoneyKind]
    MONEY_KIND_INTEREST: _ClassVar[MoneyKind]
    MONEY_KIND_SUPPLY: _ClassVar[MoneyKind]
    MONEY_KIND_REDEEM: _ClassVar[MoneyKind]
    MONEY_KIND_POOL: _ClassVar[MoneyKind]
    MONEY_KIND_REFERRAL: _ClassVar[MoneyKind]
    MONEY_KIND_BUILDER: _ClassVar[MoneyKind]
    MONEY_KIND_SEND: _ClassVar[MoneyKind]
    MONEY_KIND_FUND: _ClassVar[MoneyKind]

class LiquidationStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIQUIDATION_STAGE_UNSPECIFIED: _ClassVar[LiquidationStage]
    LIQUIDATION_STAGE_FLAGGED: _ClassVar[LiquidationStage]
    LIQUIDATION_STAGE_SLICE: _ClassVar[LiquidationStage]
    LIQUIDATION_STAGE_INSURANCE: _ClassVar[LiquidationStage]
    LIQUIDATION_STAGE_DEFICIT: _ClassVar[LiquidationStage]
    LIQUIDATION_STAGE_RELEASED: _ClassVar[LiquidationStage]
    LIQUIDATION_STAGE_BACKSTOP: _ClassVar[LiquidationStage]
    LIQUIDATION_STAGE_DELEVERAGE: _ClassVar[LiquidationStage]
    LIQUIDATION_STAGE_COLLATERAL: _ClassVar[LiquidationStage]
    LIQUIDATION_STAGE_POOL: _ClassVar[LiquidationStage]

class PoolStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    POOL_STAGE_UNSPECIFIED: _ClassVar[PoolStage]
    POOL_STAGE_SUPPLIED: _ClassVar[PoolStage]
    POOL_STAGE_REDEEMED: _ClassVar[PoolStage]
    POOL_STAGE_LOST: _ClassVar[PoolStage]
    POOL_STAGE_VOIDED: _ClassVar[PoolStage]

class SharesStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHARES_STAGE_UNSPECIFIED: _ClassVar[SharesStage]
    SHARES_STAGE_BOUGHT: _ClassVar[SharesStage]
    SHARES_STAGE_NOTICE: _ClassVar[SharesStage]
    SHARES_STAGE_PAID: _ClassVar[SharesStage]
    SHARES_STAGE_DELAYED: _ClassVar[SharesStage]
    SHARES_STAGE_LOST: _ClassVar[SharesStage]
MONEY_KIND_UNSPECIFIED: MoneyKind
MONEY_KIND_DEPOSIT: MoneyKind
MONEY_KIND_WITHDRAWAL: MoneyKind
MONEY_KIND_TRANSFER: MoneyKind
MONEY_KIND_FUNDING: MoneyKind
MONEY_KIND_FEE: MoneyKind
MONEY_KIND_INSURANCE: MoneyKind
MONEY_KIND_DEFICIT: MoneyKind
MONEY_KIND_HAIRCUT: MoneyKind
MONEY_KIND_BACKSTOP: MoneyKind
MONEY_KIND_VAULT: MoneyKind
MONEY_KIND_COLLATERAL: MoneyKind
MONEY_KIND_INTEREST: MoneyKind
MONEY_KIND_SUPPLY: MoneyKind
MONEY_KIND_REDEEM: MoneyKind
MONEY_KIND_POOL: MoneyKind
MONEY_KIND_REFERRAL: MoneyKind
MONEY_KIND_BUILDER: MoneyKind
MONEY_KIND_SEND: MoneyKind
MONEY_KIND_FUND: MoneyKind
LIQUIDATION_STAGE_UNSPECIFIED: LiquidationStage
LIQUIDATION_STAGE_FLAGGED: LiquidationStage
LIQUIDATION_STAGE_SLICE: LiquidationStage
LIQUIDATION_STAGE_INSURANCE: LiquidationStage
LIQUIDATION_STAGE_DEFICIT: LiquidationStage
LIQUIDATION_STAGE_RELEASED: LiquidationStage
LIQUIDATION_STAGE_BACKSTOP: LiquidationStage
LIQUIDATION_STAGE_DELEVERAGE: LiquidationStage
LIQUIDATION_STAGE_COLLATERAL: LiquidationStage
LIQUIDATION_STAGE_POOL: LiquidationStage
POOL_STAGE_UNSPECIFIED: PoolStage
POOL_STAGE_SUPPLIED: PoolStage
POOL_STAGE_REDEEMED: PoolStage
POOL_STAGE_LOST: PoolStage
POOL_STAGE_VOIDED: PoolStage
SHARES_STAGE_UNSPECIFIED: SharesStage
SHARES_STAGE_BOUGHT: SharesStage
SHARES_STAGE_NOTICE: SharesStage
SHARES_STAGE_PAID: SharesStage
SHARES_STAGE_DELAYED: SharesStage
SHARES_STAGE_LOST: SharesStage

class BlocksRequest(_message.Message):
    __slots__ = ("from_height", "with_frames", "with_receipts", "with_roots")
    FROM_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WITH_FRAMES_FIELD_NUMBER: _ClassVar[int]
    WITH_RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    WITH_ROOTS_FIELD_NUMBER: _ClassVar[int]
    from_height: int
    with_frames: bool
    with_receipts: bool
    with_roots: bool
    def __init__(self, from_height: _Optional[int] = ..., with_frames: _Optional[bool] = ..., with_receipts: _Optional[bool] = ..., with_roots: _Optional[bool] = ...) -> None: ...

class BlockUpdate(_message.Message):
    __slots__ = ("block", "roots")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    ROOTS_FIELD_NUMBER: _ClassVar[int]
    block: _query_pb2.Block
    roots: BlockRoots
    def __init__(self, block: _Optional[_Union[_query_pb2.Block, _Mapping]] = ..., roots: _Optional[_Union[BlockRoots, _Mapping]] = ...) -> None: ...

class BlockRoots(_message.Message):
    __slots__ = ("height", "segment_roots")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_ROOTS_FIELD_NUMBER: _ClassVar[int]
    height: int
    segment_roots: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, height: _Optional[int] = ..., segment_roots: _Optional[_Iterable[bytes]] = ...) -> None: ...

class BookRequest(_message.Message):
    __slots__ = ("market", "levels_max")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    LEVELS_MAX_FIELD_NUMBER: _ClassVar[int]
    market: int
    levels_max: int
    def __init__(self, market: _Optional[int] = ..., levels_max: _Optional[int] = ...) -> None: ...

class BookUpdate(_message.Message):
    __slots__ = ("snapshot", "delta")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    snapshot: _query_pb2.Book
    delta: BookDelta
    def __init__(self, snapshot: _Optional[_Union[_query_pb2.Book, _Mapping]] = ..., delta: _Optional[_Union[BookDelta, _Mapping]] = ...) -> None: ...

class BookDelta(_message.Message):
    __slots__ = ("market", "height", "time_ms", "sequence", "bids", "asks", "checksum")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BIDS_FIELD_NUMBER: _ClassVar[int]
    ASKS_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    market: int
    height: int
    time_ms: int
    sequence: int
    bids: _query_pb2.Levels
    asks: _query_pb2.Levels
    checksum: int
    def __init__(self, market: _Optional[int] = ..., height: _Optional[int] = ..., time_ms: _Optional[int] = ..., sequence: _Optional[int] = ..., bids: _Optional[_Union[_query_pb2.Levels, _Mapping]] = ..., asks: _Optional[_Union[_query_pb2.Levels, _Mapping]] = ..., checksum: _Optional[int] = ...) -> None: ...

class TradesRequest(_message.Message):
    __slots__ = ("markets",)
    MARKETS_FIELD_NUMBER: _ClassVar[int]
    markets: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, markets: _Optional[_Iterable[int]] = ...) -> None: ...

class TradesUpdate(_message.Message):
    __slots__ = ("trades",)
    TRADES_FIELD_NUMBER: _ClassVar[int]
    trades: _containers.RepeatedCompositeFieldContainer[_query_pb2.Trade]
    def __init__(self, trades: _Optional[_Iterable[_Union[_query_pb2.Trade, _Mapping]]] = ...) -> None: ...

class AccountEventsRequest(_message.Message):
    __slots__ = ("address", "account")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    account: int
    def __init__(self, address: _Optional[bytes] = ..., account: _Optional[int] = ...) -> None: ...

class AccountUpdate(_message.Message):
    __slots__ = ("height", "time_ms", "sequence", "events")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    sequence: int
    events: _containers.RepeatedCompositeFieldContainer[AccountEvent]
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., sequence: _Optional[int] = ..., events: _Optional[_Iterable[_Union[AccountEvent, _Mapping]]] = ...) -> None: ...

class AccountEvent(_message.Message):
    __slots__ = ("portfolio", "order", "fill", "money", "liquidation", "deleverage", "settlement", "shares", "fund", "asset", "pool")
    PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FILL_FIELD_NUMBER: _ClassVar[int]
    MONEY_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATION_FIELD_NUMBER: _ClassVar[int]
    DELEVERAGE_FIELD_NUMBER: _ClassVar[int]
    SETTLEMENT_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    FUND_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    portfolio: _common_pb2.Portfolio
    order: OrderEvent
    fill: FillEvent
    money: MoneyEvent
    liquidation: LiquidationEvent
    deleverage: DeleverageEvent
    settlement: SettlementEvent
    shares: SharesEvent
    fund: _funds_pb2.FundEvent
    asset: AssetEvent
    pool: PoolEvent
    def __init__(self, portfolio: _Optional[_Union[_common_pb2.Portfolio, _Mapping]] = ..., order: _Optional[_Union[OrderEvent, _Mapping]] = ..., fill: _Optional[_Union[FillEvent, _Mapping]] = ..., money: _Optional[_Union[MoneyEvent, _Mapping]] = ..., liquidation: _Optional[_Union[LiquidationEvent, _Mapping]] = ..., deleverage: _Optional[_Union[DeleverageEvent, _Mapping]] = ..., settlement: _Optional[_Union[SettlementEvent, _Mapping]] = ..., shares: _Optional[_Union[SharesEvent, _Mapping]] = ..., fund: _Optional[_Union[_funds_pb2.FundEvent, _Mapping]] = ..., asset: _Optional[_Union[AssetEvent, _Mapping]] = ..., pool: _Optional[_Union[PoolEvent, _Mapping]] = ...) -> None: ...

class OrderEvent(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _query_pb2.Order
    def __init__(self, order: _Optional[_Union[_query_pb2.Order, _Mapping]] = ...) -> None: ...

class FillEvent(_message.Message):
    __slots__ = ("market", "order_id", "side", "price", "lots", "fee_micros", "maker", "liquidation", "remaining_lots")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    LOTS_FIELD_NUMBER: _ClassVar[int]
    FEE_MICROS_FIELD_NUMBER: _ClassVar[int]
    MAKER_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATION_FIELD_NUMBER: _ClassVar[int]
    REMAINING_LOTS_FIELD_NUMBER: _ClassVar[int]
    market: int
    order_id: int
    side: _common_pb2.Side
    price: int
    lots: int
    fee_micros: int
    maker: bool
    liquidation: bool
    remaining_lots: int
    def __init__(self, market: _Optional[int] = ..., order_id: _Optional[int] = ..., side: _Optional[_Union[_common_pb2.Side, str]] = ..., price: _Optional[int] = ..., lots: _Optional[int] = ..., fee_micros: _Optional[int] = ..., maker: _Optional[bool] = ..., liquidation: _Optional[bool] = ..., remaining_lots: _Optional[int] = ...) -> None: ...

class MoneyEvent(_message.Message):
    __slots__ = ("kind", "amount_micros", "reference")
    KIND_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MICROS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    kind: MoneyKind
    amount_micros: int
    reference: int
    def __init__(self, kind: _Optional[_Union[MoneyKind, str]] = ..., amount_micros: _Optional[int] = ..., reference: _Optional[int] = ...) -> None: ...

class AssetEvent(_message.Message):
    __slots__ = ("kind", "asset", "units", "reference", "symbol", "decimals")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    DECIMALS_FIELD_NUMBER: _ClassVar[int]
    kind: MoneyKind
    asset: int
    units: int
    reference: int
    symbol: str
    decimals: int
    def __init__(self, kind: _Optional[_Union[MoneyKind, str]] = ..., asset: _Optional[int] = ..., units: _Optional[int] = ..., reference: _Optional[int] = ..., symbol: _Optional[str] = ..., decimals: _Optional[int] = ...) -> None: ...

class LiquidationEvent(_message.Message):
    __slots__ = ("stage", "market", "closed_lots", "equity_micros", "maintenance_micros")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    CLOSED_LOTS_FIELD_NUMBER: _ClassVar[int]
    EQUITY_MICROS_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_MICROS_FIELD_NUMBER: _ClassVar[int]
    stage: LiquidationStage
    market: int
    closed_lots: int
    equity_micros: int
    maintenance_micros: int
    def __init__(self, stage: _Optional[_Union[LiquidationStage, str]] = ..., market: _Optional[int] = ..., closed_lots: _Optional[int] = ..., equity_micros: _Optional[int] = ..., maintenance_micros: _Optional[int] = ...) -> None: ...

class DeleverageEvent(_message.Message):
    __slots__ = ("market", "closed_lots", "price", "mark")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    CLOSED_LOTS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    market: int
    closed_lots: int
    price: int
    mark: int
    def __init__(self, market: _Optional[int] = ..., closed_lots: _Optional[int] = ..., price: _Optional[int] = ..., mark: _Optional[int] = ...) -> None: ...

class PoolEvent(_message.Message):
    __slots__ = ("stage", "shares", "amount_micros", "supplied_micros", "lent_micros")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MICROS_FIELD_NUMBER: _ClassVar[int]
    SUPPLIED_MICROS_FIELD_NUMBER: _ClassVar[int]
    LENT_MICROS_FIELD_NUMBER: _ClassVar[int]
    stage: PoolStage
    shares: int
    amount_micros: int
    supplied_micros: int
    lent_micros: int
    def __init__(self, stage: _Optional[_Union[PoolStage, str]] = ..., shares: _Optional[int] = ..., amount_micros: _Optional[int] = ..., supplied_micros: _Optional[int] = ..., lent_micros: _Optional[int] = ...) -> None: ...

class SharesEvent(_message.Message):
    __slots__ = ("market", "stage", "shares", "amount_micros", "due_ms")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MICROS_FIELD_NUMBER: _ClassVar[int]
    DUE_MS_FIELD_NUMBER: _ClassVar[int]
    market: int
    stage: SharesStage
    shares: int
    amount_micros: int
    due_ms: int
    def __init__(self, market: _Optional[int] = ..., stage: _Optional[_Union[SharesStage, str]] = ..., shares: _Optional[int] = ..., amount_micros: _Optional[int] = ..., due_ms: _Optional[int] = ...) -> None: ...

class SettlementEvent(_message.Message):
    __slots__ = ("market", "closed_lots", "price", "amount_micros")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    CLOSED_LOTS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MICROS_FIELD_NUMBER: _ClassVar[int]
    market: int
    closed_lots: int
    price: int
    amount_micros: int
    def __init__(self, market: _Optional[int] = ..., closed_lots: _Optional[int] = ..., price: _Optional[int] = ..., amount_micros: _Optional[int] = ...) -> None: ...

class MarketEventsRequest(_message.Message):
    __slots__ = ("markets",)
    MARKETS_FIELD_NUMBER: _ClassVar[int]
    markets: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, markets: _Optional[_Iterable[int]] = ...) -> None: ...

class MarketEventsUpdate(_message.Message):
    __slots__ = ("height", "time_ms", "events")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    events: _containers.RepeatedCompositeFieldContainer[MarketEvent]
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., events: _Optional[_Iterable[_Union[MarketEvent, _Mapping]]] = ...) -> None: ...

class MarketEvent(_message.Message):
    __slots__ = ("market", "state", "rates")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    market: int
    state: MarketStateEvent
    rates: MarginRatesEvent
    def __init__(self, market: _Optional[int] = ..., state: _Optional[_Union[MarketStateEvent, _Mapping]] = ..., rates: _Optional[_Union[MarginRatesEvent, _Mapping]] = ...) -> None: ...

class MarketStateEvent(_message.Message):
    __slots__ = ("before", "after")
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    before: _query_pb2.MarketState
    after: _query_pb2.MarketState
    def __init__(self, before: _Optional[_Union[_query_pb2.MarketState, str]] = ..., after: _Optional[_Union[_query_pb2.MarketState, str]] = ...) -> None: ...

class MarginRatesEvent(_message.Message):
    __slots__ = ("initial_margin_ppm", "maintenance_margin_ppm", "initial_margin_target_ppm", "maintenance_margin_target_ppm", "until_ms")
    INITIAL_MARGIN_PPM_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_MARGIN_PPM_FIELD_NUMBER: _ClassVar[int]
    INITIAL_MARGIN_TARGET_PPM_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_MARGIN_TARGET_PPM_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    initial_margin_ppm: int
    maintenance_margin_ppm: int
    initial_margin_target_ppm: int
    maintenance_margin_target_ppm: int
    until_ms: int
    def __init__(self, initial_margin_ppm: _Optional[int] = ..., maintenance_margin_ppm: _Optional[int] = ..., initial_margin_target_ppm: _Optional[int] = ..., maintenance_margin_target_ppm: _Optional[int] = ..., until_ms: _Optional[int] = ...) -> None: ...
