"""
A daemon that does nothing but commit, until it is killed: `ledger_writer.py URL`.

Its n-th commit, counted over all its lives, writes three drops, changes three of the commit before, and says n in the
job. It tells n on standard output once the commit has returned.
"""

from __future__ import annotations

import os
import sys
from itertools import count

from hotfolder.edges.ledger import open_ledger
from tests.crash.ledger_commits import commit_number, writes_of


def main(url: str) -> None:
    """Commit for ever."""
    ledger = open_ledger(url)
    for number in count(commit_number(ledger) + 1):
        ledger.commit(writes_of(number))
        os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1])
