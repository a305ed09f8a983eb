"""
The limit of *large*: one process that takes the SHA-256 of a file, and nothing else.

`python -m tests.bench.digest FILE`. The daemon takes it of the bytes it sends, curl takes none.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Final

BLOCK_BYTES: Final = 1024 * 1024


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    sha256 = hashlib.sha256()
    memory = memoryview(bytearray(BLOCK_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(memory):
            sha256.update(memory[:count])
    return sha256.hexdigest()


if __name__ == "__main__":
    print(digest(Path(sys.argv[1])))
