from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class L1ClaimStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    L1_CLAIM_STATUS_UNSPECIFIED: _ClassVar[L1ClaimStatus]
    L1_CLAIM_STATUS_PENDING: _ClassVar[L1ClaimStatus]
    L1_CLAIM_STATUS_FINAL: _ClassVar[L1ClaimStatus]
    L1_CLAIM_STATUS_CONVICTED: _ClassVar[L1ClaimStatus]
    L1_CLAIM_STATUS_ORPHANED: _ClassVar[L1ClaimStatus]
    L1_CLAIM_STATUS_SUPERSEDED: _ClassVar[L1ClaimStatus]
L1_CLAIM_STATUS_UNSPECIFIED: L1ClaimStatus
L1_CLAIM_STATUS_PENDING: L1ClaimStatus
L1_CLAIM_STATUS_FINAL: L1ClaimStatus
L1_CLAIM_STATUS_CONVICTED: L1ClaimStatus
L1_CLAIM_STATUS_ORPHANED: L1ClaimStatus
L1_CLAIM_STATUS_SUPERSEDED: L1ClaimStatus

class L1GetDeploymentRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class L1Deployment(_message.Message):
    __slots__ = ("encoded", "hash", "l1_chain_id", "chain_id", "contract", "sequencer", "rules_hash", "genesis_root", "genesis_time_ms", "window_ms", "bond_gwei", "commitment_blocks_min", "deposit_micros_min", "liveness_ms_max", "stub", "signer", "governor", "exit_ms")
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    L1_CHAIN_ID_FIELD_NUMBER: _ClassVar[int]
    CHAIN_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCER_FIELD_NUMBER: _ClassVar[int]
    RULES_HASH_FIELD_NUMBER: _ClassVar[int]
    GENESIS_ROOT_FIELD_NUMBER: _ClassVar[int]
    GENESIS_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_MS_FIELD_NUMBER: _ClassVar[int]
    BOND_GWEI_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_BLOCKS_MIN_FIELD_NUMBER: _ClassVar[int]
    DEPOSIT_MICROS_MIN_FIELD_NUMBER: _ClassVar[int]
    LIVENESS_MS_MAX_FIELD_NUMBER: _ClassVar[int]
    STUB_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    GOVERNOR_FIELD_NUMBER: _ClassVar[int]
    EXIT_MS_FIELD_NUMBER: _ClassVar[int]
    encoded: bytes
    hash: bytes
    l1_chain_id: int
    chain_id: int
    contract: bytes
    sequencer: bytes
    rules_hash: bytes
    genesis_root: bytes
    genesis_time_ms: int
    window_ms: int
    bond_gwei: int
    commitment_blocks_min: int
    deposit_micros_min: int
    liveness_ms_max: int
    stub: bool
    signer: bytes
    governor: bytes
    exit_ms: int
    def __init__(self, encoded: _Optional[bytes] = ..., hash: _Optional[bytes] = ..., l1_chain_id: _Optional[int] = ..., chain_id: _Optional[int] = ..., contract: _Optional[bytes] = ..., sequencer: _Optional[bytes] = ..., rules_hash: _Optional[bytes] = ..., genesis_root: _Optional[bytes] = ..., genesis_time_ms: _Optional[int] = ..., window_ms: _Optional[int] = ..., bond_gwei: _Optional[int] = ..., commitment_blocks_min: _Optional[int] = ..., deposit_micros_min: _Optional[int] = ..., liveness_ms_max: _Optional[int] = ..., stub: _Optional[bool] = ..., signer: _Optional[bytes] = ..., governor: _Optional[bytes] = ..., exit_ms: _Optional[int] = ...) -> None: ...

class L1GetHeadsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class L1BlockRef(_message.Message):
    __slots__ = ("number", "hash", "time_ms")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    number: int
    hash: bytes
    time_ms: int
    def __init__(self, number: _Optional[int] = ..., hash: _Optional[bytes] = ..., time_ms: _Optional[int] = ...) -> None: ...

class L1Heads(_message.Message):
    __slots__ = ("latest", "safe", "final", "clock_offset_ms", "clock_ms", "block_time_ms", "mining", "gas_price", "mempool_calls", "gas_target", "gas_price_min", "retention_ms")
    LATEST_FIELD_NUMBER: _ClassVar[int]
    SAFE_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    CLOCK_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_MS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MINING_FIELD_NUMBER: _ClassVar[int]
    GAS_PRICE_FIELD_NUMBER: _ClassVar[int]
    MEMPOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    GAS_TARGET_FIELD_NUMBER: _ClassVar[int]
    GAS_PRICE_MIN_FIELD_NUMBER: _ClassVar[int]
    RETENTION_MS_FIELD_NUMBER: _ClassVar[int]
    latest: L1BlockRef
    safe: L1BlockRef
    final: L1BlockRef
    clock_offset_ms: int
    clock_ms: int
    block_time_ms: int
    mining: bool
    gas_price: int
    mempool_calls: int
    gas_target: int
    gas_price_min: int
    retention_ms: int
    def __init__(self, latest: _Optional[_Union[L1BlockRef, _Mapping]] = ..., safe: _Optional[_Union[L1BlockRef, _Mapping]] = ..., final: _Optional[_Union[L1BlockRef, _Mapping]] = ..., clock_offset_ms: _Optional[int] = ..., clock_ms: _Optional[int] = ..., block_time_ms: _Optional[int] = ..., mining: _Optional[bool] = ..., gas_price: _Optional[int] = ..., mempool_calls: _Optional[int] = ..., gas_target: _Optional[int] = ..., gas_price_min: _Optional[int] = ..., retention_ms: _Optional[int] = ...) -> None: ...

class L1GetBlockRequest(_message.Message):
    __slots__ = ("number", "ref_only")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REF_ONLY_FIELD_NUMBER: _ClassVar[int]
    number: int
    ref_only: bool
    def __init__(self, number: _Optional[int] = ..., ref_only: _Optional[bool] = ...) -> None: ...

class L1Block(_message.Message):
    __slots__ = ("ref", "parent_hash", "calls", "events", "gas_price", "gas_used")
    REF_FIELD_NUMBER: _ClassVar[int]
    PARENT_HASH_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    GAS_PRICE_FIELD_NUMBER: _ClassVar[int]
    GAS_USED_FIELD_NUMBER: _ClassVar[int]
    ref: L1BlockRef
    parent_hash: bytes
    calls: _containers.RepeatedCompositeFieldContainer[L1CallReceipt]
    events: _containers.RepeatedCompositeFieldContainer[L1Event]
    gas_price: int
    gas_used: int
    def __init__(self, ref: _Optional[_Union[L1BlockRef, _Mapping]] = ..., parent_hash: _Optional[bytes] = ..., calls: _Optional[_Iterable[_Union[L1CallReceipt, _Mapping]]] = ..., events: _Optional[_Iterable[_Union[L1Event, _Mapping]]] = ..., gas_price: _Optional[int] = ..., gas_used: _Optional[int] = ...) -> None: ...

class L1ListLogRequest(_message.Message):
    __slots__ = ("from_index", "entries_max")
    FROM_INDEX_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_MAX_FIELD_NUMBER: _ClassVar[int]
    from_index: int
    entries_max: int
    def __init__(self, from_index: _Optional[int] = ..., entries_max: _Optional[int] = ...) -> None: ...

class L1LogEntry(_message.Message):
    __slots__ = ("index", "data", "data_root", "time_ms", "block", "inbox_count", "inbox_accumulator", "sender", "version", "pruned")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DATA_ROOT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    INBOX_COUNT_FIELD_NUMBER: _ClassVar[int]
    INBOX_ACCUMULATOR_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PRUNED_FIELD_NUMBER: _ClassVar[int]
    index: int
    data: bytes
    data_root: bytes
    time_ms: int
    block: int
    inbox_count: int
    inbox_accumulator: bytes
    sender: bytes
    version: int
    pruned: bool
    def __init__(self, index: _Optional[int] = ..., data: _Optional[bytes] = ..., data_root: _Optional[bytes] = ..., time_ms: _Optional[int] = ..., block: _Optional[int] = ..., inbox_count: _Optional[int] = ..., inbox_accumulator: _Optional[bytes] = ..., sender: _Optional[bytes] = ..., version: _Optional[int] = ..., pruned: _Optional[bool] = ...) -> None: ...

class L1LogPage(_message.Message):
    __slots__ = ("entries", "log_count")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    LOG_COUNT_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[L1LogEntry]
    log_count: int
    def __init__(self, entries: _Optional[_Iterable[_Union[L1LogEntry, _Mapping]]] = ..., log_count: _Optional[int] = ...) -> None: ...

class L1ListRulesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class L1RulesVersion(_message.Message):
    __slots__ = ("number", "starts_ms", "block", "cancelled_block", "rules_hash", "rules")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    STARTS_MS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_BLOCK_FIELD_NUMBER: _ClassVar[int]
    RULES_HASH_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    number: int
    starts_ms: int
    block: int
    cancelled_block: int
    rules_hash: bytes
    rules: bytes
    def __init__(self, number: _Optional[int] = ..., starts_ms: _Optional[int] = ..., block: _Optional[int] = ..., cancelled_block: _Optional[int] = ..., rules_hash: _Optional[bytes] = ..., rules: _Optional[bytes] = ...) -> None: ...

