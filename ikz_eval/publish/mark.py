"""The mark every published file carries: invented figures, or internal while disclosure control does not exist.

Which releases are marked how is decided here and nowhere else; the words stand in ikz_eval/texts (``publish.mark``).
"""

from ikz_eval.registry import Registry
from ikz_eval.texts import text


def mark_kind(registry: Registry) -> str:
    """Return ``invented`` for a demonstration, ``internal`` for every real study."""
    return "invented" if registry.is_invented else "internal"


def mark(registry: Registry, lang: str = "de") -> str:
    """Return the mark in words."""
    return text(f"publish.mark.{mark_kind(registry)}", lang)
