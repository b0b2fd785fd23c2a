"""What can go wrong for a client, sorted by what to do about it.

* ClientError            every error a caller is expected to handle
  - BadRequest           the *caller* asked for what cannot be right; nothing was sent
  - KeyUnreadable        the signing key is missing, unreadable or unprotected
  - Refused              the node answered "no" before sequencing; nothing happened
  - Rejected             sequenced, and rejected by the rules; carries the receipt
  - Unreachable          no connection; nothing was sent
  - OutcomeUnknown       sent, but no answer came; look it up, or resend the same bytes
  - ProofInvalid         an answer does not follow from what was signed: distrust the node
  - ServerFault          the node reports a bug of its own, with an incident id

Every error says *what* happened, *why*, and *what to do next*; ``code`` is
stable and for programs, ``retryable`` says whether the same request may
succeed later, unchanged.
"""

from typing import ClassVar, Final

EXIT_OK: Final = 0
EXIT_NO: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3
EXIT_BUG: Final = 70


class ClientError(Exception):
    """Base of every error of the client.

    Parameters
    ----------
    code
        Stable upper-case name, such as ``TICK`` or ``UNREACHABLE``.
    message
        What happened and why.
    advice
        What to do next, or nothing.
    retryable
        Whether the same request may succeed later, unchanged.
    """

    exit_code: ClassVar[int] = EXIT_NO

    def __init__(
        self, code: str, message: str, *, advice: str = "", retryable: bool = False
    ) -> None:
        super().__init__(code, message, advice)
        self.code = code
        self.message = message
        self.advice = advice
        self.retryable = retryable

    def __str__(self) -> str:
        """Name first, then what and why, then the advice."""
        tail = f"; {self.advice}" if self.advice else ""
        return f"{self.code}: {self.message}{tail}"


class BadRequest(ClientError, ValueError):
    """The caller asked for what cannot be right; nothing was sent."""

    exit_code: ClassVar[int] = EXIT_USAGE


class KeyUnreadable(ClientError):
    """The signing key is missing, unreadable or not protected."""

    exit_code: ClassVar[int] = EXIT_UNREACHABLE


class Refused(ClientError):
    """The node answered "no" before sequencing: nothing happened."""


class Rejected(ClientError):
    """Sequenced, and rejected by the rules.

    ``receipt`` is the proof of the rejection, ``order_id`` the order it was
    about (0 if none).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        advice: str = "",
        retryable: bool = False,
        receipt: object = None,
        order_id: int = 0,
    ) -> None:
        super().__init__(code, message, advice=advice, retryable=retryable)
        self.receipt = receipt
        self.order_id = order_id


class Unreachable(ClientError):
    """No connection: nothing was sent."""

    exit_code: ClassVar[int] = EXIT_UNREACHABLE


class OutcomeUnknown(ClientError):
    """Sent, but no answer came: look it up, or resend the same bytes."""

    exit_code: ClassVar[int] = EXIT_UNREACHABLE


class ProofInvalid(ClientError):
    """An answer does not follow from what was signed: distrust the node."""


class ServerFault(ClientError):
    """The node reports a bug of its own, with an incident id."""

    exit_code: ClassVar[int] = EXIT_BUG