class L1RulesPage(_message.Message):
    __slots__ = ("versions", "in_force", "notice_ms", "cancel_until_ms")
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    NOTICE_MS_FIELD_NUMBER: _ClassVar[int]
    CANCEL_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[L1RulesVersion]
    in_force: int
    notice_ms: int
    cancel_until_ms: int
    def __init__(self, versions: _Optional[_Iterable[_Union[L1RulesVersion, _Mapping]]] = ..., in_force: _Optional[int] = ..., notice_ms: _Optional[int] = ..., cancel_until_ms: _Optional[int] = ...) -> None: ...

class L1ListInboxRequest(_message.Message):
    __slots__ = ("from_index", "items_max")
    FROM_INDEX_FIELD_NUMBER: _ClassVar[int]
    ITEMS_MAX_FIELD_NUMBER: _ClassVar[int]
    from_index: int
    items_max: int
    def __init__(self, from_index: _Optional[int] = ..., items_max: _Optional[int] = ...) -> None: ...

class L1InboxItem(_message.Message):
    __slots__ = ("index", "encoded", "block", "accumulator", "kind", "owner", "sub", "amount_micros", "time_ms", "asset", "market", "price", "other", "publisher", "told_ms")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    ACCUMULATOR_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MICROS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    PUBLISHER_FIELD_NUMBER: _ClassVar[int]
    TOLD_MS_FIELD_NUMBER: _ClassVar[int]
    index: int
    encoded: bytes
    block: int
    accumulator: bytes
    kind: int
    owner: bytes
    sub: int
    amount_micros: int
    time_ms: int
    asset: int
    market: int
    price: int
    other: bytes
    publisher: int
    told_ms: int
    def __init__(self, index: _Optional[int] = ..., encoded: _Optional[bytes] = ..., block: _Optional[int] = ..., accumulator: _Optional[bytes] = ..., kind: _Optional[int] = ..., owner: _Optional[bytes] = ..., sub: _Optional[int] = ..., amount_micros: _Optional[int] = ..., time_ms: _Optional[int] = ..., asset: _Optional[int] = ..., market: _Optional[int] = ..., price: _Optional[int] = ..., other: _Optional[bytes] = ..., publisher: _Optional[int] = ..., told_ms: _Optional[int] = ...) -> None: ...

class L1InboxPage(_message.Message):
    __slots__ = ("items", "inbox_count")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    INBOX_COUNT_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[L1InboxItem]
    inbox_count: int
    def __init__(self, items: _Optional[_Iterable[_Union[L1InboxItem, _Mapping]]] = ..., inbox_count: _Optional[int] = ...) -> None: ...

class L1ListClaimsRequest(_message.Message):
    __slots__ = ("from_number", "claims_max")
    FROM_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_MAX_FIELD_NUMBER: _ClassVar[int]
    from_number: int
    claims_max: int
    def __init__(self, from_number: _Optional[int] = ..., claims_max: _Optional[int] = ...) -> None: ...

class L1Claim(_message.Message):
    __slots__ = ("number", "parent", "output", "output_hash", "log_index", "height", "post_root", "segments", "proposer", "time_ms", "block", "bond_gwei", "status", "final_at_ms", "trace")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_HASH_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    POST_ROOT_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    PROPOSER_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    BOND_GWEI_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    FINAL_AT_MS_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    number: int
    parent: int
    output: bytes
    output_hash: bytes
    log_index: int
    height: int
    post_root: bytes
    segments: int
    proposer: bytes
    time_ms: int
    block: int
    bond_gwei: int
    status: L1ClaimStatus
    final_at_ms: int
    trace: bytes
    def __init__(self, number: _Optional[int] = ..., parent: _Optional[int] = ..., output: _Optional[bytes] = ..., output_hash: _Optional[bytes] = ..., log_index: _Optional[int] = ..., height: _Optional[int] = ..., post_root: _Optional[bytes] = ..., segments: _Optional[int] = ..., proposer: _Optional[bytes] = ..., time_ms: _Optional[int] = ..., block: _Optional[int] = ..., bond_gwei: _Optional[int] = ..., status: _Optional[_Union[L1ClaimStatus, str]] = ..., final_at_ms: _Optional[int] = ..., trace: _Optional[bytes] = ...) -> None: ...

class L1ClaimsPage(_message.Message):
    __slots__ = ("claims", "claims_count")
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_COUNT_FIELD_NUMBER: _ClassVar[int]
    claims: _containers.RepeatedCompositeFieldContainer[L1Claim]
    claims_count: int
    def __init__(self, claims: _Optional[_Iterable[_Union[L1Claim, _Mapping]]] = ..., claims_count: _Optional[int] = ...) -> None: ...

class L1GetAccountRequest(_message.Message):
    __slots__ = ("address",)
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    def __init__(self, address: _Optional[bytes] = ...) -> None: ...

class L1Account(_message.Message):
    __slots__ = ("address", "eth_gwei", "token_micros", "nonce", "holdings")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ETH_GWEI_FIELD_NUMBER: _ClassVar[int]
    TOKEN_MICROS_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    HOLDINGS_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    eth_gwei: int
    token_micros: int
    nonce: int
    holdings: _containers.RepeatedCompositeFieldContainer[L1Holding]
    def __init__(self, address: _Optional[bytes] = ..., eth_gwei: _Optional[int] = ..., token_micros: _Optional[int] = ..., nonce: _Optional[int] = ..., holdings: _Optional[_Iterable[_Union[L1Holding, _Mapping]]] = ...) -> None: ...

class L1Holding(_message.Message):
    __slots__ = ("asset", "units")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    asset: int
    units: int
    def __init__(self, asset: _Optional[int] = ..., units: _Optional[int] = ...) -> None: ...

class L1GetTotalsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class L1Totals(_message.Message):
    __slots__ = ("eth_minted_gwei", "eth_bonded_gwei", "eth_burnt_gwei", "token_minted_micros", "token_escrowed_micros", "sequencer_time_ms", "assets", "sequencer_bond_gwei", "sequencer_left_ms")
    ETH_MINTED_GWEI_FIELD_NUMBER: _ClassVar[int]
    ETH_BONDED_GWEI_FIELD_NUMBER: _ClassVar[int]
    ETH_BURNT_GWEI_FIELD_NUMBER: _ClassVar[int]
    TOKEN_MINTED_MICROS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_ESCROWED_MICROS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCER_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ASSETS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCER_BOND_GWEI_FIELD_NUMBER: _ClassVar[int]
    SEQUENCER_LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    eth_minted_gwei: int
    eth_bonded_gwei: int
    eth_burnt_gwei: int
    token_minted_micros: int
    token_escrowed_micros: int
    sequencer_time_ms: int
    assets: _containers.RepeatedCompositeFieldContainer[L1AssetTotals]
    sequencer_bond_gwei: int
    sequencer_left_ms: int
    def __init__(self, eth_minted_gwei: _Optional[int] = ..., eth_bonded_gwei: _Optional[int] = ..., eth_burnt_gwei: _Optional[int] = ..., token_minted_micros: _Optional[int] = ..., token_escrowed_micros: _Optional[int] = ..., sequencer_time_ms: _Optional[int] = ..., assets: _Optional[_Iterable[_Union[L1AssetTotals, _Mapping]]] = ..., sequencer_bond_gwei: _Optional[int] = ..., sequencer_left_ms: _Optional[int] = ...) -> None: ...

class L1AssetTotals(_message.Message):
    __slots__ = ("asset", "minted_units", "escrowed_units")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    MINTED_UNITS_FIELD_NUMBER: _ClassVar[int]
    ESCROWED_UNITS_FIELD_NUMBER: _ClassVar[int]
    asset: int
    minted_units: int
    escrowed_units: int
    def __init__(self, asset: _Optional[int] = ..., minted_units: _Optional[int] = ..., escrowed_units: _Optional[int] = ...) -> None: ...

class L1GetWithdrawalRequest(_message.Message):
    __slots__ = ("index",)
    INDEX_FIELD_NUMBER: _ClassVar[int]
    index: int
    def __init__(self, index: _Optional[int] = ...) -> None: ...

class L1Withdrawal(_message.Message):
    __slots__ = ("index", "paid")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    PAID_FIELD_NUMBER: _ClassVar[int]
    index: int
    paid: bool
    def __init__(self, index: _Optional[int] = ..., paid: _Optional[bool] = ...) -> None: ...

class L1ListAttestersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class L1Attester(_message.Message):
    __slots__ = ("number", "address", "key", "stake_micros", "left_ms", "stake_from_ms")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    STAKE_MICROS_FIELD_NUMBER: _ClassVar[int]
    LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    STAKE_FROM_MS_FIELD_NUMBER: _ClassVar[int]
    number: int
    address: bytes
    key: bytes
    stake_micros: int
    left_ms: int
    stake_from_ms: int
    def __init__(self, number: _Optional[int] = ..., address: _Optional[bytes] = ..., key: _Optional[bytes] = ..., stake_micros: _Optional[int] = ..., left_ms: _Optional[int] = ..., stake_from_ms: _Optional[int] = ...) -> None: ...

