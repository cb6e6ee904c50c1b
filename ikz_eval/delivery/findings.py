"""Findings: what a rule has to say about a place in a file, and the sentence a person reads.

Holds the types and their rendering in both languages; the words stand in ikz_eval/texts/delivery.*.toml, the rules in
rules/.
"""

from dataclasses import dataclass
from decimal import Decimal

from ikz_eval.texts import number, text
from schemas.vocabulary import REJECTING


@dataclass(frozen=True, slots=True)
class TextKey:
    """A word that is rendered in the reader's language: key of ikz_eval/texts."""

    key: str


Word = str | Decimal | TextKey
"""What a finding may say: text verbatim from the file, a number, or a word of the catalogue."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file.

    Attributes
    ----------
    file : str
        Name of the file as it arrived.
    sheet : str or None
        Sheet, or the section of a CSV file; None for the file as a whole.
    row : int or None
        Row, from 1; None for the sheet as a whole.
    column : str or None
        Column letter, or column name of a CSV file.
    label : str or None
        Heading of the column as the form prints it.
    """

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found at one place.

    Attributes
    ----------
    rule : str
        ``K07``.
    severity : str
        One of ``schemas.vocabulary.SEVERITIES``.
    place : Place
        Where.
    found : str, Decimal or TextKey
        What stands there: verbatim, or a word of the catalogue.
    values : tuple of (str, Word)
        What the rule's sentences need besides.
    """

    rule: str
    severity: str
    place: Place
    found: Word
    values: tuple[tuple[str, Word], ...] = ()

    @property
    def is_rejecting(self) -> bool:
        """Whether this finding alone rejects the delivery."""
        return self.severity in REJECTING

    def found_text(self, lang: str = "de") -> str:
        """Return what was found, verbatim or in words."""
        return _word(self.found, lang)

    def allowed(self, lang: str = "de") -> str:
        """Return what is allowed."""
        return self._sentence_of("allowed", lang)

    def remedy(self, lang: str = "de") -> str:
        """Return what to do."""
        return self._sentence_of("remedy", lang)

    def sentence(self, lang: str = "de") -> str:
        """Return the finding as one line: rule, place, what was found, what is allowed, what to do."""
        quoted = "verbal" if isinstance(self.found, TextKey) else "verbatim"
        return text(
            f"delivery.sentence.{quoted}",
            lang,
            rule=self.rule,
            place=place_text(self.place, lang),
            found=self.found_text(lang),
            allowed=self.allowed(lang),
            remedy=self.remedy(lang),
        )

    def _sentence_of(self, part: str, lang: str) -> str:
        values = {name: _word(value, lang) for name, value in self.values}
        return text(f"delivery.rule.{self.rule}.{part}", lang, **values)


def place_text(place: Place, lang: str = "de") -> str:
    """Return a place in words: file, sheet, row, column."""
    parts = [place.file]
    if place.sheet is not None:
        parts.append(text("delivery.place.sheet", lang, sheet=place.sheet))
    if place.row is not None:
        parts.append(text("delivery.place.row", lang, row=place.row))
    if place.column is not None:
        key = "column" if place.label is None else "labelled_column"
        parts.append(text(f"delivery.place.{key}", lang, column=place.column, label=place.label or ""))
    return ", ".join(parts)


def _word(value: Word, lang: str) -> str:
    if isinstance(value, TextKey):
        return text(value.key, lang)
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return number(value, lang, max(0, -exponent) if isinstance(exponent, int) else 0)
    return value
