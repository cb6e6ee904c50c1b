"""Text files: by byte order mark, then strict UTF-8, then cp1252; anything else is refused, never guessed.

Runs in the child of the sandbox. What the text means is csv_lines.py and exports/.
"""

import codecs
import re

from ikz_eval.delivery.reading.contents import Contents, Oddity, Refusal

_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DOS_END = "\x1a"
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
"""Control characters that no text has; tabs, line and page ends may stand there."""
_TWICE_ENCODED = re.compile("Ã[¤¶¼Ÿ„–œ\u0084\u0096\u009c\u009f]|â‚¬")
"""UTF-8 that another program took for cp1252 and saved as UTF-8: ``GebÃ¼hren``."""
_OTHER_CODE_PAGE = re.compile("[A-Za-z][„”ŸŠ§][a-z]|[A-Za-z][„”Ÿ][A-Za-z]")
"""German of DOS (cp850: ``F„lle``) or of an old Macintosh (``FŠlle``) taken for cp1252."""


def read_text_file(data: bytes, oddities: tuple[Oddity, ...] = ()) -> Contents | Refusal:
    """Return the text of a file, or why nobody can say what stands in it."""
    encoding, text = _decoded(data)
    if text is None:
        return Refusal("K02", "encoding")
    text = text.removesuffix(_DOS_END)
    if _CONTROL.search(text):
        return Refusal("K02", "encoding")
    if _TWICE_ENCODED.search(text):
        return Refusal("K02", "mojibake")
    if encoding == "cp1252" and _OTHER_CODE_PAGE.search(text):
        return Refusal("K02", "encoding")
    if not text.strip():
        return Refusal("K01", "empty")
    return Contents("text", text=text, encoding=encoding, oddities=oddities)


def _decoded(data: bytes) -> tuple[str, str | None]:
    """Return the encoding, and the text; None when the bytes are no text in it."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    for candidate in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            return candidate, data.decode(candidate)
        except UnicodeDecodeError:
            continue
    return encoding or "cp1252", None
