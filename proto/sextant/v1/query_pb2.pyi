from proto.sextant.v1 import common_pb2 as _common_pb2
from proto.sextant.v1 import funds_pb2 as _funds_pb2
from proto.sextant.v1 import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MarketState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MARKET_STATE_UNSPECIFIED: _ClassVar[MarketState]
    MARKET_STATE_INITIALIZING: _ClassVar[MarketState]
    MARKET_STATE_ACTIVE: _ClassVar[MarketState]
    MARKET_STATE_POST_ONLY: _ClassVar[MarketState]
    MARKET_STATE_CANCEL_ONLY: _ClassVar[MarketState]
    MARKET_STATE_PAUSED: _ClassVar[MarketState]
    MARKET_STATE_SETTLED: _ClassVar[MarketState]

class TimeInForce(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIME_IN_FORCE_UNSPECIFIED: _ClassVar[TimeInForce]
    TIME_IN_FORCE_GTC: _ClassVar[TimeInForce]
    TIME_IN_FORCE_GTT: _ClassVar[TimeInForce]
    TIME_IN_FORCE_IOC: _ClassVar[TimeInForce]
    TIME_IN_FORCE_FOK: _ClassVar[TimeInForce]

class OrderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_STATE_UNSPECIFIED: _ClassVar[OrderState]
    ORDER_STATE_RESTING: _ClassVar[OrderState]
    ORDER_STATE_FILLED: _ClassVar[OrderState]
    ORDER_STATE_CANCELLED: _ClassVar[OrderState]
    ORDER_STATE_PENDING: _ClassVar[OrderState]
    ORDER_STATE_REJECTED: _ClassVar[OrderState]
    ORDER_STATE_ASLEEP: _ClassVar[OrderState]
    ORDER_STATE_SLICING: _ClassVar[OrderState]
    ORDER_STATE_TRIGGERED: _ClassVar[OrderState]

class Trigger(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRIGGER_UNSPECIFIED: _ClassVar[Trigger]
    TRIGGER_MARK_RISES: _ClassVar[Trigger]
    TRIGGER_MARK_FALLS: _ClassVar[Trigger]
    TRIGGER_INDEX_RISES: _ClassVar[Trigger]
    TRIGGER_INDEX_FALLS: _ClassVar[Trigger]
    TRIGGER_LAST_RISES: _ClassVar[Trigger]
    TRIGGER_LAST_FALLS: _ClassVar[Trigger]

class Removal(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REMOVAL_UNSPECIFIED: _ClassVar[Removal]
    REMOVAL_CANCELLED: _ClassVar[Removal]
    REMOVAL_MODIFIED: _ClassVar[Removal]
    REMOVAL_BAND: _ClassVar[Removal]
    REMOVAL_REDUCE_ONLY: _ClassVar[Removal]
    REMOVAL_LIQUIDATING: _ClassVar[Removal]
    REMOVAL_SELF_TRADE: _ClassVar[Removal]
    REMOVAL_EXPIRED: _ClassVar[Removal]
    REMOVAL_SWITCH: _ClassVar[Removal]
    REMOVAL_BRACKET: _ClassVar[Removal]
    REMOVAL_TRIGGERED: _ClassVar[Removal]
    REMOVAL_REFUSED: _ClassVar[Removal]
    REMOVAL_DONE: _ClassVar[Removal]
    REMOVAL_EXITING: _ClassVar[Removal]
    REMOVAL_LIMIT: _ClassVar[Removal]
    REMOVAL_SETTLED: _ClassVar[Removal]
MARKET_STATE_UNSPECIFIED: MarketState
MARKET_STATE_INITIALIZING: MarketState
MARKET_STATE_ACTIVE: MarketState
MARKET_STATE_POST_ONLY: MarketState
MARKET_STATE_CANCEL_ONLY: MarketState
MARKET_STATE_PAUSED: MarketState
MARKET_STATE_SETTLED: MarketState
TIME_IN_FORCE_UNSPECIFIED: TimeInForce
TIME_IN_FORCE_GTC: TimeInForce
TIME_IN_FORCE_GTT: TimeInForce
TIME_IN_FORCE_IOC: TimeInForce
TIME_IN_FORCE_FOK: TimeInForce
ORDER_STATE_UNSPECIFIED: OrderState
ORDER_STATE_RESTING: OrderState
ORDER_STATE_FILLED: OrderState
ORDER_STATE_CANCELLED: OrderState
ORDER_STATE_PENDING: OrderState
ORDER_STATE_REJECTED: OrderState
ORDER_STATE_ASLEEP: OrderState
ORDER_STATE_SLICING: OrderState
ORDER_STATE_TRIGGERED: OrderState
TRIGGER_UNSPECIFIED: Trigger
TRIGGER_MARK_RISES: Trigger
TRIGGER_MARK_FALLS: Trigger
TRIGGER_INDEX_RISES: Trigger
TRIGGER_INDEX_FALLS: Trigger
TRIGGER_LAST_RISES: Trigger
TRIGGER_LAST_FALLS: Trigger
REMOVAL_UNSPECIFIED: Removal
REMOVAL_CANCELLED: Removal
REMOVAL_MODIFIED: Removal
REMOVAL_BAND: Removal
REMOVAL_REDUCE_ONLY: Removal
REMOVAL_LIQUIDATING: Removal
REMOVAL_SELF_TRADE: Removal
REMOVAL_EXPIRED: Removal
REMOVAL_SWITCH: Removal
REMOVAL_BRACKET: Removal
REMOVAL_TRIGGERED: Removal
REMOVAL_REFUSED: Removal
REMOVAL_DONE: Removal
REMOVAL_EXITING: Removal
REMOVAL_LIMIT: Removal
REMOVAL_SETTLED: Removal

class GetMarketsRequest(_message.Message):
    __slots__ = ("markets",)
    MARKETS_FIELD_NUMBER: _ClassVar[int]
    markets: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, markets: _Optional[_Iterable[int]] = ...) -> None: ...

class MarketsResponse(_message.Message):
    __slots__ = ("height", "time_ms", "markets")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MARKETS_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    markets: _containers.RepeatedCompositeFieldContainer[Market]
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., markets: _Optional[_Iterable[_Union[Market, _Mapping]]] = ...) -> None: ...

class MarginTier(_message.Message):
    __slots__ = ("notional_from_micros", "initial_margin_ppm", "maintenance_margin_ppm")
    NOTIONAL_FROM_MICROS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_MARGIN_PPM_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_MARGIN_PPM_FIELD_NUMBER: _ClassVar[int]
    notional_from_micros: int
    initial_margin_ppm: int
    maintenance_margin_ppm: int
    def __init__(self, notional_from_micros: _Optional[int] = ..., initial_margin_ppm: _Optional[int] = ..., maintenance_margin_ppm: _Optional[int] = ...) -> None: ...

class Market(_message.Message):
    __slots__ = ("market", "symbol", "state", "lot_decimals", "tick", "order_lots_min", "order_lots_max", "notional_min_micros", "open_interest_max_lots", "initial_margin_ppm", "maintenance_margin_ppm", "maker_fee_ppm", "taker_fee_ppm", "fill_band_ppm", "funding_interval_ms", "tiers", "open_interest_lower_micros", "open_interest_upper_micros", "index_band_ppm", "mark", "index", "last", "best_bid", "best_ask", "index_time_ms", "funding_rate_ppb", "funding_next_ppb", "funding_time_ms", "open_interest_lots", "funding_index", "deficit_micros", "index_average", "index_pending", "initial_margin_now_ppm", "grace_until_ms", "grace_updates", "initial_margin_target_ppm", "maintenance_margin_target_ppm", "margin_ramp_start_ms", "margin_ramp_end_ms", "publishers", "taker_fee_now_ppm", "fee_ramp_end_ms", "collateral_only")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LOT_DECIMALS_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    ORDER_LOTS_MIN_FIELD_NUMBER: _ClassVar[int]
    ORDER_LOTS_MAX_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_MIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    OPEN_INTEREST_MAX_LOTS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_MARGIN_PPM_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_MARGIN_PPM_FIELD_NUMBER: _ClassVar[int]
    MAKER_FEE_PPM_FIELD_NUMBER: _ClassVar[int]
    TAKER_FEE_PPM_FIELD_NUMBER: _ClassVar[int]
    FILL_BAND_PPM_FIELD_NUMBER: _ClassVar[int]
    FUNDING_INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    OPEN_INTEREST_LOWER_MICROS_FIELD_NUMBER: _ClassVar[int]
    OPEN_INTEREST_UPPER_MICROS_FIELD_NUMBER: _ClassVar[int]
    INDEX_BAND_PPM_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    BEST_BID_FIELD_NUMBER: _ClassVar[int]
    BEST_ASK_FIELD_NUMBER: _ClassVar[int]
    INDEX_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    FUNDING_RATE_PPB_FIELD_NUMBER: _ClassVar[int]
    FUNDING_NEXT_PPB_FIELD_NUMBER: _ClassVar[int]
    FUNDING_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    OPEN_INTEREST_LOTS_FIELD_NUMBER: _ClassVar[int]
    FUNDING_INDEX_FIELD_NUMBER: _ClassVar[int]
    DEFICIT_MICROS_FIELD_NUMBER: _ClassVar[int]
    INDEX_AVERAGE_FIELD_NUMBER: _ClassVar[int]
    INDEX_PENDING_FIELD_NUMBER: _ClassVar[int]
    INITIAL_MARGIN_NOW_PPM_FIELD_NUMBER: _ClassVar[int]
    GRACE_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    GRACE_UPDATES_FIELD_NUMBER: _ClassVar[int]
    INITIAL_MARGIN_TARGET_PPM_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_MARGIN_TARGET_PPM_FIELD_NUMBER: _ClassVar[int]
    MARGIN_RAMP_START_MS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_RAMP_END_MS_FIELD_NUMBER: _ClassVar[int]
    PUBLISHERS_FIELD_NUMBER: _ClassVar[int]
    TAKER_FEE_NOW_PPM_FIELD_NUMBER: _ClassVar[int]
    FEE_RAMP_END_MS_FIELD_NUMBER: _ClassVar[int]
    COLLATERAL_ONLY_FIELD_NUMBER: _ClassVar[int]
    market: int
    symbol: str
    state: MarketState
    lot_decimals: int
    tick: int
    order_lots_min: int
    order_lots_max: int
    notional_min_micros: int
    open_interest_max_lots: int
    initial_margin_ppm: int
    maintenance_margin_ppm: int
    maker_fee_ppm: int
    taker_fee_ppm: int
    fill_band_ppm: int
    funding_interval_ms: int
    tiers: _containers.RepeatedCompositeFieldContainer[MarginTier]
    open_interest_lower_micros: int
    open_interest_upper_micros: int
    index_band_ppm: int
    mark: int
    index: int
    last: int
    best_bid: int
    best_ask: int
    index_time_ms: int
    funding_rate_ppb: int
    funding_next_ppb: int
    funding_time_ms: int
    open_interest_lots: int
    funding_index: int
    deficit_micros: int
    index_average: int
    index_pending: int
    initial_margin_now_ppm: int
    grace_until_ms: int
    grace_updates: int
    initial_margin_target_ppm: int
    maintenance_margin_target_ppm: int
    margin_ramp_start_ms: int
    margin_ramp_end_ms: int
    publishers: _containers.RepeatedCompositeFieldContainer[PublisherPrice]
    taker_fee_now_ppm: int
    fee_ramp_end_ms: int
    collateral_only: bool
    def __init__(self, market: _Optional[int] = ..., symbol: _Optional[str] = ..., state: _Optional[_Union[MarketState, str]] = ..., lot_decimals: _Optional[int] = ..., tick: _Optional[int] = ..., order_lots_min: _Optional[int] = ..., order_lots_max: _Optional[int] = ..., notional_min_micros: _Optional[int] = ..., open_interest_max_lots: _Optional[int] = ..., initial_margin_ppm: _Optional[int] = ..., maintenance_margin_ppm: _Optional[int] = ..., maker_fee_ppm: _Optional[int] = ..., taker_fee_ppm: _Optional[int] = ..., fill_band_ppm: _Optional[int] = ..., funding_interval_ms: _Optional[int] = ..., tiers: _Optional[_Iterable[_Union[MarginTier, _Mapping]]] = ..., open_interest_lower_micros: _Optional[int] = ..., open_interest_upper_micros: _Optional[int] = ..., index_band_ppm: _Optional[int] = ..., mark: _Optional[int] = ..., index: _Optional[int] = ..., last: _Optional[int] = ..., best_bid: _Optional[int] = ..., best_ask: _Optional[int] = ..., index_time_ms: _Optional[int] = ..., funding_rate_ppb: _Optional[int] = ..., funding_next_ppb: _Optional[int] = ..., funding_time_ms: _Optional[int] = ..., open_interest_lots: _Optional[int] = ..., funding_index: _Optional[int] = ..., deficit_micros: _Optional[int] = ..., index_average: _Optional[int] = ..., index_pending: _Optional[int] = ..., initial_margin_now_ppm: _Optional[int] = ..., grace_until_ms: _Optional[int] = ..., grace_updates: _Optional[int] = ..., initial_margin_target_ppm: _Optional[int] = ..., maintenance_margin_target_ppm: _Optional[int] = ..., margin_ramp_start_ms: _Optional[int] = ..., margin_ramp_end_ms: _Optional[int] = ..., publishers: _Optional[_Iterable[_Union[PublisherPrice, _Mapping]]] = ..., taker_fee_now_ppm: _Optional[int] = ..., fee_ramp_end_ms: _Optional[int] = ..., collateral_only: _Optional[bool] = ...) -> None: ...

class PublisherPrice(_message.Message):
    __slots__ = ("price", "time_ms")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    price: int
    time_ms: int
    def __init__(self, price: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...

class GetAssetsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AssetsResponse(_message.Message):
    __slots__ = ("height", "time_ms", "assets")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ASSETS_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    assets: _containers.RepeatedCompositeFieldContainer[Asset]
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., assets: _Optional[_Iterable[_Union[Asset, _Mapping]]] = ...) -> None: ...

class Asset(_message.Message):
    __slots__ = ("asset", "symbol", "decimals", "market", "lot_units", "weight_ppm", "initial_weight_ppm", "penalty_ppm", "cap_units", "deposit_min_units", "index", "stable", "stale", "deposits_units", "withdrawals_units", "offered_units", "offer_price")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    DECIMALS_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    LOT_UNITS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_PPM_FIELD_NUMBER: _ClassVar[int]
    INITIAL_WEIGHT_PPM_FIELD_NUMBER: _ClassVar[int]
    PENALTY_PPM_FIELD_NUMBER: _ClassVar[int]
    CAP_UNITS_FIELD_NUMBER: _ClassVar[int]
    DEPOSIT_MIN_UNITS_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    DEPOSITS_UNITS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWALS_UNITS_FIELD_NUMBER: _ClassVar[int]
    OFFERED_UNITS_FIELD_NUMBER: _ClassVar[int]
    OFFER_PRICE_FIELD_NUMBER: _ClassVar[int]
    asset: int
    symbol: str
    decimals: int
    market: int
    lot_units: int
    weight_ppm: int
    initial_weight_ppm: int
    penalty_ppm: int
    cap_units: int
    deposit_min_units: int
    index: int
    stable: int
    stale: bool
    deposits_units: int
    withdrawals_units: int
    offered_units: int
    offer_price: int
    def __init__(self, asset: _Optional[int] = ..., symbol: _Optional[str] = ..., decimals: _Optional[int] = ..., market: _Optional[int] = ..., lot_units: _Optional[int] = ..., weight_ppm: _Optional[int] = ..., initial_weight_ppm: _Optional[int] = ..., penalty_ppm: _Optional[int] = ..., cap_units: _Optional[int] = ..., deposit_min_units: _Optional[int] = ..., index: _Optional[int] = ..., stable: _Optional[int] = ..., stale: _Optional[bool] = ..., deposits_units: _Optional[int] = ..., withdrawals_units: _Optional[int] = ..., offered_units: _Optional[int] = ..., offer_price: _Optional[int] = ...) -> None: ...

class AssetHolding(_message.Message):
    __slots__ = ("asset", "units", "counted", "value_micros", "value_initial_micros", "withdrawable_units", "symbol", "decimals")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    VALUE_MICROS_FIELD_NUMBER: _ClassVar[int]
    VALUE_INITIAL_MICROS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWABLE_UNITS_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    DECIMALS_FIELD_NUMBER: _ClassVar[int]
    asset: int
    units: int
    counted: bool
    value_micros: int
    value_initial_micros: int
    withdrawable_units: int
    symbol: str
    decimals: int
    def __init__(self, asset: _Optional[int] = ..., units: _Optional[int] = ..., counted: _Optional[bool] = ..., value_micros: _Optional[int] = ..., value_initial_micros: _Optional[int] = ..., withdrawable_units: _Optional[int] = ..., symbol: _Optional[str] = ..., decimals: _Optional[int] = ...) -> None: ...

class GetVaultRequest(_message.Message):
    __slots__ = ("market", "address", "account")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    market: int
    address: bytes
    account: int
    def __init__(self, market: _Optional[int] = ..., address: _Optional[bytes] = ..., account: _Optional[int] = ...) -> None: ...

class Vault(_message.Message):
    __slots__ = ("height", "time_ms", "market", "shares", "balance_micros", "value_low_micros", "value_high_micros", "initial_margin_micros", "size_lots", "unwinding", "liquidating", "notice_ms", "deposit_min_micros", "insured_micros", "insured_max_micros", "held_shares", "notice_shares", "assets")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    BALANCE_MICROS_FIELD_NUMBER: _ClassVar[int]
    VALUE_LOW_MICROS_FIELD_NUMBER: _ClassVar[int]
    VALUE_HIGH_MICROS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_MARGIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    SIZE_LOTS_FIELD_NUMBER: _ClassVar[int]
    UNWINDING_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATING_FIELD_NUMBER: _ClassVar[int]
    NOTICE_MS_FIELD_NUMBER: _ClassVar[int]
    DEPOSIT_MIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    INSURED_MICROS_FIELD_NUMBER: _ClassVar[int]
    INSURED_MAX_MICROS_FIELD_NUMBER: _ClassVar[int]
    HELD_SHARES_FIELD_NUMBER: _ClassVar[int]
    NOTICE_SHARES_FIELD_NUMBER: _ClassVar[int]
    ASSETS_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    market: int
    shares: int
    balance_micros: int
    value_low_micros: int
    value_high_micros: int
    initial_margin_micros: int
    size_lots: int
    unwinding: bool
    liquidating: bool
    notice_ms: int
    deposit_min_micros: int
    insured_micros: int
    insured_max_micros: int
    held_shares: int
    notice_shares: int
    assets: _containers.RepeatedCompositeFieldContainer[AssetHolding]
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., market: _Optional[int] = ..., shares: _Optional[int] = ..., balance_micros: _Optional[int] = ..., value_low_micros: _Optional[int] = ..., value_high_micros: _Optional[int] = ..., initial_margin_micros: _Optional[int] = ..., size_lots: _Optional[int] = ..., unwinding: _Optional[bool] = ..., liquidating: _Optional[bool] = ..., notice_ms: _Optional[int] = ..., deposit_min_micros: _Optional[int] = ..., insured_micros: _Optional[int] = ..., insured_max_micros: _Optional[int] = ..., held_shares: _Optional[int] = ..., notice_shares: _Optional[int] = ..., assets: _Optional[_Iterable[_Union[AssetHolding, _Mapping]]] = ...) -> None: ...

