"""Names of files as people may see them; stored files carry names of our own (their SHA-256)."""

import re
import unicodedata

MAX_SHOWN = 120
"""Longest name that is shown whole; a longer one breaks tables and mails."""
_MISLEADING = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Unicode categories that do not belong in a name people read: control, direction, undecodable bytes, line ends."""


def shown_name(name: str) -> str:
    r"""Return a file name as it can be stored and shown.

    Folders before it are left out (``C:\Meldung\a.xlsx`` and ``../../a.xlsx`` are ``a.xlsx``), split umlauts joined,
    signs that are unreadable or mislead become a mark, and a very long name keeps its beginning and its ending.
    """
    bare = re.split(r"[\\/]", unicodedata.normalize("NFC", name).rstrip("\\/ "))[-1]
    shown = "".join("\ufffd" if unicodedata.category(sign) in _MISLEADING else sign for sign in bare).strip()
    if len(shown) > MAX_SHOWN:
        shown = f"{shown[: MAX_SHOWN - 11]}…{shown[-10:]}"
    return shown if shown.strip(". \ufffd") else "Datei"
