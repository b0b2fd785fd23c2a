"""Rejections in words: what each code of the exchange means to a trader.

The codes and their order are the state machine's (``statemachine.errors``);
this table only says them in English, and what to do next.
"""

from typing import Final, NamedTuple

from sextant.client.amounts import show_decimal, show_usdc
from sextant.client.market import Market
from sextant.client.receipts import Receipt
from sextant.errors import Rejected


class Words(NamedTuple):
    """What a code means, what to do next, and what its arguments are.

    An argument is a name, or ``name:unit`` with unit ``usdc`` or ``price``.
    """

    meaning: str
    advice: str = ""
    arguments: tuple[str, ...] = ()


WORDS: Final[dict[str, Words]] = {
    "SIGNATURE": Words("the signature is not valid", "sign it again"),
    "SIGNER_UNKNOWN": Words("the signer has no account", "deposit first"),
    "SIGNER_REVOKED": Words("this agent was revoked", "approve another key"),
    "NONCE_TIME": Words(
        "the nonce is too far from block time",
        "take the time from the node",
        ("nonce time", "block time"),
    ),
    "NONCE_LOW": Words("the nonce is below the window", "sign it again"),
    "NONCE_USED": Words("the nonce was used", "look the transaction up"),
    "EXPIRED": Words("it came after its expiry", "sign it again", ("expiry", "block time")),
    "AGENT_EXPIRED": Words("this agent's approval has run out", "approve it again"),
    "AGENT_ACTION": Words("this agent may not do that", "sign with the owner's key"),
    "AGENT_MARKET": Words("this agent may not trade there", "name one of its markets"),
    "SIGNER_LIMIT": Words("too many transactions of one signer in a block", "send it again"),
    "AGENT_NOTIONAL": Words(
        "this agent has used up its notional for the day",
        "wait for tomorrow (UTC), or approve it with more",
        ("a day:usdc", "used:usdc", "asked:usdc"),
    ),
    "AGENT_LOSS": Words(
        "this agent has lost its budget for the day, or traded for another sub-account",
        "wait for tomorrow (UTC), or approve it with more",
        ("a day:usdc", "lost:usdc", "sub-account"),
    ),
    "GUARDIAN": Words("only the rules' guardian may do that"),
    "MARKET_UNKNOWN": Words("there is no such market", "see `sextant markets`"),
    "MARKET_STATE": Words("the market's state does not allow it"),
    "CLIENT_ID_EXISTS": Words("a live order has this client id", "it was not doubled", ("order",)),
    "ORDER_UNKNOWN": Words("no such order rests", "it was filled, or is gone"),
    "FIELD": Words("a field cannot have this value"),
    "SIZE_RANGE": Words("the size is out of range", "make it smaller"),
    "PRICE_RANGE": Words("the price is out of range"),
    "TICK": Words("the price is not a multiple of the tick", "", ("tick:price",)),
    "NOTIONAL_MIN": Words("the order is worth too little", "make it larger", ("least:usdc",)),
    "ORDER_EXPIRED": Words("the order had expired"),
    "DUE": Words("the exchange is busy with due work", "try again"),
    "MESSAGE_OLD": Words(
        "the exchange has a price of this publisher that is as new, or newer",
        "say it again",
        ("", "time of the message (ms)"),
    ),
    "ORACLE_STALE": Words("the oracle price is stale: only reducing is allowed", "try later"),
    "BAND": Words("the price is too far from mark", "move it into the band", ("worst:price",)),
    "LIQUIDATING": Words(
        "the portfolio is being liquidated, or the fund closed for those who leave (1)",
        "deposit, wait, or only reduce at once",
        ("by its exits",),
    ),
    "FEE_MAX": Words(
        "the fee is above your limit",
        "raise it, or wait if `sextant market` shows a ramp",
        ("rate in ppm",),
    ),
    "BUILDER": Words(
        "the builder asks for more than was approved of him",
        "`sextant fees approve` lets him ask",
        ("approved in ppm", "asked in ppm"),
    ),
    "RAMP": Words(
        "the market's margin rates are moving already",
        "wait until they have arrived",
        ("until (ms)",),
    ),
    "TIME_PAST": Words("that time is past, or the interval too short", "see the arguments"),
    "ASSET_UNKNOWN": Words("there is no such asset", "see `sextant assets`", ("asked",)),
    "REDUCE_ONLY": Words("it would not reduce the position"),
    "POST_ONLY_CROSSES": Words("it would have taken", "move the price away", ("best:price",)),
    "ORDERS_MAX": Words("too many open orders", "cancel some"),
    "MARKETS_MAX": Words("positions, orders or assets in too many markets", "close some"),
    "MARGIN": Words(
        "not enough margin",
        "deposit, or make it smaller",
        ("need:usdc", "left after its fee and loss:usdc"),
    ),
    "ISOLATED": Words(
        "an isolated sub-account holds one market",
        "use another sub-account from 128 on",
        ("its market", "asked"),
    ),
    "OPEN_INTEREST": Words(
        "the market's open interest is at its cap",
        "make it smaller, or wait",
        ("cap in lots", "lots now"),
    ),
    "LEVERAGE": Words("the market does not give that much leverage", "use less", ("most",)),
    "ATOMIC": Words(
        "another leg failed, so none of them was done", "see that leg", ("leg", "its code")
    ),
    "IOC_UNFILLED": Words(
        "nothing to trade with at that price", "move the price", ("bound:price",)
    ),
    "FOK_UNFILLED": Words(
        "not all of it could be filled at once", "make it smaller", ("lots there",)
    ),
    "SELF_TRADE": Words("it met your own order", "cancel that, or choose another mode"),
    "TRIGGER": Words("the trigger has been reached already", "place it at once", ("price:price",)),
    "FILL_LIMIT": Words("it would have visited too many orders", "make it smaller, or split it"),
    "AMOUNT": Words("the amount is too small", "make it larger", ("least:usdc",)),
    "BALANCE": Words(
        "not enough free balance", "see `sextant account`", ("asked:usdc", "free:usdc")
    ),
    "ACCOUNT_SELF": Words("source and target are the same"),
    "AGENT_USED": Words("this address is taken, or was revoked", "use a new key"),
    "AGENT_UNKNOWN": Words("there is no such agent"),
    "OVERFLOW": Words("the amounts are too large"),
    "VELOCITY": Words(
        "more than may leave now", "take less, or wait", ("may leave:usdc", "all of it from (ms)")
    ),
    "VAULT_SHORT": Words(
        "the vault or fund is below its initial margin", "wait", ("equity:usdc", "initial:usdc")
    ),
    "SHARES": Words(
        "not a number of shares to be had", "see `sextant vault show`, `pool show` or `fund show`"
    ),
    "LOCKED": Words("the shares are locked", "wait", ("until (ms)",)),
    "LEADER_SHARE": Words(
        "the fund's leader would hold too small a part of it",
        "take less, or let the leader put in more",
        ("leader's shares", "needed"),
    ),
    "FUND": Words(
        "funds do not allow it",
        "0: a fund's money moves only against shares; 1: no such fund, see `sextant fund list`;"
        " 2: funds are sub-accounts 64 to 127; 3: it is one; 4: close its positions and orders",
        ("reason",),
    ),
    "POOL_SHORT": Words(
        "so much of the pool is lent at the moment",
        "redeem less, or wait: a high rate makes borrowers repay",
        ("asked:usdc", "free:usdc"),
    ),
    "REFERRER": Words(
        "an account has one referrer for good: another account, that exists",
        "see `sextant fees`",
        ("referrer",),
    ),
    "ASSETS_MAX": Words(
        "the sub-account counts as many assets and markets as it may",
        "use another sub-account",
        ("its markets", "mask of its assets"),
    ),
    "RECIPIENT": Words(
        "nobody owns an account under that address, or it is somebody's agent key",
        "they have to deposit first; an owner's own address is needed",
        ("role",),
    ),
    "GRACE": Words(
        "after an outage or a halt liquidations wait",
        "try later",
        ("until (ms)", "updates of the index to come"),
    ),
    "HEALTHY": Words("the portfolio is healthy", "", ("equity:usdc", "initial:usdc")),
    "NOTHING_TO_DO": Words("there is nothing to do"),
}


