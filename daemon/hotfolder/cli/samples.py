"""
Sample images for the tour.
"""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


def make_image(number: int, kind: str) -> bytes:
    """Return a small image as bytes; each number looks different."""
    colour = ((number * 53) % 256, (number * 97) % 256, (number * 151) % 256)
    image = Image.new("RGB", (320, 240), colour)
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 40, 260, 200), fill=(255 - colour[0], 255 - colour[1], 255 - colour[2]))
    draw.text((140, 110), str(number), fill=colour)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()
