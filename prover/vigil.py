"""What a challenger watches besides claims: silence of the sequencer, his own purse.

Each alarm rings once when its threshold is crossed and again only after things
were well in between.
"""

from typing import Final, final

from prover.durations import tell_duration
from prover.effects import Outbox

SILENCE_PERCENT: Final = (50, 100)
"""Parts of the liveness deadline after which silence is a warning, then an alert."""


@final
class Vigil:
    """Alarms about things that no claim shows."""

    def __init__(self, liveness_ms_max: int, balance_gwei_min: int) -> None:
        """Take the contract's liveness deadline, and what a defender needs for gas."""
        self.liveness_ms_max = liveness_ms_max
        self.balance_gwei_min = balance_gwei_min
        self.balance_gwei: int | None = None
        self.silence_rung = 0
        self.balance_rung = False

    def on_silence(self, since_ms: int, outbox: Outbox) -> None:
        """Take note of how long the log has not grown."""
        passed = 100 * since_ms // self.liveness_ms_max
        rung = sum(passed >= percent for percent in SILENCE_PERCENT)
        if rung > self.silence_rung:
            level = "warning" if rung == 1 else "alert"
            tail = "" if rung == 1 else "; anyone may append now"
            text = f"the log has not grown for {tell_duration(since_ms)}{tail}"
            outbox.say(level, text, silence_ms=since_ms)
        self.silence_rung = rung

    def on_balance(self, balance_gwei: int, outbox: Outbox) -> None:
        """Take note of what the defender holds on L1."""
        low = balance_gwei < self.balance_gwei_min
        if low and not self.balance_rung:
            text = f"{balance_gwei} gwei left for gas, need {self.balance_gwei_min}: fund the key"
            outbox.say("alert", text, balance_gwei=balance_gwei)
        self.balance_rung = low
        self.balance_gwei = balance_gwei
