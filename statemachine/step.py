"""One step: the unit of execution, of cost and of receipts.

A step is a transaction or its continuation, one leg of a bulk, one inbox item
or one item of due work.  An atomic bulk is one step with all of its legs.
Handlers read what they act on from here, and leave the outcome here: a code, its
arguments, and what was traded.

``queued_at`` is when L1 queued the inbox item that is being run, 0 for anything
else: by that time prices have to be fresh for it, as nobody but a sequencer decides
when it runs.

``visits_max`` bounds the step's visits; ``charged`` is the portfolio whose
markets the step has paid for: each leaf is read once, however often it is asked.
``now`` (ms) and ``today`` (days since 1970) are the block's, and stand still in it.
"""

from typing import Final, final

from statemachine.cursor import Cursor
from statemachine.errors import Code
from statemachine.records import Signer
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.units import DAY_MS, clamp

ARG_MIN: Final = -(1 << 63)
ARG_MAX: Final = (1 << 64) - 1
NOBODY: Final = -1


@final
class Step:
    """What a handler sees and sets; made once per run and reused by every step."""

    __slots__ = (
        "account",
        "args",
        "charged",
        "code",
        "cost",
        "cursor",
        "fee",
        "filled",
        "more",
        "notional",
        "now",
        "order_id",
        "queued_at",
        "rules",
        "signer",
        "state",
        "today",
        "visits",
        "visits_max",
    )

    def __init__(self, state: State) -> None:
        """Stand before the first step."""
        self.state = state
        self.rules: Rules = state.rules
        self.cursor: Cursor = state.cursor
        self.now = state.cursor.time
        self.today = self.now // DAY_MS
        self.account = 0
        self.signer: Signer | None = None
        self.code = 0
        self.args: tuple[int, ...] = ()
        self.order_id = 0
        self.filled = 0
        self.notional = 0
        self.fee = 0
        self.cost = 0
        self.visits = 0
        self.visits_max = 0
        self.charged = 0
        self.more = False
        self.queued_at = 0

    def enter_block(self, time: int) -> None:
        """Come to a block made at ``time`` (ms)."""
        self.now = time
        self.today = time // DAY_MS

    def begin(self, cost: int) -> None:
        """Start a step of a base ``cost``, so far successful."""
        self.cost = cost
        self.visits = 0
        self.visits_max = self.rules.step_visits_max
        self.charged = NOBODY
        self.renew()

    def renew(self) -> None:
        """Be successful so far, at the start of a step or of a leg that shares one."""
        self.code = 0
        self.args = ()
        self.order_id = 0
        self.filled = 0
        self.notional = 0
        self.fee = 0
        self.more = False

    def refuse(self, code: Code, args: tuple[int, ...] = ()) -> None:
        """Say why the step has no effect; what passes a message's 64 bits is cut to them."""
        self.code = int(code)
        self.args = tuple([clamp(arg, ARG_MIN, ARG_MAX) for arg in args])
