"""What L1 hashes is tagged, and no two kinds of it share a tag."""

import re
from collections import Counter
from pathlib import Path

import prover

TAG = re.compile(r'^TAG_\w+: Final = b"(\\x2[0-9a-f])"', re.MULTILINE)


def test_no_two_kinds_of_hash_share_a_tag() -> None:
    sources = [path.read_text() for path in Path(prover.__file__).parent.rglob("*.py")]
    tags = Counter(tag for text in sources for tag in TAG.findall(text))
    assert len(tags) >= 11
    assert [tag for tag, count in tags.items() if count > 1] == []
