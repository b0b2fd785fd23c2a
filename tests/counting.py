"""What a step costs: the leaves that it asks for."""

from statemachine.storage import Store


class CountingStore:
    """A store that notes which leaves were asked for."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.touched: set[bytes] = set()

    def get(self, key: bytes) -> bytes | None:
        self.touched.add(key)
        return self.store.get(key)

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        key = self.store.seek(prefix, start)
        # Proving that a range has nothing more takes one neighbour.
        self.touched.add(prefix + b"end" if key is None else key)
        return key
