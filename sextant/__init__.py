"""What users of Sextant import: the client, its models and its errors.

Names are loaded on first use, so that ``import sextant`` costs nothing::

    from sextant import Client, load_key

    with Client(key=load_key("trader.key")) as client:
        placed = client.place("BTC", "buy", "0.5", limit="65000")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sextant.client.api import AsyncClient
    from sextant.client.keys import load_key
    from sextant.client.secret import Secret
    from sextant.client.sync import Client
    from sextant.errors import ClientError

__version__: Final = "0.1.0"
__all__ = ["AsyncClient", "Client", "ClientError", "Secret", "load_key"]

_HOMES: Final = {
    "AsyncClient": "sextant.client.api",
    "Client": "sextant.client.sync",
    "ClientError": "sextant.errors",
    "Secret": "sextant.client.secret",
    "load_key": "sextant.client.keys",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module, once, when it is asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sextant' has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value
