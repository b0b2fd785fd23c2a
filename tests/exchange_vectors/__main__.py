"""Write every vector, and the hash that pins them all."""

import json
import shutil
from pathlib import Path

from tests.exchange_vectors import all_scenes
from tests.exchange_vectors.vector import make_vector, pin_of

FOLDER = Path(__file__).parent.parent / "vectors" / "exchange"


def main() -> None:
    """Write ``vectors/exchange`` anew; the README stays."""
    files: dict[str, bytes] = {}
    for scene in all_scenes():
        name = f"{scene.handler}/{scene.file}.json"
        assert name not in files, f"two scenes are called {name}"
        files[name] = (json.dumps(make_vector(scene), indent=1) + "\n").encode()
    for folder in FOLDER.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    for name, data in files.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (FOLDER / "PIN").write_text(pin_of(files) + "\n")


if __name__ == "__main__":
    main()