class L1Attestation(_message.Message):
    __slots__ = ("claim", "output_hash", "signers", "weight_micros", "enough")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_HASH_FIELD_NUMBER: _ClassVar[int]
    SIGNERS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_MICROS_FIELD_NUMBER: _ClassVar[int]
    ENOUGH_FIELD_NUMBER: _ClassVar[int]
    claim: int
    output_hash: bytes
    signers: bytes
    weight_micros: int
    enough: bool
    def __init__(self, claim: _Optional[int] = ..., output_hash: _Optional[bytes] = ..., signers: _Optional[bytes] = ..., weight_micros: _Optional[int] = ..., enough: _Optional[bool] = ...) -> None: ...

class L1Attesters(_message.Message):
    __slots__ = ("attesters", "attestations", "active_micros", "room_micros")
    ATTESTERS_FIELD_NUMBER: _ClassVar[int]
    ATTESTATIONS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_MICROS_FIELD_NUMBER: _ClassVar[int]
    ROOM_MICROS_FIELD_NUMBER: _ClassVar[int]
    attesters: _containers.RepeatedCompositeFieldContainer[L1Attester]
    attestations: _containers.RepeatedCompositeFieldContainer[L1Attestation]
    active_micros: int
    room_micros: int
    def __init__(self, attesters: _Optional[_Iterable[_Union[L1Attester, _Mapping]]] = ..., attestations: _Optional[_Iterable[_Union[L1Attestation, _Mapping]]] = ..., active_micros: _Optional[int] = ..., room_micros: _Optional[int] = ...) -> None: ...

class L1ListSalesRequest(_message.Message):
    __slots__ = ("after", "sales_max")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    SALES_MAX_FIELD_NUMBER: _ClassVar[int]
    after: bytes
    sales_max: int
    def __init__(self, after: _Optional[bytes] = ..., sales_max: _Optional[int] = ...) -> None: ...

class L1Sale(_message.Message):
    __slots__ = ("sale", "index", "claim", "seller", "buyer", "price_micros", "until_ms")
    SALE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    SELLER_FIELD_NUMBER: _ClassVar[int]
    BUYER_FIELD_NUMBER: _ClassVar[int]
    PRICE_MICROS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    sale: bytes
    index: int
    claim: int
    seller: bytes
    buyer: bytes
    price_micros: int
    until_ms: int
    def __init__(self, sale: _Optional[bytes] = ..., index: _Optional[int] = ..., claim: _Optional[int] = ..., seller: _Optional[bytes] = ..., buyer: _Optional[bytes] = ..., price_micros: _Optional[int] = ..., until_ms: _Optional[int] = ...) -> None: ...

class L1SalesPage(_message.Message):
    __slots__ = ("sales",)
    SALES_FIELD_NUMBER: _ClassVar[int]
    sales: _containers.RepeatedCompositeFieldContainer[L1Sale]
    def __init__(self, sales: _Optional[_Iterable[_Union[L1Sale, _Mapping]]] = ...) -> None: ...

class L1GetEscapeRequest(_message.Message):
    __slots__ = ("owner", "registrations")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    REGISTRATIONS_FIELD_NUMBER: _ClassVar[int]
    owner: bytes
    registrations: _containers.RepeatedCompositeFieldContainer[L1Registration]
    def __init__(self, owner: _Optional[bytes] = ..., registrations: _Optional[_Iterable[_Union[L1Registration, _Mapping]]] = ...) -> None: ...

class L1Registration(_message.Message):
    __slots__ = ("kind", "account", "place")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    kind: int
    account: int
    place: int
    def __init__(self, kind: _Optional[int] = ..., account: _Optional[int] = ..., place: _Optional[int] = ...) -> None: ...

class L1Escape(_message.Message):
    __slots__ = ("frozen", "frozen_ms", "reason", "inbox_index", "claim", "log_index", "root", "inbox_consumed", "inbox_count", "freeze_from_ms", "claims_pending", "pending_until_ms", "open", "closes_ms", "claims_micros", "held_micros", "pots", "owed", "registered", "refundable")
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    FROZEN_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    INBOX_INDEX_FIELD_NUMBER: _ClassVar[int]
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    INBOX_CONSUMED_FIELD_NUMBER: _ClassVar[int]
    INBOX_COUNT_FIELD_NUMBER: _ClassVar[int]
    FREEZE_FROM_MS_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_PENDING_FIELD_NUMBER: _ClassVar[int]
    PENDING_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    CLOSES_MS_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_MICROS_FIELD_NUMBER: _ClassVar[int]
    HELD_MICROS_FIELD_NUMBER: _ClassVar[int]
    POTS_FIELD_NUMBER: _ClassVar[int]
    OWED_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_FIELD_NUMBER: _ClassVar[int]
    REFUNDABLE_FIELD_NUMBER: _ClassVar[int]
    frozen: bool
    frozen_ms: int
    reason: int
    inbox_index: int
    claim: int
    log_index: int
    root: bytes
    inbox_consumed: int
    inbox_count: int
    freeze_from_ms: int
    claims_pending: int
    pending_until_ms: int
    open: bool
    closes_ms: int
    claims_micros: int
    held_micros: int
    pots: _containers.RepeatedCompositeFieldContainer[L1Pot]
    owed: L1Owed
    registered: _containers.RepeatedScalarFieldContainer[bool]
    refundable: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, frozen: _Optional[bool] = ..., frozen_ms: _Optional[int] = ..., reason: _Optional[int] = ..., inbox_index: _Optional[int] = ..., claim: _Optional[int] = ..., log_index: _Optional[int] = ..., root: _Optional[bytes] = ..., inbox_consumed: _Optional[int] = ..., inbox_count: _Optional[int] = ..., freeze_from_ms: _Optional[int] = ..., claims_pending: _Optional[int] = ..., pending_until_ms: _Optional[int] = ..., open: _Optional[bool] = ..., closes_ms: _Optional[int] = ..., claims_micros: _Optional[int] = ..., held_micros: _Optional[int] = ..., pots: _Optional[_Iterable[_Union[L1Pot, _Mapping]]] = ..., owed: _Optional[_Union[L1Owed, _Mapping]] = ..., registered: _Optional[_Iterable[bool]] = ..., refundable: _Optional[_Iterable[int]] = ...) -> None: ...

class L1Pot(_message.Message):
    __slots__ = ("asset", "price", "lot_units", "refundable", "amount")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    LOT_UNITS_FIELD_NUMBER: _ClassVar[int]
    REFUNDABLE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    asset: int
    price: int
    lot_units: int
    refundable: int
    amount: int
    def __init__(self, asset: _Optional[int] = ..., price: _Optional[int] = ..., lot_units: _Optional[int] = ..., refundable: _Optional[int] = ..., amount: _Optional[int] = ...) -> None: ...

class L1Owed(_message.Message):
    __slots__ = ("equity_micros", "debt_micros", "paid")
    EQUITY_MICROS_FIELD_NUMBER: _ClassVar[int]
    DEBT_MICROS_FIELD_NUMBER: _ClassVar[int]
    PAID_FIELD_NUMBER: _ClassVar[int]
    equity_micros: int
    debt_micros: int
    paid: bool
    def __init__(self, equity_micros: _Optional[int] = ..., debt_micros: _Optional[int] = ..., paid: _Optional[bool] = ...) -> None: ...

