"""
`python -m hotfolder.config [DIR]`: write the samples and schemas of `config/` anew from the model.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hotfolder.config.sample import generated_files


def main(arguments: list[str]) -> None:
    """Write the files below the directory that is named, else below `config`."""
    directory = Path(arguments[0] if arguments else "config")
    for name, text in generated_files().items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