class GetPoolRequest(_message.Message):
    __slots__ = ("address", "account")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    account: int
    def __init__(self, address: _Optional[bytes] = ..., account: _Optional[int] = ...) -> None: ...

class Pool(_message.Message):
    __slots__ = ("height", "time_ms", "shares", "value_micros", "lent_micros", "free_micros", "utilisation_ppm", "loan_rate_ppm", "supply_rate_ppm", "supply_min_micros", "loan_initial_ppm", "loan_maintenance_ppm", "held_shares", "held_micros")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    VALUE_MICROS_FIELD_NUMBER: _ClassVar[int]
    LENT_MICROS_FIELD_NUMBER: _ClassVar[int]
    FREE_MICROS_FIELD_NUMBER: _ClassVar[int]
    UTILISATION_PPM_FIELD_NUMBER: _ClassVar[int]
    LOAN_RATE_PPM_FIELD_NUMBER: _ClassVar[int]
    SUPPLY_RATE_PPM_FIELD_NUMBER: _ClassVar[int]
    SUPPLY_MIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    LOAN_INITIAL_PPM_FIELD_NUMBER: _ClassVar[int]
    LOAN_MAINTENANCE_PPM_FIELD_NUMBER: _ClassVar[int]
    HELD_SHARES_FIELD_NUMBER: _ClassVar[int]
    HELD_MICROS_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    shares: int
    value_micros: int
    lent_micros: int
    free_micros: int
    utilisation_ppm: int
    loan_rate_ppm: int
    supply_rate_ppm: int
    supply_min_micros: int
    loan_initial_ppm: int
    loan_maintenance_ppm: int
    held_shares: int
    held_micros: int
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., shares: _Optional[int] = ..., value_micros: _Optional[int] = ..., lent_micros: _Optional[int] = ..., free_micros: _Optional[int] = ..., utilisation_ppm: _Optional[int] = ..., loan_rate_ppm: _Optional[int] = ..., supply_rate_ppm: _Optional[int] = ..., supply_min_micros: _Optional[int] = ..., loan_initial_ppm: _Optional[int] = ..., loan_maintenance_ppm: _Optional[int] = ..., held_shares: _Optional[int] = ..., held_micros: _Optional[int] = ...) -> None: ...

