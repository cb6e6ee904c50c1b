"""Random damage: bytes flipped, cut, doubled; marks and values of XML parts replaced. Seeded, so that a find can be repeated."""

import random
import re

from tests.ikz_eval.delivery.reading.packages import package, parts_of

ODD = (
    b"", b"\0", b"-1", b"0", b"1E999", b"99999999999999999999", b"NaN", b"true", b"\xff\xfe", b"&amp;", b"&x;", b"<", b"]]>",
    b"A1:XFD1048576", b"XFD1048576", b"../../x", b"\xc3\x28", b"s" * 5000, b"#REF!", b"=1+1", b"2024-13-45",
)  # fmt: skip
_VALUE = re.compile(rb'"[^"<>]*"')
_MARK = re.compile(rb"<[^>]*>")
_TEXT = re.compile(rb">[^<]+<")


def damaged_bytes(data: bytes, luck: random.Random) -> bytes:
    """Return data with one to twenty places changed."""
    out = bytearray(data)
    for _ in range(luck.randint(1, 20)):
        at = luck.randrange(len(out) + 1)
        kind = luck.randrange(5)
        if kind == 0:
            out[at : at + 1] = bytes([luck.randrange(256)])
        elif kind == 1:
            del out[at : at + luck.randint(1, 60)]
        elif kind == 2:
            out[at:at] = luck.choice(ODD)
        elif kind == 3:
            out[at:at] = out[at : at + luck.randint(1, 200)]
        else:
            out[at : at + 4] = luck.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x00\x00\x00\x80"))
    return bytes(out[: luck.randrange(len(out))] if luck.random() < 0.05 and out else out)


def damaged_part(data: bytes, luck: random.Random) -> bytes:
    """Return a package of which one to three parts had their XML changed and which is zipped soundly again."""
    parts = parts_of(data)
    for _ in range(luck.randint(1, 3)):
        name = luck.choice(sorted(parts))
        parts[name] = _damaged_xml(parts[name], luck)
    return package(parts)


def _damaged_xml(part: bytes, luck: random.Random) -> bytes:
    pattern = luck.choice((_VALUE, _MARK, _TEXT))
    found = list(pattern.finditer(part))
    if not found:
        return damaged_bytes(part, luck)
    for match in sorted(luck.sample(found, min(len(found), luck.randint(1, 4))), key=lambda match: -match.start()):
        start, end = match.span()
        if pattern is _MARK:
            new = luck.choice((b"", part[start:end] * 2, luck.choice(found).group(), b"<a>"))
        else:
            new = part[start : start + 1] + luck.choice(ODD) + part[end - 1 : end]
        part = part[:start] + new + part[end:]
    return part
