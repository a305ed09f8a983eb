"""
The languages that notes and pages are written in, with every sentence that can be put into them.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from hotfolder.config.languages import say_in
from hotfolder.core import catalogue, file_troubles, line_troubles, litter, lookup, wording
from hotfolder.core.saying import Sentences, Voice, reasons, texts
from hotfolder.ips import faults
from hotfolder.status import cures, live, retrying, wishes
from hotfolder.status.site import words

SENTENCES: Final = (
    *reasons(wording),
    *litter.REASONS,
    *faults.TEXTS,
    *(faults.SAID, faults.SAID_NOTHING),
    *texts(file_troubles),
    *texts(line_troubles),
    *texts(catalogue),
    *(shelf.value for shelf in catalogue.Shelf),
    *texts(lookup),
    *reasons(cures),
    *reasons(live),
    *reasons(retrying),
    *reasons(wishes),
    *(words.LEFT_A_MINUTE, words.LEFT_MINUTES, words.LEFT_HOURS),
)


@cache
def voice_of(language: str) -> Voice:
    """Return a language; raises ValueError for one that we do not speak."""
    return Voice(language, say_in(language), Sentences(SENTENCES))