class GetAccountRequest(_message.Message):
    __slots__ = ("address", "account", "subs", "with_orders")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SUBS_FIELD_NUMBER: _ClassVar[int]
    WITH_ORDERS_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    account: int
    subs: _containers.RepeatedScalarFieldContainer[int]
    with_orders: bool
    def __init__(self, address: _Optional[bytes] = ..., account: _Optional[int] = ..., subs: _Optional[_Iterable[int]] = ..., with_orders: _Optional[bool] = ...) -> None: ...

class Account(_message.Message):
    __slots__ = ("height", "time_ms", "account", "owner", "portfolios", "payable_ppm")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PORTFOLIOS_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_PPM_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    account: int
    owner: bytes
    portfolios: _containers.RepeatedCompositeFieldContainer[PortfolioState]
    payable_ppm: int
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., account: _Optional[int] = ..., owner: _Optional[bytes] = ..., portfolios: _Optional[_Iterable[_Union[PortfolioState, _Mapping]]] = ..., payable_ppm: _Optional[int] = ...) -> None: ...

class PortfolioState(_message.Message):
    __slots__ = ("account", "sub", "balance_micros", "equity_micros", "initial_margin_micros", "maintenance_margin_micros", "available_micros", "withdrawable_micros", "liquidating", "positions", "orders", "open_orders", "open_orders_max", "cancel_at_ms", "equity_initial_micros", "assets", "loan_micros", "loan_interest_micros", "loan_margined_micros")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    BALANCE_MICROS_FIELD_NUMBER: _ClassVar[int]
    EQUITY_MICROS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_MARGIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_MARGIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_MICROS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWABLE_MICROS_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATING_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_MAX_FIELD_NUMBER: _ClassVar[int]
    CANCEL_AT_MS_FIELD_NUMBER: _ClassVar[int]
    EQUITY_INITIAL_MICROS_FIELD_NUMBER: _ClassVar[int]
    ASSETS_FIELD_NUMBER: _ClassVar[int]
    LOAN_MICROS_FIELD_NUMBER: _ClassVar[int]
    LOAN_INTEREST_MICROS_FIELD_NUMBER: _ClassVar[int]
    LOAN_MARGINED_MICROS_FIELD_NUMBER: _ClassVar[int]
    account: int
    sub: int
    balance_micros: int
    equity_micros: int
    initial_margin_micros: int
    maintenance_margin_micros: int
    available_micros: int
    withdrawable_micros: int
    liquidating: bool
    positions: _containers.RepeatedCompositeFieldContainer[Position]
    orders: _containers.RepeatedCompositeFieldContainer[Order]
    open_orders: int
    open_orders_max: int
    cancel_at_ms: int
    equity_initial_micros: int
    assets: _containers.RepeatedCompositeFieldContainer[AssetHolding]
    loan_micros: int
    loan_interest_micros: int
    loan_margined_micros: int
    def __init__(self, account: _Optional[int] = ..., sub: _Optional[int] = ..., balance_micros: _Optional[int] = ..., equity_micros: _Optional[int] = ..., initial_margin_micros: _Optional[int] = ..., maintenance_margin_micros: _Optional[int] = ..., available_micros: _Optional[int] = ..., withdrawable_micros: _Optional[int] = ..., liquidating: _Optional[bool] = ..., positions: _Optional[_Iterable[_Union[Position, _Mapping]]] = ..., orders: _Optional[_Iterable[_Union[Order, _Mapping]]] = ..., open_orders: _Optional[int] = ..., open_orders_max: _Optional[int] = ..., cancel_at_ms: _Optional[int] = ..., equity_initial_micros: _Optional[int] = ..., assets: _Optional[_Iterable[_Union[AssetHolding, _Mapping]]] = ..., loan_micros: _Optional[int] = ..., loan_interest_micros: _Optional[int] = ..., loan_margined_micros: _Optional[int] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("market", "size_lots", "cost_micros", "entry_price", "mark", "unrealised_micros", "funding_micros", "bid_lots", "ask_lots", "initial_margin_micros", "maintenance_margin_micros", "liquidation_price", "leverage")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    SIZE_LOTS_FIELD_NUMBER: _ClassVar[int]
    COST_MICROS_FIELD_NUMBER: _ClassVar[int]
    ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    UNREALISED_MICROS_FIELD_NUMBER: _ClassVar[int]
    FUNDING_MICROS_FIELD_NUMBER: _ClassVar[int]
    BID_LOTS_FIELD_NUMBER: _ClassVar[int]
    ASK_LOTS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_MARGIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_MARGIN_MICROS_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATION_PRICE_FIELD_NUMBER: _ClassVar[int]
    LEVERAGE_FIELD_NUMBER: _ClassVar[int]
    market: int
    size_lots: int
    cost_micros: int
    entry_price: int
    mark: int
    unrealised_micros: int
    funding_micros: int
    bid_lots: int
    ask_lots: int
    initial_margin_micros: int
    maintenance_margin_micros: int
    liquidation_price: int
    leverage: int
    def __init__(self, market: _Optional[int] = ..., size_lots: _Optional[int] = ..., cost_micros: _Optional[int] = ..., entry_price: _Optional[int] = ..., mark: _Optional[int] = ..., unrealised_micros: _Optional[int] = ..., funding_micros: _Optional[int] = ..., bid_lots: _Optional[int] = ..., ask_lots: _Optional[int] = ..., initial_margin_micros: _Optional[int] = ..., maintenance_margin_micros: _Optional[int] = ..., liquidation_price: _Optional[int] = ..., leverage: _Optional[int] = ...) -> None: ...

class Order(_message.Message):
    __slots__ = ("order_id", "client_id", "market", "side", "price", "lots", "remaining_lots", "time_in_force", "post_only", "reduce_only", "expires_at_ms", "portfolio", "state", "height", "code", "code_name", "removal", "trigger", "trigger_price", "slices", "interval_ms", "bracket", "replaced_by", "pegged", "offset", "price_now")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    LOTS_FIELD_NUMBER: _ClassVar[int]
    REMAINING_LOTS_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    POST_ONLY_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CODE_NAME_FIELD_NUMBER: _ClassVar[int]
    REMOVAL_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_PRICE_FIELD_NUMBER: _ClassVar[int]
    SLICES_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    BRACKET_FIELD_NUMBER: _ClassVar[int]
    REPLACED_BY_FIELD_NUMBER: _ClassVar[int]
    PEGGED_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    PRICE_NOW_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    client_id: bytes
    market: int
    side: _common_pb2.Side
    price: int
    lots: int
    remaining_lots: int
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    expires_at_ms: int
    portfolio: _common_pb2.Portfolio
    state: OrderState
    height: int
    code: int
    code_name: str
    removal: Removal
    trigger: Trigger
    trigger_price: int
    slices: int
    interval_ms: int
    bracket: int
    replaced_by: int
    pegged: bool
    offset: int
    price_now: int
    def __init__(self, order_id: _Optional[int] = ..., client_id: _Optional[bytes] = ..., market: _Optional[int] = ..., side: _Optional[_Union[_common_pb2.Side, str]] = ..., price: _Optional[int] = ..., lots: _Optional[int] = ..., remaining_lots: _Optional[int] = ..., time_in_force: _Optional[_Union[TimeInForce, str]] = ..., post_only: _Optional[bool] = ..., reduce_only: _Optional[bool] = ..., expires_at_ms: _Optional[int] = ..., portfolio: _Optional[_Union[_common_pb2.Portfolio, _Mapping]] = ..., state: _Optional[_Union[OrderState, str]] = ..., height: _Optional[int] = ..., code: _Optional[int] = ..., code_name: _Optional[str] = ..., removal: _Optional[_Union[Removal, str]] = ..., trigger: _Optional[_Union[Trigger, str]] = ..., trigger_price: _Optional[int] = ..., slices: _Optional[int] = ..., interval_ms: _Optional[int] = ..., bracket: _Optional[int] = ..., replaced_by: _Optional[int] = ..., pegged: _Optional[bool] = ..., offset: _Optional[int] = ..., price_now: _Optional[int] = ...) -> None: ...

class GetOrderRequest(_message.Message):
    __slots__ = ("order_id", "client")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    client: ClientOrder
    def __init__(self, order_id: _Optional[int] = ..., client: _Optional[_Union[ClientOrder, _Mapping]] = ...) -> None: ...

class ClientOrder(_message.Message):
    __slots__ = ("portfolio", "client_id")
    PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    portfolio: _common_pb2.Portfolio
    client_id: bytes
    def __init__(self, portfolio: _Optional[_Union[_common_pb2.Portfolio, _Mapping]] = ..., client_id: _Optional[bytes] = ...) -> None: ...

class GetSignerRequest(_message.Message):
    __slots__ = ("address",)
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    def __init__(self, address: _Optional[bytes] = ...) -> None: ...

class Signer(_message.Message):
    __slots__ = ("address", "account", "is_agent", "revoked", "expires_at_ms", "actions", "markets", "notional_per_day_micros", "loss_per_day_micros", "notional_today_micros")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    IS_AGENT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    MARKETS_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_PER_DAY_MICROS_FIELD_NUMBER: _ClassVar[int]
    LOSS_PER_DAY_MICROS_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_TODAY_MICROS_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    account: int
    is_agent: bool
    revoked: bool
    expires_at_ms: int
    actions: int
    markets: int
    notional_per_day_micros: int
    loss_per_day_micros: int
    notional_today_micros: int
    def __init__(self, address: _Optional[bytes] = ..., account: _Optional[int] = ..., is_agent: _Optional[bool] = ..., revoked: _Optional[bool] = ..., expires_at_ms: _Optional[int] = ..., actions: _Optional[int] = ..., markets: _Optional[int] = ..., notional_per_day_micros: _Optional[int] = ..., loss_per_day_micros: _Optional[int] = ..., notional_today_micros: _Optional[int] = ...) -> None: ...

class GetBookRequest(_message.Message):
    __slots__ = ("market", "levels_max")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    LEVELS_MAX_FIELD_NUMBER: _ClassVar[int]
    market: int
    levels_max: int
    def __init__(self, market: _Optional[int] = ..., levels_max: _Optional[int] = ...) -> None: ...

class Levels(_message.Message):
    __slots__ = ("prices", "lots", "orders")
    PRICES_FIELD_NUMBER: _ClassVar[int]
    LOTS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    prices: _containers.RepeatedScalarFieldContainer[int]
    lots: _containers.RepeatedScalarFieldContainer[int]
    orders: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, prices: _Optional[_Iterable[int]] = ..., lots: _Optional[_Iterable[int]] = ..., orders: _Optional[_Iterable[int]] = ...) -> None: ...

