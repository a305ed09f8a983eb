"""
Makes one small picture, in a process of its own: `python -m hotfolder.status.site.thumbnailer < image > thumbnail`.

A decoder that runs on files of strangers may crash, loop or eat memory; here that costs a thumbnail and nothing else.
"""

from __future__ import annotations

import io
import resource
import sys

MEMORY_BYTES = 768 * 1024**2
CPU_S = 10
SIDE = 96  # shown at half of it, for screens that have two pixels for one
PIXELS_MAX = 100_000_000
FORMATS = ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "PSD")


def main() -> None:
    """Read an image and write its thumbnail; end with 1 for whatever is none."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # nothing is written to any disk
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()

    from PIL import Image

    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            image.draft("RGB", (2 * SIDE, 2 * SIDE))
            image.thumbnail((SIDE, SIDE))
            made = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
            out = io.BytesIO()
            made.save(out, "PNG" if made.mode == "RGBA" else "JPEG", quality=82)
    except Exception:  # noqa: BLE001 # whatever a decoder raises
        sys.exit(1)
    sys.stdout.buffer.write(out.getvalue())


if __name__ == "__main__":
    main()
