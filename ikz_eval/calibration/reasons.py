"""Why designs or fields cannot be assessed, in words: those alike in one sentence.

Holds the grouping only. The codes come from the verdict's rules, the sentences from ikz_eval/texts.
"""

from collections.abc import Iterable

from ikz_eval.texts import text


def reason_words(codes: Iterable[str], lang: str) -> str:
    """Return reasons in words, apart by commas."""
    return ", ".join(text(f"verdict.reason.{code}", lang) for code in codes)


def alike_in_words(key: str, lang: str, reasons: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """Return one sentence for all names that have the same reasons.

    Parameters
    ----------
    key : str
        Sentence in texts/calibration with the placeholders ``names`` and ``reason``.
    lang : str
        ``de`` or ``en``.
    reasons : iterable of (str, tuple of str)
        Name of a design or field, and the codes of its reasons; names without reasons are left out.
    """
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, codes in reasons:
        if codes:
            alike.setdefault(codes, []).append(name)
    return tuple(
        text(key, lang, names=", ".join(names), reason=reason_words(codes, lang)) for codes, names in alike.items()
    )