class Book(_message.Message):
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
    bids: Levels
    asks: Levels
    checksum: int
    def __init__(self, market: _Optional[int] = ..., height: _Optional[int] = ..., time_ms: _Optional[int] = ..., sequence: _Optional[int] = ..., bids: _Optional[_Union[Levels, _Mapping]] = ..., asks: _Optional[_Union[Levels, _Mapping]] = ..., checksum: _Optional[int] = ...) -> None: ...

class GetTradesRequest(_message.Message):
    __slots__ = ("market", "trades_max")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    TRADES_MAX_FIELD_NUMBER: _ClassVar[int]
    market: int
    trades_max: int
    def __init__(self, market: _Optional[int] = ..., trades_max: _Optional[int] = ...) -> None: ...

class Trade(_message.Message):
    __slots__ = ("height", "time_ms", "market", "sequence", "price", "lots", "taker_side", "maker_order_id", "taker_order_id", "liquidation")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    LOTS_FIELD_NUMBER: _ClassVar[int]
    TAKER_SIDE_FIELD_NUMBER: _ClassVar[int]
    MAKER_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    TAKER_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATION_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    market: int
    sequence: int
    price: int
    lots: int
    taker_side: _common_pb2.Side
    maker_order_id: int
    taker_order_id: int
    liquidation: bool
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., market: _Optional[int] = ..., sequence: _Optional[int] = ..., price: _Optional[int] = ..., lots: _Optional[int] = ..., taker_side: _Optional[_Union[_common_pb2.Side, str]] = ..., maker_order_id: _Optional[int] = ..., taker_order_id: _Optional[int] = ..., liquidation: _Optional[bool] = ...) -> None: ...