NOTHING_THERE: Final = Words(
    "the sub-account holds nothing", "`sextant transfer` moves money into it"
)
"""What ``MARGIN`` means to one that does not even exist: it needs and has 0."""
NOTHING_TO_POKE: Final = Words(
    "there is no such portfolio, or it holds nothing",
    "`sextant account OWNER --sub N` shows what there is; `--of-sub` names another",
)
"""What ``HEALTHY`` says of one that has no equity and needs none."""


def words_of(receipt: Receipt) -> Words:
    """Return what a rejected receipt's code means, and what to do."""
    if receipt.code_name == "MARGIN" and not any(receipt.arguments):
        return NOTHING_THERE
    if receipt.code_name == "HEALTHY" and not any(receipt.arguments):
        return NOTHING_TO_POKE
    return WORDS.get(receipt.code_name, Words("the rules do not allow it"))


def rejection_of(receipt: Receipt, market: Market | None = None) -> Rejected:
    """Return the error for a rejected receipt; ``market`` turns prices into decimals."""
    words = words_of(receipt)
    shown = show_arguments(receipt, market)
    detail = f" ({', '.join(shown)})" if shown else ""
    return Rejected(
        receipt.code_name,
        f"{words.meaning}{detail}",
        advice=words.advice,
        retryable=receipt.retryable,
        receipt=receipt,
        order_id=receipt.order_id,
    )


def show_arguments(receipt: Receipt, market: Market | None = None) -> list[str]:
    """Return a receipt's arguments, each with its name and in its unit; none about nothing."""
    if words_of(receipt) in {NOTHING_THERE, NOTHING_TO_POKE}:
        return []
    names = WORDS[receipt.code_name].arguments if receipt.code_name in WORDS else ()
    return [
        show_argument(names[place] if place < len(names) else "", value, market)
        for place, value in enumerate(receipt.arguments)
    ]


def show_argument(declared: str, value: int, market: Market | None) -> str:
    """Return an argument with its name and in its unit."""
    name, _, unit = declared.partition(":")
    if unit == "usdc":
        text = show_usdc(value)
    elif unit == "price" and market is not None:
        text = show_decimal(market.show_price(value))
    else:
        text = str(value)
    return f"{name} {text}".strip()
