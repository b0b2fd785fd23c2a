"""The ways out without ``await``: the end of an exchange, the market for withdrawals, attesters.

    with client.escape() as escape:
        escape.freeze()
        escape.register()
        escape.pay()

Each has a connection to the L1 of its own, which ``close`` or the end of ``with`` lets
go of.  The methods are those of ``Escape``, ``Sales`` and ``Attesters``.
"""

import functools
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, final

from sextant.client.attesters import Attesters
from sextant.client.escape import Escape
from sextant.client.l1 import L1Client
from sextant.client.sales import Sales

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class OnL1(Protocol):
    """Something with a connection to the L1 of its own."""

    l1: L1Client


Core = TypeVar("Core", bound=OnL1)


class Waiter(Protocol):
    """What runs work on a client's loop."""

    def wait_for(self, work: Awaitable[Answer]) -> Answer:
        """Run ``work``, and return its result."""
        ...


class Waited(Generic[Core]):
    """An asynchronous object whose methods wait for their answers."""

    def __init__(self, client: Waiter, core: Core) -> None:
        self.client = client
        self.core = core

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection to the L1; the client's stays open."""
        self.close()

    def close(self) -> None:
        """Close the connection to the L1; the client's stays open."""
        self.client.wait_for(self.core.l1.close())


def waiting(
    method: Callable[Concatenate[Core, Parameters], Awaitable[Answer]],
) -> Callable[Concatenate[Waited[Core], Parameters], Answer]:
    """Return the form of a method that waits for its answer."""

    @functools.wraps(method)
    def call(
        waited: Waited[Core], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Answer:
        return waited.client.wait_for(method(waited.core, *args, **kwargs))

    return call


@final
class SyncEscape(Waited[Escape]):
    """The end of an exchange; see ``Escape``."""

    status = waiting(Escape.status)
    freeze = waiting(Escape.freeze)
    open = waiting(Escape.open)
    claims = waiting(Escape.claims)
    register = waiting(Escape.register)
    register_debts = waiting(Escape.register_debts)
    pay = waiting(Escape.pay)
    refund = waiting(Escape.refund)


@final
class SyncSales(Waited[Sales]):
    """The market for withdrawals; see ``Sales``."""

    offers = waiting(Sales.offers)
    offer = waiting(Sales.offer)
    buy = waiting(Sales.buy)
    cancel = waiting(Sales.cancel)
    appraise = waiting(Sales.appraise)


@final
class SyncAttesters(Waited[Attesters]):
    """Who vouches for claims; see ``Attesters``."""

    book = waiting(Attesters.book)
    number = waiting(Attesters.number)
    join = waiting(Attesters.join)
    leave = waiting(Attesters.leave)
    take = waiting(Attesters.take)
    slash = waiting(Attesters.slash)