class TradesResponse(_message.Message):
    __slots__ = ("trades",)
    TRADES_FIELD_NUMBER: _ClassVar[int]
    trades: _containers.RepeatedCompositeFieldContainer[Trade]
    def __init__(self, trades: _Optional[_Iterable[_Union[Trade, _Mapping]]] = ...) -> None: ...

class GetBlockRequest(_message.Message):
    __slots__ = ("height", "with_frame", "with_receipts")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WITH_FRAME_FIELD_NUMBER: _ClassVar[int]
    WITH_RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    height: int
    with_frame: bool
    with_receipts: bool
    def __init__(self, height: _Optional[int] = ..., with_frame: _Optional[bool] = ..., with_receipts: _Optional[bool] = ...) -> None: ...

class Block(_message.Message):
    __slots__ = ("header", "frame", "frame_bytes", "transactions", "inbox", "inbox_from", "segment_roots", "stage", "log_index", "receipts")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    FRAME_BYTES_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    INBOX_FIELD_NUMBER: _ClassVar[int]
    INBOX_FROM_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_ROOTS_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    header: _common_pb2.BlockHeader
    frame: bytes
    frame_bytes: int
    transactions: int
    inbox: _containers.RepeatedScalarFieldContainer[bytes]
    inbox_from: int
    segment_roots: _containers.RepeatedScalarFieldContainer[bytes]
    stage: _common_pb2.Stage
    log_index: int
    receipts: _containers.RepeatedCompositeFieldContainer[_common_pb2.Receipt]
    def __init__(self, header: _Optional[_Union[_common_pb2.BlockHeader, _Mapping]] = ..., frame: _Optional[bytes] = ..., frame_bytes: _Optional[int] = ..., transactions: _Optional[int] = ..., inbox: _Optional[_Iterable[bytes]] = ..., inbox_from: _Optional[int] = ..., segment_roots: _Optional[_Iterable[bytes]] = ..., stage: _Optional[_Union[_common_pb2.Stage, str]] = ..., log_index: _Optional[int] = ..., receipts: _Optional[_Iterable[_Union[_common_pb2.Receipt, _Mapping]]] = ...) -> None: ...

