"""My way out: all my money back on L1, by the gentlest way that still works.

A node that answers: cancel, close, withdraw, and collect it, at once where attesters
vouch for the claim.  A sequencer that takes nothing any more: the same through L1.  An
exchange that is gone: freeze it, have what is mine counted, and be paid my part.
Run it again whenever it ends: it looks where things stand, and goes on from there.

Run: ``SEXTANT_KEY_FILE=KEY python examples/my_way_out.py``
"""

import time

from sextant import Client, load_key
from sextant.client.amounts import show_decimal
from sextant.client.sync_exits import SyncEscape
from sextant.errors import ClientError, OutcomeUnknown, Refused, Rejected, Unreachable

WAIT_S = 1.0
PATIENCE_S = 240.0


def leave(client: Client) -> None:
    """Close what is open, withdraw what may leave, collect what was withdrawn."""
    try:
        account = client.account()
    except Refused as error:
        print(f"nothing is left: {error}")
        return
    for portfolio in account.portfolios:
        if portfolio.open_orders or portfolio.positions:
            client.cancel_all(sub=portfolio.sub)
        for position in portfolio.positions:
            closed = client.close_position(position.market, sub=portfolio.sub)
            print(f"closed {position.market}: {closed}")
    for portfolio in client.account().portfolios:
        if portfolio.withdrawable:
            take_out(client, show_decimal(portfolio.withdrawable), portfolio.sub)
    for made in client.withdrawals():
        collect(client, made.index)


def take_out(client: Client, amount: str, sub: int) -> None:
    """Withdraw; through L1, if the sequencer does not take it."""
    try:
        made = client.withdraw(amount, sub=sub)
        print(f"withdrawal {made.index} of {amount} USDC")
    except (Refused, OutcomeUnknown) as error:
        print(f"the sequencer does not take it ({error.code}): through L1")
        client.force_withdraw(sub=sub)


def collect(client: Client, index: int) -> None:
    """Be paid on L1, ahead of time if enough attesters vouch, else once it is final."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for ahead in (True, False):
            try:
                receipt = client.claim_withdrawal(index, ahead=ahead)
            except Rejected as error:
                if error.code == "WITHDRAWAL_PAID":
                    return
            except Refused as error:
                if error.code == "NOT_FOUND":
                    raise
            else:
                print(f"paid {receipt.value / 1_000_000:.2f} USDC in L1 block {receipt.block}")
                return
        time.sleep(WAIT_S)
    print(f"withdrawal {index} is not final yet; or sell it: client.sales().offer({index}, PRICE)")


def escape(client: Client, way: SyncEscape) -> bool:
    """Go one step of the last way; return whether it is over."""
    status = way.status(client.address)
    if not status.frozen:
        from_ms = status.freeze_from_ms
        if from_ms is None or status.clock_ms < from_ms:
            left = "nobody can tell when" if from_ms is None else f"{from_ms - status.clock_ms} ms"
            print(f"the exchange may not be frozen yet: {left}")
            return False
        print(f"frozen in L1 block {way.freeze().block}")
    elif status.claims_pending:
        print(f"{status.claims_pending} claims are pending still")
    elif not status.open or status.clock_ms < status.closes_ms:
        for claim in [*way.register(), *way.register_debts()]:
            print(f"registered: {claim.kind}, {claim.usdc} USDC")
        for receipt in way.refund():
            print(f"a deposit came back: {receipt.value / 1_000_000:.2f} USDC")
    elif status.net and not status.paid:
        way.pay()
        print(f"paid {show_decimal(status.net * min(status.rate or 1, 1))} USDC at most")
    else:
        print("nothing is left")
        return True
    return False


with Client.from_environment(key=load_key()) as client:
    try:
        leave(client)
    except Unreachable:
        print("nobody answers: the exchange is ended on L1")
        with client.escape() as way:
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                try:
                    if escape(client, way):
                        break
                except ClientError as error:
                    print(f"not yet: {error}")
                time.sleep(WAIT_S)
