"""
`python -m hotfolder.config [DIR]`: write what is made from the model anew: samples and schemas in `config/`, and the
page about upload options in `docs/`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hotfolder.config.option_page import option_page
from hotfolder.config.sample import generated_files


def main(arguments: list[str]) -> None:
    """Write the files below the directory that is named, else below this one."""
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        sys.exit(f"found {' '.join(arguments)}, wanted the root of the repository or nothing; {__doc__}")
    directory = Path(arguments[0] if arguments else ".")
    texts = {f"config/{name}": text for name, text in generated_files().items()} | {"docs/options.md": option_page()}
    for name, text in texts.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