class GetReceiptRequest(_message.Message):
    __slots__ = ("transaction_hash", "with_paths")
    TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    WITH_PATHS_FIELD_NUMBER: _ClassVar[int]
    transaction_hash: bytes
    with_paths: bool
    def __init__(self, transaction_hash: _Optional[bytes] = ..., with_paths: _Optional[bool] = ...) -> None: ...

class ReceiptResponse(_message.Message):
    __slots__ = ("receipts", "header", "status")
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    receipts: _containers.RepeatedCompositeFieldContainer[_common_pb2.Receipt]
    header: _common_pb2.BlockHeader
    status: TransactionStatus
    def __init__(self, receipts: _Optional[_Iterable[_Union[_common_pb2.Receipt, _Mapping]]] = ..., header: _Optional[_Union[_common_pb2.BlockHeader, _Mapping]] = ..., status: _Optional[_Union[TransactionStatus, _Mapping]] = ...) -> None: ...

class GetTransactionStatusRequest(_message.Message):
    __slots__ = ("transaction_hash",)
    TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    transaction_hash: bytes
    def __init__(self, transaction_hash: _Optional[bytes] = ...) -> None: ...

class TransactionStatus(_message.Message):
    __slots__ = ("transaction_hash", "stage", "height", "index", "log_index", "accepted_ms", "sequenced_ms", "posted_ms", "final_ms", "refusal")
    TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_MS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCED_MS_FIELD_NUMBER: _ClassVar[int]
    POSTED_MS_FIELD_NUMBER: _ClassVar[int]
    FINAL_MS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    transaction_hash: bytes
    stage: _common_pb2.Stage
    height: int
    index: int
    log_index: int
    accepted_ms: int
    sequenced_ms: int
    posted_ms: int
    final_ms: int
    refusal: _common_pb2.Refusal
    def __init__(self, transaction_hash: _Optional[bytes] = ..., stage: _Optional[_Union[_common_pb2.Stage, str]] = ..., height: _Optional[int] = ..., index: _Optional[int] = ..., log_index: _Optional[int] = ..., accepted_ms: _Optional[int] = ..., sequenced_ms: _Optional[int] = ..., posted_ms: _Optional[int] = ..., final_ms: _Optional[int] = ..., refusal: _Optional[_Union[_common_pb2.Refusal, _Mapping]] = ...) -> None: ...

class GetWithdrawalsRequest(_message.Message):
    __slots__ = ("owner", "index")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    owner: bytes
    index: int
    def __init__(self, owner: _Optional[bytes] = ..., index: _Optional[int] = ...) -> None: ...