class L1SendCallRequest(_message.Message):
    __slots__ = ("fee_max", "tip", "nonce", "signature", "append", "append_empty", "deposit", "force_withdraw", "propose", "commit_fault", "prove_fault", "claim_withdrawal", "settle", "force_cancel_all", "force_close", "force_revoke", "force_poke", "queue_oracle", "offer_withdrawal", "buy_withdrawal", "cancel_offer", "join_attesters", "leave_attesters", "take_stake", "attest", "slash_attesters", "freeze", "register_portfolio", "register_share", "register_withdrawal", "refund_deposit", "pay_escape", "open_escape", "schedule_rules", "cancel_rules", "claim_bond", "bond_sequencer", "prove_equivocation", "prove_broken", "leave_bond", "take_bond")
    FEE_MAX_FIELD_NUMBER: _ClassVar[int]
    TIP_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    APPEND_FIELD_NUMBER: _ClassVar[int]
    APPEND_EMPTY_FIELD_NUMBER: _ClassVar[int]
    DEPOSIT_FIELD_NUMBER: _ClassVar[int]
    FORCE_WITHDRAW_FIELD_NUMBER: _ClassVar[int]
    PROPOSE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FAULT_FIELD_NUMBER: _ClassVar[int]
    PROVE_FAULT_FIELD_NUMBER: _ClassVar[int]
    CLAIM_WITHDRAWAL_FIELD_NUMBER: _ClassVar[int]
    SETTLE_FIELD_NUMBER: _ClassVar[int]
    FORCE_CANCEL_ALL_FIELD_NUMBER: _ClassVar[int]
    FORCE_CLOSE_FIELD_NUMBER: _ClassVar[int]
    FORCE_REVOKE_FIELD_NUMBER: _ClassVar[int]
    FORCE_POKE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ORACLE_FIELD_NUMBER: _ClassVar[int]
    OFFER_WITHDRAWAL_FIELD_NUMBER: _ClassVar[int]
    BUY_WITHDRAWAL_FIELD_NUMBER: _ClassVar[int]
    CANCEL_OFFER_FIELD_NUMBER: _ClassVar[int]
    JOIN_ATTESTERS_FIELD_NUMBER: _ClassVar[int]
    LEAVE_ATTESTERS_FIELD_NUMBER: _ClassVar[int]
    TAKE_STAKE_FIELD_NUMBER: _ClassVar[int]
    ATTEST_FIELD_NUMBER: _ClassVar[int]
    SLASH_ATTESTERS_FIELD_NUMBER: _ClassVar[int]
    FREEZE_FIELD_NUMBER: _ClassVar[int]
    REGISTER_PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    REGISTER_SHARE_FIELD_NUMBER: _ClassVar[int]
    REGISTER_WITHDRAWAL_FIELD_NUMBER: _ClassVar[int]
    REFUND_DEPOSIT_FIELD_NUMBER: _ClassVar[int]
    PAY_ESCAPE_FIELD_NUMBER: _ClassVar[int]
    OPEN_ESCAPE_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_RULES_FIELD_NUMBER: _ClassVar[int]
    CANCEL_RULES_FIELD_NUMBER: _ClassVar[int]
    CLAIM_BOND_FIELD_NUMBER: _ClassVar[int]
    BOND_SEQUENCER_FIELD_NUMBER: _ClassVar[int]
    PROVE_EQUIVOCATION_FIELD_NUMBER: _ClassVar[int]
    PROVE_BROKEN_FIELD_NUMBER: _ClassVar[int]
    LEAVE_BOND_FIELD_NUMBER: _ClassVar[int]
    TAKE_BOND_FIELD_NUMBER: _ClassVar[int]
    fee_max: int
    tip: int
    nonce: int
    signature: bytes
    append: L1Append
    append_empty: L1AppendEmpty
    deposit: L1Deposit
    force_withdraw: L1ForceWithdraw
    propose: L1Propose
    commit_fault: L1CommitFault
    prove_fault: L1ProveFault
    claim_withdrawal: L1ClaimWithdrawal
    settle: L1Settle
    force_cancel_all: L1ForceCancelAll
    force_close: L1ForceClose
    force_revoke: L1ForceRevoke
    force_poke: L1ForcePoke
    queue_oracle: L1QueueOracle
    offer_withdrawal: L1OfferWithdrawal
    buy_withdrawal: L1BuyWithdrawal
    cancel_offer: L1CancelOffer
    join_attesters: L1JoinAttesters
    leave_attesters: L1LeaveAttesters
    take_stake: L1TakeStake
    attest: L1Attest
    slash_attesters: L1SlashAttesters
    freeze: L1Freeze
    register_portfolio: L1RegisterPortfolio
    register_share: L1RegisterShare
    register_withdrawal: L1RegisterWithdrawal
    refund_deposit: L1RefundDeposit
    pay_escape: L1PayEscape
    open_escape: L1OpenEscape
    schedule_rules: L1ScheduleRules
    cancel_rules: L1CancelRules
    claim_bond: L1ClaimBond
    bond_sequencer: L1BondSequencer
    prove_equivocation: L1ProveEquivocation
    prove_broken: L1ProveBroken
    leave_bond: L1LeaveBond
    take_bond: L1TakeBond
    def __init__(self, fee_max: _Optional[int] = ..., tip: _Optional[int] = ..., nonce: _Optional[int] = ..., signature: _Optional[bytes] = ..., append: _Optional[_Union[L1Append, _Mapping]] = ..., append_empty: _Optional[_Union[L1AppendEmpty, _Mapping]] = ..., deposit: _Optional[_Union[L1Deposit, _Mapping]] = ..., force_withdraw: _Optional[_Union[L1ForceWithdraw, _Mapping]] = ..., propose: _Optional[_Union[L1Propose, _Mapping]] = ..., commit_fault: _Optional[_Union[L1CommitFault, _Mapping]] = ..., prove_fault: _Optional[_Union[L1ProveFault, _Mapping]] = ..., claim_withdrawal: _Optional[_Union[L1ClaimWithdrawal, _Mapping]] = ..., settle: _Optional[_Union[L1Settle, _Mapping]] = ..., force_cancel_all: _Optional[_Union[L1ForceCancelAll, _Mapping]] = ..., force_close: _Optional[_Union[L1ForceClose, _Mapping]] = ..., force_revoke: _Optional[_Union[L1ForceRevoke, _Mapping]] = ..., force_poke: _Optional[_Union[L1ForcePoke, _Mapping]] = ..., queue_oracle: _Optional[_Union[L1QueueOracle, _Mapping]] = ..., offer_withdrawal: _Optional[_Union[L1OfferWithdrawal, _Mapping]] = ..., buy_withdrawal: _Optional[_Union[L1BuyWithdrawal, _Mapping]] = ..., cancel_offer: _Optional[_Union[L1CancelOffer, _Mapping]] = ..., join_attesters: _Optional[_Union[L1JoinAttesters, _Mapping]] = ..., leave_attesters: _Optional[_Union[L1LeaveAttesters, _Mapping]] = ..., take_stake: _Optional[_Union[L1TakeStake, _Mapping]] = ..., attest: _Optional[_Union[L1Attest, _Mapping]] = ..., slash_attesters: _Optional[_Union[L1SlashAttesters, _Mapping]] = ..., freeze: _Optional[_Union[L1Freeze, _Mapping]] = ..., register_portfolio: _Optional[_Union[L1RegisterPortfolio, _Mapping]] = ..., register_share: _Optional[_Union[L1RegisterShare, _Mapping]] = ..., register_withdrawal: _Optional[_Union[L1RegisterWithdrawal, _Mapping]] = ..., refund_deposit: _Optional[_Union[L1RefundDeposit, _Mapping]] = ..., pay_escape: _Optional[_Union[L1PayEscape, _Mapping]] = ..., open_escape: _Optional[_Union[L1OpenEscape, _Mapping]] = ..., schedule_rules: _Optional[_Union[L1ScheduleRules, _Mapping]] = ..., cancel_rules: _Optional[_Union[L1CancelRules, _Mapping]] = ..., claim_bond: _Optional[_Union[L1ClaimBond, _Mapping]] = ..., bond_sequencer: _Optional[_Union[L1BondSequencer, _Mapping]] = ..., prove_equivocation: _Optional[_Union[L1ProveEquivocation, _Mapping]] = ..., prove_broken: _Optional[_Union[L1ProveBroken, _Mapping]] = ..., leave_bond: _Optional[_Union[L1LeaveBond, _Mapping]] = ..., take_bond: _Optional[_Union[L1TakeBond, _Mapping]] = ...) -> None: ...

class L1Append(_message.Message):
    __slots__ = ("index", "data", "version")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    index: int
    data: bytes
    version: int
    def __init__(self, index: _Optional[int] = ..., data: _Optional[bytes] = ..., version: _Optional[int] = ...) -> None: ...

class L1ScheduleRules(_message.Message):
    __slots__ = ("version", "starts", "rules")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STARTS_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    version: int
    starts: int
    rules: bytes
    def __init__(self, version: _Optional[int] = ..., starts: _Optional[int] = ..., rules: _Optional[bytes] = ...) -> None: ...

