"""
Making inputs worse: bytes that are flipped, cut, repeated and mixed with what parsers dislike.
"""

from __future__ import annotations

import random
from typing import Final


class WrongError(AssertionError):
    """Something came of an input that must not."""


def demand(is_so: bool, what: str) -> None:
    """Raise `WrongError` unless it is so."""
    if not is_so:
        raise WrongError(what)


NASTY: Final = (
    b"",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r\n\r\n",
    b"<",
    b">",
    b"&",
    b"]]>",
    b"<!-- ",
    b"<![CDATA[",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&#0;",
    b"&#x1F600;",
    b"&undefined;",
    b"\xc3\x28",
    b"-1",
    b"0",
    b"99999999999999999999999999",
    b"1e999",
    b"NaN",
    b"true",
    b" ",
    b'"',
    b"'",
    b"\\",
    b"%s%n",
    b"\x1b[2J",
    "\u202e".encode(),
)


def mutated(chance: random.Random, data: bytes, *, most: int = 4) -> bytes:
    """Return data changed at a few places."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, most)):
        at = chance.randint(0, len(changed))
        length = chance.choice((1, 1, 2, 8, 64, 1000))
        match chance.randrange(7):
            case 0:
                del changed[at:]
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at:at] = chance.randbytes(length)
            case 3:
                changed[at:at] = chance.choice(NASTY)
            case 4:
                changed[at : at + length] = chance.choice(NASTY)
            case 5:
                changed[at:at] = changed[max(0, at - length) : at]
            case _ if changed:
                changed[at % len(changed)] ^= 1 << chance.randrange(8)
    return bytes(changed)