class Withdrawal(_message.Message):
    __slots__ = ("index", "owner", "amount_micros", "height", "stage", "key", "time_ms", "asset", "symbol", "decimals")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MICROS_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    DECIMALS_FIELD_NUMBER: _ClassVar[int]
    index: int
    owner: bytes
    amount_micros: int
    height: int
    stage: _common_pb2.Stage
    key: bytes
    time_ms: int
    asset: int
    symbol: str
    decimals: int
    def __init__(self, index: _Optional[int] = ..., owner: _Optional[bytes] = ..., amount_micros: _Optional[int] = ..., height: _Optional[int] = ..., stage: _Optional[_Union[_common_pb2.Stage, str]] = ..., key: _Optional[bytes] = ..., time_ms: _Optional[int] = ..., asset: _Optional[int] = ..., symbol: _Optional[str] = ..., decimals: _Optional[int] = ...) -> None: ...

class WithdrawalsResponse(_message.Message):
    __slots__ = ("withdrawals",)
    WITHDRAWALS_FIELD_NUMBER: _ClassVar[int]
    withdrawals: _containers.RepeatedCompositeFieldContainer[Withdrawal]
    def __init__(self, withdrawals: _Optional[_Iterable[_Union[Withdrawal, _Mapping]]] = ...) -> None: ...

class GetLogEntryRequest(_message.Message):
    __slots__ = ("index", "offset")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    index: int
    offset: int
    def __init__(self, index: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class LogEntryPart(_message.Message):
    __slots__ = ("data", "length")
    DATA_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    length: int
    def __init__(self, data: _Optional[bytes] = ..., length: _Optional[int] = ...) -> None: ...

class GetProofRequest(_message.Message):
    __slots__ = ("keys", "log_index", "ranges")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedScalarFieldContainer[bytes]
    log_index: int
    ranges: _containers.RepeatedCompositeFieldContainer[KeyRange]
    def __init__(self, keys: _Optional[_Iterable[bytes]] = ..., log_index: _Optional[int] = ..., ranges: _Optional[_Iterable[_Union[KeyRange, _Mapping]]] = ...) -> None: ...

class KeyRange(_message.Message):
    __slots__ = ("prefix", "start", "count")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    prefix: bytes
    start: bytes
    count: int
    def __init__(self, prefix: _Optional[bytes] = ..., start: _Optional[bytes] = ..., count: _Optional[int] = ...) -> None: ...

class Proof(_message.Message):
    __slots__ = ("height", "root", "witness", "values", "log_index", "ranges")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    WITNESS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    height: int
    root: bytes
    witness: bytes
    values: _containers.RepeatedCompositeFieldContainer[ProvedValue]
    log_index: int
    ranges: _containers.RepeatedCompositeFieldContainer[ProvedRange]
    def __init__(self, height: _Optional[int] = ..., root: _Optional[bytes] = ..., witness: _Optional[bytes] = ..., values: _Optional[_Iterable[_Union[ProvedValue, _Mapping]]] = ..., log_index: _Optional[int] = ..., ranges: _Optional[_Iterable[_Union[ProvedRange, _Mapping]]] = ...) -> None: ...

class ProvedRange(_message.Message):
    __slots__ = ("start", "values", "next")
    START_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    start: bytes
    values: _containers.RepeatedCompositeFieldContainer[ProvedValue]
    next: bytes
    def __init__(self, start: _Optional[bytes] = ..., values: _Optional[_Iterable[_Union[ProvedValue, _Mapping]]] = ..., next: _Optional[bytes] = ...) -> None: ...

class ProvedValue(_message.Message):
    __slots__ = ("key", "present", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    PRESENT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    present: bool
    value: bytes
    def __init__(self, key: _Optional[bytes] = ..., present: _Optional[bool] = ..., value: _Optional[bytes] = ...) -> None: ...

class GetHistoryRequest(_message.Message):
    __slots__ = ("market", "span_ms", "samples_max")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    SPAN_MS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_MAX_FIELD_NUMBER: _ClassVar[int]
    market: int
    span_ms: int
    samples_max: int
    def __init__(self, market: _Optional[int] = ..., span_ms: _Optional[int] = ..., samples_max: _Optional[int] = ...) -> None: ...

class History(_message.Message):
    __slots__ = ("market", "time_ms", "since_ms", "funding", "notionals_micros", "samples", "outages", "tail")
    class TailEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    MARKET_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    FUNDING_FIELD_NUMBER: _ClassVar[int]
    NOTIONALS_MICROS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    OUTAGES_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    market: int
    time_ms: int
    since_ms: int
    funding: _containers.RepeatedCompositeFieldContainer[FundingPoint]
    notionals_micros: _containers.RepeatedScalarFieldContainer[int]
    samples: _containers.RepeatedCompositeFieldContainer[MarketSample]
    outages: _containers.RepeatedCompositeFieldContainer[Outage]
    tail: _containers.ScalarMap[str, int]
    def __init__(self, market: _Optional[int] = ..., time_ms: _Optional[int] = ..., since_ms: _Optional[int] = ..., funding: _Optional[_Iterable[_Union[FundingPoint, _Mapping]]] = ..., notionals_micros: _Optional[_Iterable[int]] = ..., samples: _Optional[_Iterable[_Union[MarketSample, _Mapping]]] = ..., outages: _Optional[_Iterable[_Union[Outage, _Mapping]]] = ..., tail: _Optional[_Mapping[str, int]] = ...) -> None: ...

class FundingPoint(_message.Message):
    __slots__ = ("time_ms", "rate_ppb")
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RATE_PPB_FIELD_NUMBER: _ClassVar[int]
    time_ms: int
    rate_ppb: int
    def __init__(self, time_ms: _Optional[int] = ..., rate_ppb: _Optional[int] = ...) -> None: ...

class MarketSample(_message.Message):
    __slots__ = ("time_ms", "mark", "index", "best_bid", "best_ask", "spread_ppm", "index_age_ms", "divergence_ppm", "publishers_fresh", "open_interest_lots", "buy_slippage_ppm", "sell_slippage_ppm")
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    BEST_BID_FIELD_NUMBER: _ClassVar[int]
    BEST_ASK_FIELD_NUMBER: _ClassVar[int]
    SPREAD_PPM_FIELD_NUMBER: _ClassVar[int]
    INDEX_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    DIVERGENCE_PPM_FIELD_NUMBER: _ClassVar[int]
    PUBLISHERS_FRESH_FIELD_NUMBER: _ClassVar[int]
    OPEN_INTEREST_LOTS_FIELD_NUMBER: _ClassVar[int]
    BUY_SLIPPAGE_PPM_FIELD_NUMBER: _ClassVar[int]
    SELL_SLIPPAGE_PPM_FIELD_NUMBER: _ClassVar[int]
    time_ms: int
    mark: int
    index: int
    best_bid: int
    best_ask: int
    spread_ppm: int
    index_age_ms: int
    divergence_ppm: int
    publishers_fresh: int
    open_interest_lots: int
    buy_slippage_ppm: _containers.RepeatedScalarFieldContainer[int]
    sell_slippage_ppm: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, time_ms: _Optional[int] = ..., mark: _Optional[int] = ..., index: _Optional[int] = ..., best_bid: _Optional[int] = ..., best_ask: _Optional[int] = ..., spread_ppm: _Optional[int] = ..., index_age_ms: _Optional[int] = ..., divergence_ppm: _Optional[int] = ..., publishers_fresh: _Optional[int] = ..., open_interest_lots: _Optional[int] = ..., buy_slippage_ppm: _Optional[_Iterable[int]] = ..., sell_slippage_ppm: _Optional[_Iterable[int]] = ...) -> None: ...

class Outage(_message.Message):
    __slots__ = ("start_ms", "end_ms")
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    start_ms: int
    end_ms: int
    def __init__(self, start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ...) -> None: ...

class PreviewRequest(_message.Message):
    __slots__ = ("signer", "transaction")
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    signer: bytes
    transaction: bytes
    def __init__(self, signer: _Optional[bytes] = ..., transaction: _Optional[bytes] = ...) -> None: ...

class PreviewResponse(_message.Message):
    __slots__ = ("height", "time_ms", "receipts", "after")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    receipts: _containers.RepeatedCompositeFieldContainer[_common_pb2.Receipt]
    after: _containers.RepeatedCompositeFieldContainer[PortfolioState]
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., receipts: _Optional[_Iterable[_Union[_common_pb2.Receipt, _Mapping]]] = ..., after: _Optional[_Iterable[_Union[PortfolioState, _Mapping]]] = ...) -> None: ...

