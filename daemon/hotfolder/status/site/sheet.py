"""
How a status file looks: one page without scripts, links or anything from elsewhere, for a browser to read from a share.
"""

from __future__ import annotations

from typing import Any, Final

import hotfolder
from hotfolder.core.companions import STATUS_MARK
from hotfolder.core.saying import Voice
from hotfolder.core.wording import shown
from hotfolder.status.site import words
from hotfolder.status.site.look import in_language

TEMPLATE: Final = "sheet.html"


def load(language: str) -> None:
    """Compile the template before it is needed: the first text would take twenty times as long as those after it."""
    in_language(language).get_template(TEMPLATE)


def rendered(voice: Voice, **values: Any) -> str:
    """Return a status file as text; names in it are escaped, and cannot turn round what stands beside them."""
    text = (
        in_language(voice.language)
        .get_template(TEMPLATE)
        .render(
            counts=words.COUNTS,
            folder_word=lambda state: words.FOLDERS.get(state, words.ELSE),
            server_word=lambda state: words.SERVERS.get(state, words.ELSE),
            held_word=words.STATES["held"],
            contact=shown(values["news"].folder.contact).strip(),
            version=hotfolder.__version__,
            **values,
        )
    )
    return STATUS_MARK + text
