"""What a wallet shows is what the exchange checks: digests equal eth-account's."""

import json
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data

from sextant.client.typed_data import typed_data_of
from statemachine.actions import (
    MARKET_EVERY,
    Action,
    ApproveAgent,
    ApproveBuilder,
    Bracket,
    Bulk,
    BuyCollateral,
    Cancel,
    CancelAll,
    CancelAt,
    ClosePosition,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    Modify,
    OracleUpdate,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    RevokeAgent,
    Scale,
    Send,
    SetLeverage,
    SetMargin,
    SetMarketState,
    SetReferrer,
    Terms,
    Transfer,
    TransferAsset,
    Twap,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    WithdrawAsset,
    decode_transaction,
)
from statemachine.identity.signing import Domain, address_of, digest_of, recover_signer, sign_action
from statemachine.units import Lots, Micros, Millis, Price

KEY = bytes(range(1, 33))
DOMAIN = Domain(31_337, bytes(range(20)))
AGENT = bytes(range(100, 120))
ORDER = PlaceOrder(0, 1, 1, Price(6_500_000), Lots(5_000), bytes(16))
EXIT = PlaceOrder(0, 1, 9, Price(6), Lots(5), b"", Terms(Millis(7), 5, 500, 3, Price(8)))
ACTIONS: list[Action] = [
    ORDER,
    EXIT,
    Bracket(0, ORDER, (EXIT,)),
    Bracket(0, None, (EXIT, EXIT)),
    Twap(0, 1, 1, Price(6), Lots(500), 10, Millis(60_000)),
    CancelAt(2, Millis(1_900_000_000_000)),
    ClosePosition(0, 1, Price(6)),
    Scale(0, 1, 4, Price(6), Price(5), Lots(500), 8),
    SetLeverage(0, 1, 5),
    SetMarketState(1, 4),
    SetMargin(1, 60_000, 30_000),
    Bulk(0, (EXIT, ORDER)),
    ApproveAgent(AGENT, Millis(1_900_000_000_000), 62, 3, Micros(7), Micros(2)),
    Cancel(0, 1, 7),
    Cancel(3, 1, b"\x07" * 16),
    CancelAll(0, MARKET_EVERY),
    Modify(0, 1, 0, 7, Price(6_400_000), Lots(1)),
    Bulk(0, (ORDER, Cancel(0, 1, 9), Cancel(0, 2, 10))),
    Withdraw(255, Micros((1 << 64) - 1)),
    Transfer(0, 1, Micros(1)),
    SetReferrer(1, (1 << 32) - 1),
    ApproveBuilder((1 << 32) - 1, 1_000_000),
    Send(AGENT, 0, 255, Micros((1 << 64) - 1)),
    CreateFund(64, 200_000, Millis(86_400_000)),
    FundDeposit((1 << 32) - 1, 127, 0, Micros(1)),
    FundWithdraw(3, 64, 255, (1 << 64) - 1),
    VaultDeposit(7, 63, Micros(1)),
    VaultWithdraw(0, 2, (1 << 64) - 1),
    PoolSupply(7, Micros((1 << 64) - 1)),
    PoolRedeem(255, 0),
    ApproveAgent(AGENT, Millis(1_900_000_000_000), 62, 3),
    RevokeAgent(AGENT),
    Poke(7, 1),
    WithdrawAsset(7, 8, (1 << 64) - 1),
    TransferAsset(0, 255, 1, 5),
    BuyCollateral(3, 2, 10**9, Price(3_500_000)),
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
@pytest.mark.parametrize("expiry", [0, 1_900_000_060_000])
def test_digest_is_that_of_the_typed_data(action: Action, expiry: int) -> None:
    nonce = 1_900_000_000_000 << 10 | 5
    message = encode_typed_data(full_message=typed_data_of(DOMAIN, action, nonce, expiry))
    assert _hash_eip191_message(message) == digest_of(DOMAIN, action, nonce, expiry)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
def test_signature_is_that_of_eth_account(action: Action) -> None:
    nonce = 1_900_000_000_000 << 10
    signed = Account.sign_typed_data(KEY, full_message=typed_data_of(DOMAIN, action, nonce, 0))
    ours = sign_action(DOMAIN, KEY, action, nonce)
    assert signed.signature[:64] == ours.signature[:64]
    assert signed.v - 27 == ours.signature[64]
    assert recover_signer(DOMAIN, ours) == address_of(KEY)
    assert Account.from_key(KEY).address.lower() == f"0x{address_of(KEY).hex()}"


VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "transactions.json").read_text())
PUBLISHED = Domain(7777, b"\x11" * 20)


@pytest.mark.parametrize("row", VECTORS["transactions"], ids=lambda row: row["name"])
def test_published_vectors_are_what_eth_account_signs(row: dict[str, str]) -> None:
    transaction = decode_transaction(bytes.fromhex(row["transaction"]))
    if isinstance(transaction.action, OracleUpdate):
        return  # signed by publishers, message by message; no wallet shows it
    document = typed_data_of(
        PUBLISHED, transaction.action, transaction.nonce, transaction.expires_at
    )
    message = encode_typed_data(full_message=document)
    assert _hash_eip191_message(message).hex() == row["digest"]
    signed = Account.sign_typed_data(b"\x42" * 32, full_message=document)
    assert signed.signature[:64] == transaction.signature[:64]