class GetFeesRequest(_message.Message):
    __slots__ = ("address", "account", "sub")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    account: int
    sub: int
    def __init__(self, address: _Optional[bytes] = ..., account: _Optional[int] = ..., sub: _Optional[int] = ...) -> None: ...

class FeeTier(_message.Message):
    __slots__ = ("volume_micros", "maker_share_ppm", "taker_share_ppm")
    VOLUME_MICROS_FIELD_NUMBER: _ClassVar[int]
    MAKER_SHARE_PPM_FIELD_NUMBER: _ClassVar[int]
    TAKER_SHARE_PPM_FIELD_NUMBER: _ClassVar[int]
    volume_micros: int
    maker_share_ppm: int
    taker_share_ppm: int
    def __init__(self, volume_micros: _Optional[int] = ..., maker_share_ppm: _Optional[int] = ..., taker_share_ppm: _Optional[int] = ...) -> None: ...

class FeeRates(_message.Message):
    __slots__ = ("market", "maker_ppm", "taker_ppm", "ramp_ppm", "ramp_end_ms")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    MAKER_PPM_FIELD_NUMBER: _ClassVar[int]
    TAKER_PPM_FIELD_NUMBER: _ClassVar[int]
    RAMP_PPM_FIELD_NUMBER: _ClassVar[int]
    RAMP_END_MS_FIELD_NUMBER: _ClassVar[int]
    market: int
    maker_ppm: int
    taker_ppm: int
    ramp_ppm: int
    ramp_end_ms: int
    def __init__(self, market: _Optional[int] = ..., maker_ppm: _Optional[int] = ..., taker_ppm: _Optional[int] = ..., ramp_ppm: _Optional[int] = ..., ramp_end_ms: _Optional[int] = ...) -> None: ...

class ApprovedBuilder(_message.Message):
    __slots__ = ("account", "max_fee_ppm")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_FEE_PPM_FIELD_NUMBER: _ClassVar[int]
    account: int
    max_fee_ppm: int
    def __init__(self, account: _Optional[int] = ..., max_fee_ppm: _Optional[int] = ...) -> None: ...

class Fees(_message.Message):
    __slots__ = ("height", "time_ms", "tiers", "ramp_factor", "ramp_ms", "referral_ppm", "builder_ppm_max", "rates", "tier", "account", "volumes_micros", "volume_micros", "today_micros", "referrer", "builders")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    RAMP_FACTOR_FIELD_NUMBER: _ClassVar[int]
    RAMP_MS_FIELD_NUMBER: _ClassVar[int]
    REFERRAL_PPM_FIELD_NUMBER: _ClassVar[int]
    BUILDER_PPM_MAX_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    VOLUMES_MICROS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_MICROS_FIELD_NUMBER: _ClassVar[int]
    TODAY_MICROS_FIELD_NUMBER: _ClassVar[int]
    REFERRER_FIELD_NUMBER: _ClassVar[int]
    BUILDERS_FIELD_NUMBER: _ClassVar[int]
    height: int
    time_ms: int
    tiers: _containers.RepeatedCompositeFieldContainer[FeeTier]
    ramp_factor: int
    ramp_ms: int
    referral_ppm: int
    builder_ppm_max: int
    rates: _containers.RepeatedCompositeFieldContainer[FeeRates]
    tier: int
    account: int
    volumes_micros: _containers.RepeatedScalarFieldContainer[int]
    volume_micros: int
    today_micros: int
    referrer: int
    builders: _containers.RepeatedCompositeFieldContainer[ApprovedBuilder]
    def __init__(self, height: _Optional[int] = ..., time_ms: _Optional[int] = ..., tiers: _Optional[_Iterable[_Union[FeeTier, _Mapping]]] = ..., ramp_factor: _Optional[int] = ..., ramp_ms: _Optional[int] = ..., referral_ppm: _Optional[int] = ..., builder_ppm_max: _Optional[int] = ..., rates: _Optional[_Iterable[_Union[FeeRates, _Mapping]]] = ..., tier: _Optional[int] = ..., account: _Optional[int] = ..., volumes_micros: _Optional[_Iterable[int]] = ..., volume_micros: _Optional[int] = ..., today_micros: _Optional[int] = ..., referrer: _Optional[int] = ..., builders: _Optional[_Iterable[_Union[ApprovedBuilder, _Mapping]]] = ...) -> None: ...