class L1CancelRules(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class L1AppendEmpty(_message.Message):
    __slots__ = ("index",)
    INDEX_FIELD_NUMBER: _ClassVar[int]
    index: int
    def __init__(self, index: _Optional[int] = ...) -> None: ...

class L1Deposit(_message.Message):
    __slots__ = ("owner", "sub", "amount", "asset")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    owner: bytes
    sub: int
    amount: int
    asset: int
    def __init__(self, owner: _Optional[bytes] = ..., sub: _Optional[int] = ..., amount: _Optional[int] = ..., asset: _Optional[int] = ...) -> None: ...

class L1ForceWithdraw(_message.Message):
    __slots__ = ("sub", "amount", "asset")
    SUB_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    sub: int
    amount: int
    asset: int
    def __init__(self, sub: _Optional[int] = ..., amount: _Optional[int] = ..., asset: _Optional[int] = ...) -> None: ...

class L1ForceCancelAll(_message.Message):
    __slots__ = ("sub",)
    SUB_FIELD_NUMBER: _ClassVar[int]
    sub: int
    def __init__(self, sub: _Optional[int] = ...) -> None: ...

class L1ForceClose(_message.Message):
    __slots__ = ("sub", "market", "price")
    SUB_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    sub: int
    market: int
    price: int
    def __init__(self, sub: _Optional[int] = ..., market: _Optional[int] = ..., price: _Optional[int] = ...) -> None: ...

class L1ForceRevoke(_message.Message):
    __slots__ = ("agent",)
    AGENT_FIELD_NUMBER: _ClassVar[int]
    agent: bytes
    def __init__(self, agent: _Optional[bytes] = ...) -> None: ...

class L1ForcePoke(_message.Message):
    __slots__ = ("owner", "sub")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    owner: bytes
    sub: int
    def __init__(self, owner: _Optional[bytes] = ..., sub: _Optional[int] = ...) -> None: ...

class L1QueueOracle(_message.Message):
    __slots__ = ("market", "publisher", "price", "time", "signature")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    PUBLISHER_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    market: int
    publisher: int
    price: int
    time: int
    signature: bytes
    def __init__(self, market: _Optional[int] = ..., publisher: _Optional[int] = ..., price: _Optional[int] = ..., time: _Optional[int] = ..., signature: _Optional[bytes] = ...) -> None: ...

class L1Propose(_message.Message):
    __slots__ = ("parent", "output", "trace")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    parent: int
    output: bytes
    trace: bytes
    def __init__(self, parent: _Optional[int] = ..., output: _Optional[bytes] = ..., trace: _Optional[bytes] = ...) -> None: ...

class L1CommitFault(_message.Message):
    __slots__ = ("commitment",)
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    commitment: bytes
    def __init__(self, commitment: _Optional[bytes] = ...) -> None: ...

class L1ProveFault(_message.Message):
    __slots__ = ("kind", "claim", "segment", "correct_root", "payee", "salt", "witness")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    CORRECT_ROOT_FIELD_NUMBER: _ClassVar[int]
    PAYEE_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    WITNESS_FIELD_NUMBER: _ClassVar[int]
    kind: int
    claim: int
    segment: int
    correct_root: bytes
    payee: bytes
    salt: bytes
    witness: bytes
    def __init__(self, kind: _Optional[int] = ..., claim: _Optional[int] = ..., segment: _Optional[int] = ..., correct_root: _Optional[bytes] = ..., payee: _Optional[bytes] = ..., salt: _Optional[bytes] = ..., witness: _Optional[bytes] = ...) -> None: ...

class L1ClaimWithdrawal(_message.Message):
    __slots__ = ("claim", "index", "proof")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    claim: int
    index: int
    proof: bytes
    def __init__(self, claim: _Optional[int] = ..., index: _Optional[int] = ..., proof: _Optional[bytes] = ...) -> None: ...

class L1Settle(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class L1OfferWithdrawal(_message.Message):
    __slots__ = ("claim", "index", "price", "until", "proof")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    claim: int
    index: int
    price: int
    until: int
    proof: bytes
    def __init__(self, claim: _Optional[int] = ..., index: _Optional[int] = ..., price: _Optional[int] = ..., until: _Optional[int] = ..., proof: _Optional[bytes] = ...) -> None: ...

class L1BuyWithdrawal(_message.Message):
    __slots__ = ("sale", "price_max")
    SALE_FIELD_NUMBER: _ClassVar[int]
    PRICE_MAX_FIELD_NUMBER: _ClassVar[int]
    sale: bytes
    price_max: int
    def __init__(self, sale: _Optional[bytes] = ..., price_max: _Optional[int] = ...) -> None: ...

class L1CancelOffer(_message.Message):
    __slots__ = ("sale",)
    SALE_FIELD_NUMBER: _ClassVar[int]
    sale: bytes
    def __init__(self, sale: _Optional[bytes] = ...) -> None: ...

class L1JoinAttesters(_message.Message):
    __slots__ = ("key", "possession", "amount")
    KEY_FIELD_NUMBER: _ClassVar[int]
    POSSESSION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    possession: bytes
    amount: int
    def __init__(self, key: _Optional[bytes] = ..., possession: _Optional[bytes] = ..., amount: _Optional[int] = ...) -> None: ...

class L1LeaveAttesters(_message.Message):
    __slots__ = ("attester",)
    ATTESTER_FIELD_NUMBER: _ClassVar[int]
    attester: int
    def __init__(self, attester: _Optional[int] = ...) -> None: ...

class L1TakeStake(_message.Message):
    __slots__ = ("attester",)
    ATTESTER_FIELD_NUMBER: _ClassVar[int]
    attester: int
    def __init__(self, attester: _Optional[int] = ...) -> None: ...

class L1Attest(_message.Message):
    __slots__ = ("claim", "signers", "aggregate")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    SIGNERS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    claim: int
    signers: bytes
    aggregate: bytes
    def __init__(self, claim: _Optional[int] = ..., signers: _Optional[bytes] = ..., aggregate: _Optional[bytes] = ...) -> None: ...

class L1SlashAttesters(_message.Message):
    __slots__ = ("output", "signers", "aggregate", "payee", "salt")
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    SIGNERS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    PAYEE_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    output: bytes
    signers: bytes
    aggregate: bytes
    payee: bytes
    salt: bytes
    def __init__(self, output: _Optional[bytes] = ..., signers: _Optional[bytes] = ..., aggregate: _Optional[bytes] = ..., payee: _Optional[bytes] = ..., salt: _Optional[bytes] = ...) -> None: ...

class L1Freeze(_message.Message):
    __slots__ = ("claim", "proof")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    claim: int
    proof: bytes
    def __init__(self, claim: _Optional[int] = ..., proof: _Optional[bytes] = ...) -> None: ...

class L1OpenEscape(_message.Message):
    __slots__ = ("proof",)
    PROOF_FIELD_NUMBER: _ClassVar[int]
    proof: bytes
    def __init__(self, proof: _Optional[bytes] = ...) -> None: ...

class L1RegisterPortfolio(_message.Message):
    __slots__ = ("account", "sub", "proof")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    account: int
    sub: int
    proof: bytes
    def __init__(self, account: _Optional[int] = ..., sub: _Optional[int] = ..., proof: _Optional[bytes] = ...) -> None: ...

class L1RegisterShare(_message.Message):
    __slots__ = ("kind", "account", "place", "proof")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    kind: int
    account: int
    place: int
    proof: bytes
    def __init__(self, kind: _Optional[int] = ..., account: _Optional[int] = ..., place: _Optional[int] = ..., proof: _Optional[bytes] = ...) -> None: ...

class L1RegisterWithdrawal(_message.Message):
    __slots__ = ("index", "proof")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    index: int
    proof: bytes
    def __init__(self, index: _Optional[int] = ..., proof: _Optional[bytes] = ...) -> None: ...

class L1RefundDeposit(_message.Message):
    __slots__ = ("index",)
    INDEX_FIELD_NUMBER: _ClassVar[int]
    index: int
    def __init__(self, index: _Optional[int] = ...) -> None: ...

class L1PayEscape(_message.Message):
    __slots__ = ("owner",)
    OWNER_FIELD_NUMBER: _ClassVar[int]
    owner: bytes
    def __init__(self, owner: _Optional[bytes] = ...) -> None: ...

class L1ClaimBond(_message.Message):
    __slots__ = ("claim",)
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    claim: int
    def __init__(self, claim: _Optional[int] = ...) -> None: ...

class L1BondSequencer(_message.Message):
    __slots__ = ("amount",)
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    amount: int
    def __init__(self, amount: _Optional[int] = ...) -> None: ...

class L1ProveEquivocation(_message.Message):
    __slots__ = ("height", "first", "first_signature", "second", "second_signature", "payee", "salt")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    FIRST_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SECOND_FIELD_NUMBER: _ClassVar[int]
    SECOND_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    PAYEE_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    height: int
    first: bytes
    first_signature: bytes
    second: bytes
    second_signature: bytes
    payee: bytes
    salt: bytes
    def __init__(self, height: _Optional[int] = ..., first: _Optional[bytes] = ..., first_signature: _Optional[bytes] = ..., second: _Optional[bytes] = ..., second_signature: _Optional[bytes] = ..., payee: _Optional[bytes] = ..., salt: _Optional[bytes] = ...) -> None: ...

class L1ProveBroken(_message.Message):
    __slots__ = ("claim", "cursor", "signature", "witness", "payee", "salt")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    WITNESS_FIELD_NUMBER: _ClassVar[int]
    PAYEE_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    claim: int
    cursor: bytes
    signature: bytes
    witness: bytes
    payee: bytes
    salt: bytes
    def __init__(self, claim: _Optional[int] = ..., cursor: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., witness: _Optional[bytes] = ..., payee: _Optional[bytes] = ..., salt: _Optional[bytes] = ...) -> None: ...

class L1LeaveBond(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class L1TakeBond(_message.Message):
    __slots__ = ("claim",)
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    claim: int
    def __init__(self, claim: _Optional[int] = ...) -> None: ...

class L1SendCallResponse(_message.Message):
    __slots__ = ("hash",)
    HASH_FIELD_NUMBER: _ClassVar[int]
    hash: bytes
    def __init__(self, hash: _Optional[bytes] = ...) -> None: ...

class L1AwaitCallRequest(_message.Message):
    __slots__ = ("hash", "until_block")
    HASH_FIELD_NUMBER: _ClassVar[int]
    UNTIL_BLOCK_FIELD_NUMBER: _ClassVar[int]
    hash: bytes
    until_block: int
    def __init__(self, hash: _Optional[bytes] = ..., until_block: _Optional[int] = ...) -> None: ...

class L1ListMempoolRequest(_message.Message):
    __slots__ = ("sender", "calls_max", "with_calls")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CALLS_MAX_FIELD_NUMBER: _ClassVar[int]
    WITH_CALLS_FIELD_NUMBER: _ClassVar[int]
    sender: bytes
    calls_max: int
    with_calls: bool
    def __init__(self, sender: _Optional[bytes] = ..., calls_max: _Optional[int] = ..., with_calls: _Optional[bool] = ...) -> None: ...

class L1WaitingCall(_message.Message):
    __slots__ = ("hash", "sender", "nonce", "kind", "size_bytes", "gas_max", "fee_max", "tip", "payable", "since_block", "call")
    HASH_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    GAS_MAX_FIELD_NUMBER: _ClassVar[int]
    FEE_MAX_FIELD_NUMBER: _ClassVar[int]
    TIP_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_FIELD_NUMBER: _ClassVar[int]
    SINCE_BLOCK_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    hash: bytes
    sender: bytes
    nonce: int
    kind: str
    size_bytes: int
    gas_max: int
    fee_max: int
    tip: int
    payable: bool
    since_block: int
    call: bytes
    def __init__(self, hash: _Optional[bytes] = ..., sender: _Optional[bytes] = ..., nonce: _Optional[int] = ..., kind: _Optional[str] = ..., size_bytes: _Optional[int] = ..., gas_max: _Optional[int] = ..., fee_max: _Optional[int] = ..., tip: _Optional[int] = ..., payable: _Optional[bool] = ..., since_block: _Optional[int] = ..., call: _Optional[bytes] = ...) -> None: ...

class L1MempoolPage(_message.Message):
    __slots__ = ("calls", "calls_count", "size_bytes", "gas_price")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    CALLS_COUNT_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    GAS_PRICE_FIELD_NUMBER: _ClassVar[int]
    calls: _containers.RepeatedCompositeFieldContainer[L1WaitingCall]
    calls_count: int
    size_bytes: int
    gas_price: int
    def __init__(self, calls: _Optional[_Iterable[_Union[L1WaitingCall, _Mapping]]] = ..., calls_count: _Optional[int] = ..., size_bytes: _Optional[int] = ..., gas_price: _Optional[int] = ...) -> None: ...

class L1CallReceipt(_message.Message):
    __slots__ = ("hash", "block", "index", "sender", "nonce", "kind", "code", "code_name", "message", "retryable", "value", "gas", "gas_price")
    HASH_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CODE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    GAS_FIELD_NUMBER: _ClassVar[int]
    GAS_PRICE_FIELD_NUMBER: _ClassVar[int]
    hash: bytes
    block: int
    index: int
    sender: bytes
    nonce: int
    kind: str
    code: int
    code_name: str
    message: str
    retryable: bool
    value: int
    gas: int
    gas_price: int
    def __init__(self, hash: _Optional[bytes] = ..., block: _Optional[int] = ..., index: _Optional[int] = ..., sender: _Optional[bytes] = ..., nonce: _Optional[int] = ..., kind: _Optional[str] = ..., code: _Optional[int] = ..., code_name: _Optional[str] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ..., value: _Optional[int] = ..., gas: _Optional[int] = ..., gas_price: _Optional[int] = ...) -> None: ...

class L1FollowBlocksRequest(_message.Message):
    __slots__ = ("from_block",)
    FROM_BLOCK_FIELD_NUMBER: _ClassVar[int]
    from_block: int
    def __init__(self, from_block: _Optional[int] = ...) -> None: ...

class L1BlockEvents(_message.Message):
    __slots__ = ("block", "events", "heads", "parent_hash")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    HEADS_FIELD_NUMBER: _ClassVar[int]
    PARENT_HASH_FIELD_NUMBER: _ClassVar[int]
    block: L1BlockRef
    events: _containers.RepeatedCompositeFieldContainer[L1Event]
    heads: L1Heads
    parent_hash: bytes
    def __init__(self, block: _Optional[_Union[L1BlockRef, _Mapping]] = ..., events: _Optional[_Iterable[_Union[L1Event, _Mapping]]] = ..., heads: _Optional[_Union[L1Heads, _Mapping]] = ..., parent_hash: _Optional[bytes] = ...) -> None: ...

class L1Event(_message.Message):
    __slots__ = ("entry_appended", "item_queued", "claim_proposed", "fault_committed", "fault_proved", "claim_died", "claim_final", "bond_returned", "withdrawal_paid", "bond_taken", "sequencer_bonded", "promise_broken", "bond_left", "withdrawal_offered", "withdrawal_sold", "attester_joined", "attester_left", "output_attested", "attesters_slashed", "frozen", "portfolio_registered", "share_registered", "deposit_refunded", "escape_paid", "escape_opened", "withdrawal_registered", "offer_cancelled", "rules_scheduled", "rules_cancelled")
    ENTRY_APPENDED_FIELD_NUMBER: _ClassVar[int]
    ITEM_QUEUED_FIELD_NUMBER: _ClassVar[int]
    CLAIM_PROPOSED_FIELD_NUMBER: _ClassVar[int]
    FAULT_COMMITTED_FIELD_NUMBER: _ClassVar[int]
    FAULT_PROVED_FIELD_NUMBER: _ClassVar[int]
    CLAIM_DIED_FIELD_NUMBER: _ClassVar[int]
    CLAIM_FINAL_FIELD_NUMBER: _ClassVar[int]
    BOND_RETURNED_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_PAID_FIELD_NUMBER: _ClassVar[int]
    BOND_TAKEN_FIELD_NUMBER: _ClassVar[int]
    SEQUENCER_BONDED_FIELD_NUMBER: _ClassVar[int]
    PROMISE_BROKEN_FIELD_NUMBER: _ClassVar[int]
    BOND_LEFT_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_OFFERED_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_SOLD_FIELD_NUMBER: _ClassVar[int]
    ATTESTER_JOINED_FIELD_NUMBER: _ClassVar[int]
    ATTESTER_LEFT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_ATTESTED_FIELD_NUMBER: _ClassVar[int]
    ATTESTERS_SLASHED_FIELD_NUMBER: _ClassVar[int]
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    PORTFOLIO_REGISTERED_FIELD_NUMBER: _ClassVar[int]
    SHARE_REGISTERED_FIELD_NUMBER: _ClassVar[int]
    DEPOSIT_REFUNDED_FIELD_NUMBER: _ClassVar[int]
    ESCAPE_PAID_FIELD_NUMBER: _ClassVar[int]
    ESCAPE_OPENED_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_REGISTERED_FIELD_NUMBER: _ClassVar[int]
    OFFER_CANCELLED_FIELD_NUMBER: _ClassVar[int]
    RULES_SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    RULES_CANCELLED_FIELD_NUMBER: _ClassVar[int]
    entry_appended: L1EntryAppended
    item_queued: L1ItemQueued
    claim_proposed: L1ClaimProposed
    fault_committed: L1FaultCommitted
    fault_proved: L1FaultProved
    claim_died: L1ClaimDied
    claim_final: L1ClaimFinal
    bond_returned: L1BondReturned
    withdrawal_paid: L1WithdrawalPaid
    bond_taken: L1BondTaken
    sequencer_bonded: L1SequencerBonded
    promise_broken: L1PromiseBroken
    bond_left: L1BondLeft
    withdrawal_offered: L1WithdrawalOffered
    withdrawal_sold: L1WithdrawalSold
    attester_joined: L1AttesterJoined
    attester_left: L1AttesterLeft
    output_attested: L1OutputAttested
    attesters_slashed: L1AttestersSlashed
    frozen: L1Frozen
    portfolio_registered: L1PortfolioRegistered
    share_registered: L1ShareRegistered
    deposit_refunded: L1DepositRefunded
    escape_paid: L1EscapePaid
    escape_opened: L1EscapeOpened
    withdrawal_registered: L1WithdrawalRegistered
    offer_cancelled: L1OfferCancelled
    rules_scheduled: L1RulesScheduled
    rules_cancelled: L1RulesCancelled
    def __init__(self, entry_appended: _Optional[_Union[L1EntryAppended, _Mapping]] = ..., item_queued: _Optional[_Union[L1ItemQueued, _Mapping]] = ..., claim_proposed: _Optional[_Union[L1ClaimProposed, _Mapping]] = ..., fault_committed: _Optional[_Union[L1FaultCommitted, _Mapping]] = ..., fault_proved: _Optional[_Union[L1FaultProved, _Mapping]] = ..., claim_died: _Optional[_Union[L1ClaimDied, _Mapping]] = ..., claim_final: _Optional[_Union[L1ClaimFinal, _Mapping]] = ..., bond_returned: _Optional[_Union[L1BondReturned, _Mapping]] = ..., withdrawal_paid: _Optional[_Union[L1WithdrawalPaid, _Mapping]] = ..., bond_taken: _Optional[_Union[L1BondTaken, _Mapping]] = ..., sequencer_bonded: _Optional[_Union[L1SequencerBonded, _Mapping]] = ..., promise_broken: _Optional[_Union[L1PromiseBroken, _Mapping]] = ..., bond_left: _Optional[_Union[L1BondLeft, _Mapping]] = ..., withdrawal_offered: _Optional[_Union[L1WithdrawalOffered, _Mapping]] = ..., withdrawal_sold: _Optional[_Union[L1WithdrawalSold, _Mapping]] = ..., attester_joined: _Optional[_Union[L1AttesterJoined, _Mapping]] = ..., attester_left: _Optional[_Union[L1AttesterLeft, _Mapping]] = ..., output_attested: _Optional[_Union[L1OutputAttested, _Mapping]] = ..., attesters_slashed: _Optional[_Union[L1AttestersSlashed, _Mapping]] = ..., frozen: _Optional[_Union[L1Frozen, _Mapping]] = ..., portfolio_registered: _Optional[_Union[L1PortfolioRegistered, _Mapping]] = ..., share_registered: _Optional[_Union[L1ShareRegistered, _Mapping]] = ..., deposit_refunded: _Optional[_Union[L1DepositRefunded, _Mapping]] = ..., escape_paid: _Optional[_Union[L1EscapePaid, _Mapping]] = ..., escape_opened: _Optional[_Union[L1EscapeOpened, _Mapping]] = ..., withdrawal_registered: _Optional[_Union[L1WithdrawalRegistered, _Mapping]] = ..., offer_cancelled: _Optional[_Union[L1OfferCancelled, _Mapping]] = ..., rules_scheduled: _Optional[_Union[L1RulesScheduled, _Mapping]] = ..., rules_cancelled: _Optional[_Union[L1RulesCancelled, _Mapping]] = ...) -> None: ...

class L1BondTaken(_message.Message):
    __slots__ = ("amount",)
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    amount: int
    def __init__(self, amount: _Optional[int] = ...) -> None: ...

class L1SequencerBonded(_message.Message):
    __slots__ = ("amount", "total")
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    amount: int
    total: int
    def __init__(self, amount: _Optional[int] = ..., total: _Optional[int] = ...) -> None: ...

class L1PromiseBroken(_message.Message):
    __slots__ = ("kind", "height", "payee", "burnt", "refunded", "reward")
    KIND_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    PAYEE_FIELD_NUMBER: _ClassVar[int]
    BURNT_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    kind: int
    height: int
    payee: bytes
    burnt: int
    refunded: int
    reward: int
    def __init__(self, kind: _Optional[int] = ..., height: _Optional[int] = ..., payee: _Optional[bytes] = ..., burnt: _Optional[int] = ..., refunded: _Optional[int] = ..., reward: _Optional[int] = ...) -> None: ...

class L1BondLeft(_message.Message):
    __slots__ = ("deadline",)
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    deadline: int
    def __init__(self, deadline: _Optional[int] = ...) -> None: ...

class L1EntryAppended(_message.Message):
    __slots__ = ("index", "data_root", "length", "inbox_count", "sender", "version")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    DATA_ROOT_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    INBOX_COUNT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    index: int
    data_root: bytes
    length: int
    inbox_count: int
    sender: bytes
    version: int
    def __init__(self, index: _Optional[int] = ..., data_root: _Optional[bytes] = ..., length: _Optional[int] = ..., inbox_count: _Optional[int] = ..., sender: _Optional[bytes] = ..., version: _Optional[int] = ...) -> None: ...

class L1RulesScheduled(_message.Message):
    __slots__ = ("version", "starts", "rules_hash")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STARTS_FIELD_NUMBER: _ClassVar[int]
    RULES_HASH_FIELD_NUMBER: _ClassVar[int]
    version: int
    starts: int
    rules_hash: bytes
    def __init__(self, version: _Optional[int] = ..., starts: _Optional[int] = ..., rules_hash: _Optional[bytes] = ...) -> None: ...

class L1RulesCancelled(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class L1ItemQueued(_message.Message):
    __slots__ = ("index", "kind", "owner", "sub", "amount", "accumulator", "asset", "market", "price", "other", "publisher", "time_ms")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ACCUMULATOR_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    PUBLISHER_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    index: int
    kind: int
    owner: bytes
    sub: int
    amount: int
    accumulator: bytes
    asset: int
    market: int
    price: int
    other: bytes
    publisher: int
    time_ms: int
    def __init__(self, index: _Optional[int] = ..., kind: _Optional[int] = ..., owner: _Optional[bytes] = ..., sub: _Optional[int] = ..., amount: _Optional[int] = ..., accumulator: _Optional[bytes] = ..., asset: _Optional[int] = ..., market: _Optional[int] = ..., price: _Optional[int] = ..., other: _Optional[bytes] = ..., publisher: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...

class L1ClaimProposed(_message.Message):
    __slots__ = ("claim", "parent", "log_index", "output_hash", "proposer", "bond")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_HASH_FIELD_NUMBER: _ClassVar[int]
    PROPOSER_FIELD_NUMBER: _ClassVar[int]
    BOND_FIELD_NUMBER: _ClassVar[int]
    claim: int
    parent: int
    log_index: int
    output_hash: bytes
    proposer: bytes
    bond: int
    def __init__(self, claim: _Optional[int] = ..., parent: _Optional[int] = ..., log_index: _Optional[int] = ..., output_hash: _Optional[bytes] = ..., proposer: _Optional[bytes] = ..., bond: _Optional[int] = ...) -> None: ...

class L1FaultCommitted(_message.Message):
    __slots__ = ("commitment", "sender")
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    commitment: bytes
    sender: bytes
    def __init__(self, commitment: _Optional[bytes] = ..., sender: _Optional[bytes] = ...) -> None: ...

class L1FaultProved(_message.Message):
    __slots__ = ("claim", "kind", "segment", "root", "payee", "burnt", "refunded", "reward")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    PAYEE_FIELD_NUMBER: _ClassVar[int]
    BURNT_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    claim: int
    kind: int
    segment: int
    root: bytes
    payee: bytes
    burnt: int
    refunded: int
    reward: int
    def __init__(self, claim: _Optional[int] = ..., kind: _Optional[int] = ..., segment: _Optional[int] = ..., root: _Optional[bytes] = ..., payee: _Optional[bytes] = ..., burnt: _Optional[int] = ..., refunded: _Optional[int] = ..., reward: _Optional[int] = ...) -> None: ...

class L1ClaimDied(_message.Message):
    __slots__ = ("claim", "status")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    claim: int
    status: int
    def __init__(self, claim: _Optional[int] = ..., status: _Optional[int] = ...) -> None: ...

class L1ClaimFinal(_message.Message):
    __slots__ = ("claim", "log_index", "output_hash")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_HASH_FIELD_NUMBER: _ClassVar[int]
    claim: int
    log_index: int
    output_hash: bytes
    def __init__(self, claim: _Optional[int] = ..., log_index: _Optional[int] = ..., output_hash: _Optional[bytes] = ...) -> None: ...

class L1BondReturned(_message.Message):
    __slots__ = ("claim", "proposer", "amount")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    PROPOSER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    claim: int
    proposer: bytes
    amount: int
    def __init__(self, claim: _Optional[int] = ..., proposer: _Optional[bytes] = ..., amount: _Optional[int] = ...) -> None: ...

class L1WithdrawalPaid(_message.Message):
    __slots__ = ("index", "owner", "amount", "asset")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    index: int
    owner: bytes
    amount: int
    asset: int
    def __init__(self, index: _Optional[int] = ..., owner: _Optional[bytes] = ..., amount: _Optional[int] = ..., asset: _Optional[int] = ...) -> None: ...

class L1WithdrawalOffered(_message.Message):
    __slots__ = ("sale", "index", "seller", "price", "until")
    SALE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SELLER_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    sale: bytes
    index: int
    seller: bytes
    price: int
    until: int
    def __init__(self, sale: _Optional[bytes] = ..., index: _Optional[int] = ..., seller: _Optional[bytes] = ..., price: _Optional[int] = ..., until: _Optional[int] = ...) -> None: ...

class L1WithdrawalSold(_message.Message):
    __slots__ = ("sale", "index", "buyer", "price")
    SALE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    BUYER_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    sale: bytes
    index: int
    buyer: bytes
    price: int
    def __init__(self, sale: _Optional[bytes] = ..., index: _Optional[int] = ..., buyer: _Optional[bytes] = ..., price: _Optional[int] = ...) -> None: ...

class L1OfferCancelled(_message.Message):
    __slots__ = ("sale",)
    SALE_FIELD_NUMBER: _ClassVar[int]
    sale: bytes
    def __init__(self, sale: _Optional[bytes] = ...) -> None: ...

class L1AttesterJoined(_message.Message):
    __slots__ = ("attester", "address", "amount")
    ATTESTER_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    attester: int
    address: bytes
    amount: int
    def __init__(self, attester: _Optional[int] = ..., address: _Optional[bytes] = ..., amount: _Optional[int] = ...) -> None: ...

class L1AttesterLeft(_message.Message):
    __slots__ = ("attester", "amount", "stake_from")
    ATTESTER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    STAKE_FROM_FIELD_NUMBER: _ClassVar[int]
    attester: int
    amount: int
    stake_from: int
    def __init__(self, attester: _Optional[int] = ..., amount: _Optional[int] = ..., stake_from: _Optional[int] = ...) -> None: ...

class L1OutputAttested(_message.Message):
    __slots__ = ("claim", "output_hash", "weight")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_HASH_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    claim: int
    output_hash: bytes
    weight: int
    def __init__(self, claim: _Optional[int] = ..., output_hash: _Optional[bytes] = ..., weight: _Optional[int] = ...) -> None: ...

class L1AttestersSlashed(_message.Message):
    __slots__ = ("output_hash", "signers", "amount", "payee", "reward")
    OUTPUT_HASH_FIELD_NUMBER: _ClassVar[int]
    SIGNERS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PAYEE_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    output_hash: bytes
    signers: bytes
    amount: int
    payee: bytes
    reward: int
    def __init__(self, output_hash: _Optional[bytes] = ..., signers: _Optional[bytes] = ..., amount: _Optional[int] = ..., payee: _Optional[bytes] = ..., reward: _Optional[int] = ...) -> None: ...

class L1Frozen(_message.Message):
    __slots__ = ("claim", "reason", "inbox_index")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    INBOX_INDEX_FIELD_NUMBER: _ClassVar[int]
    claim: int
    reason: int
    inbox_index: int
    def __init__(self, claim: _Optional[int] = ..., reason: _Optional[int] = ..., inbox_index: _Optional[int] = ...) -> None: ...

class L1EscapeOpened(_message.Message):
    __slots__ = ("claim", "closes_at")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    CLOSES_AT_FIELD_NUMBER: _ClassVar[int]
    claim: int
    closes_at: int
    def __init__(self, claim: _Optional[int] = ..., closes_at: _Optional[int] = ...) -> None: ...

class L1PortfolioRegistered(_message.Message):
    __slots__ = ("account", "sub", "owner", "equity", "debt", "owed")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SUB_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EQUITY_FIELD_NUMBER: _ClassVar[int]
    DEBT_FIELD_NUMBER: _ClassVar[int]
    OWED_FIELD_NUMBER: _ClassVar[int]
    account: int
    sub: int
    owner: bytes
    equity: int
    debt: int
    owed: int
    def __init__(self, account: _Optional[int] = ..., sub: _Optional[int] = ..., owner: _Optional[bytes] = ..., equity: _Optional[int] = ..., debt: _Optional[int] = ..., owed: _Optional[int] = ...) -> None: ...

class L1ShareRegistered(_message.Message):
    __slots__ = ("kind", "place", "account", "owner", "amount")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    kind: int
    place: int
    account: int
    owner: bytes
    amount: int
    def __init__(self, kind: _Optional[int] = ..., place: _Optional[int] = ..., account: _Optional[int] = ..., owner: _Optional[bytes] = ..., amount: _Optional[int] = ...) -> None: ...

class L1WithdrawalRegistered(_message.Message):
    __slots__ = ("index", "owner", "amount")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    index: int
    owner: bytes
    amount: int
    def __init__(self, index: _Optional[int] = ..., owner: _Optional[bytes] = ..., amount: _Optional[int] = ...) -> None: ...

class L1DepositRefunded(_message.Message):
    __slots__ = ("index", "owner", "amount", "asset")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    index: int
    owner: bytes
    amount: int
    asset: int
    def __init__(self, index: _Optional[int] = ..., owner: _Optional[bytes] = ..., amount: _Optional[int] = ..., asset: _Optional[int] = ...) -> None: ...

class L1EscapePaid(_message.Message):
    __slots__ = ("owner", "amount", "asset")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    owner: bytes
    amount: int
    asset: int
    def __init__(self, owner: _Optional[bytes] = ..., amount: _Optional[int] = ..., asset: _Optional[int] = ...) -> None: ...

class L1MineRequest(_message.Message):
    __slots__ = ("blocks",)
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    blocks: int
    def __init__(self, blocks: _Optional[int] = ...) -> None: ...

class L1MineResponse(_message.Message):
    __slots__ = ("latest",)
    LATEST_FIELD_NUMBER: _ClassVar[int]
    latest: L1BlockRef
    def __init__(self, latest: _Optional[_Union[L1BlockRef, _Mapping]] = ...) -> None: ...

class L1WarpRequest(_message.Message):
    __slots__ = ("forward_ms",)
    FORWARD_MS_FIELD_NUMBER: _ClassVar[int]
    forward_ms: int
    def __init__(self, forward_ms: _Optional[int] = ...) -> None: ...

class L1WarpResponse(_message.Message):
    __slots__ = ("latest", "clock_offset_ms")
    LATEST_FIELD_NUMBER: _ClassVar[int]
    CLOCK_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    latest: L1BlockRef
    clock_offset_ms: int
    def __init__(self, latest: _Optional[_Union[L1BlockRef, _Mapping]] = ..., clock_offset_ms: _Optional[int] = ...) -> None: ...

class L1SetMiningRequest(_message.Message):
    __slots__ = ("mining",)
    MINING_FIELD_NUMBER: _ClassVar[int]
    mining: bool
    def __init__(self, mining: _Optional[bool] = ...) -> None: ...

class L1SetMiningResponse(_message.Message):
    __slots__ = ("mining",)
    MINING_FIELD_NUMBER: _ClassVar[int]
    mining: bool
    def __init__(self, mining: _Optional[bool] = ...) -> None: ...

class L1FaucetRequest(_message.Message):
    __slots__ = ("address", "eth_gwei", "token_micros", "asset", "asset_units")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ETH_GWEI_FIELD_NUMBER: _ClassVar[int]
    TOKEN_MICROS_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    ASSET_UNITS_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    eth_gwei: int
    token_micros: int
    asset: int
    asset_units: int
    def __init__(self, address: _Optional[bytes] = ..., eth_gwei: _Optional[int] = ..., token_micros: _Optional[int] = ..., asset: _Optional[int] = ..., asset_units: _Optional[int] = ...) -> None: ...

class L1SetGasPriceRequest(_message.Message):
    __slots__ = ("gas_price", "hold_blocks")
    GAS_PRICE_FIELD_NUMBER: _ClassVar[int]
    HOLD_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    gas_price: int
    hold_blocks: int
    def __init__(self, gas_price: _Optional[int] = ..., hold_blocks: _Optional[int] = ...) -> None: ...

class L1SetGasPriceResponse(_message.Message):
    __slots__ = ("gas_price", "hold_blocks")
    GAS_PRICE_FIELD_NUMBER: _ClassVar[int]
    HOLD_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    gas_price: int
    hold_blocks: int
    def __init__(self, gas_price: _Optional[int] = ..., hold_blocks: _Optional[int] = ...) -> None: ...

class L1ReorgRequest(_message.Message):
    __slots__ = ("depth", "drop_calls")
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    DROP_CALLS_FIELD_NUMBER: _ClassVar[int]
    depth: int
    drop_calls: bool
    def __init__(self, depth: _Optional[int] = ..., drop_calls: _Optional[bool] = ...) -> None: ...

class L1ReorgResponse(_message.Message):
    __slots__ = ("latest", "fork_block")
    LATEST_FIELD_NUMBER: _ClassVar[int]
    FORK_BLOCK_FIELD_NUMBER: _ClassVar[int]
    latest: L1BlockRef
    fork_block: int
    def __init__(self, latest: _Optional[_Union[L1BlockRef, _Mapping]] = ..., fork_block: _Optional[int] = ...) -> None: ...

class L1SetMempoolRequest(_message.Message):
    __slots__ = ("delay_blocks", "drop_calls")
    DELAY_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    DROP_CALLS_FIELD_NUMBER: _ClassVar[int]
    delay_blocks: int
    drop_calls: bool
    def __init__(self, delay_blocks: _Optional[int] = ..., drop_calls: _Optional[bool] = ...) -> None: ...

class L1SetMempoolResponse(_message.Message):
    __slots__ = ("dropped_calls",)
    DROPPED_CALLS_FIELD_NUMBER: _ClassVar[int]
    dropped_calls: int
    def __init__(self, dropped_calls: _Optional[int] = ...) -> None: ...

class L1PruneRequest(_message.Message):
    __slots__ = ("before_index",)
    BEFORE_INDEX_FIELD_NUMBER: _ClassVar[int]
    before_index: int
    def __init__(self, before_index: _Optional[int] = ...) -> None: ...

class L1PruneResponse(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: int
    def __init__(self, entries: _Optional[int] = ...) -> None: ...

class L1SetClockRequest(_message.Message):
    __slots__ = ("stopped",)
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    stopped: bool
    def __init__(self, stopped: _Optional[bool] = ...) -> None: ...

class L1SetClockResponse(_message.Message):
    __slots__ = ("clock_ms", "stopped")
    CLOCK_MS_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    clock_ms: int
    stopped: bool
    def __init__(self, clock_ms: _Optional[int] = ..., stopped: _Optional[bool] = ...) -> None: ...
