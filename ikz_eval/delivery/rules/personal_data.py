"""Personal data in remarks: e-mail addresses, telephone numbers and names, recognised and never repeated.

Holds the patterns only; the rule that asks is K26 in content.py. A recogniser errs towards asking: a question costs a
glance, a published name more.
"""

import re

# Bounded lengths: an unbounded local part takes seconds for one long remark.
_MAIL = re.compile(r"[\w.+-]{1,64}(?:@|\s?\(at\)\s?|\s?\[at\]\s?)[\w-]{1,63}\.\w")
_PHONE = re.compile(r"(?:\+49|\b0)[\d()/ -]{6,}\d|\b(?:Tel|Telefon|Durchwahl|DW|Mobil)\b\.?:?\s*\d[\d /-]{2,}")
_WORD = r"[A-ZÄÖÜ][a-zäöüßé]+(?:-[A-ZÄÖÜ][a-zäöüßé]+)?"
_ADDRESSED = re.compile(
    rf"\b(?:Herrn?|Frau|Hr\.|Fr\.|Kollegin|Kollege|Kollegen|Sachbearbeiter(?:in)?|Ansprechpartner(?:in)?:?|Dr\.|Prof\.)"
    rf"\s+(?:Dr\.\s+|Prof\.\s+)?({_WORD})"
)
_INITIAL = re.compile(rf"\b[A-ZÄÖÜ]\.\s?{_WORD}\b")
_ABBREVIATED = re.compile(r"\b[a-zA-Z]\.\s?$")
"""What stands before the ``B.`` of ``z. B. Wohngeld``."""
_PAIR = re.compile(rf"\b({_WORD})\s+({_WORD})\b")
_NO_NAME = frozenset(
    """
    Abteilung Amt Amtes Bürgermeister Bürgermeisterin Fachbereich Kollege Kollegin Landrat Landrätin Leiter Leiterin
    Minister Ministerin Oberbürgermeister Oberbürgermeisterin Präsident Präsidentin Referat Sachgebiet Stelle
    """.split()  # noqa: SIM905
)
"""Words after a form of address that name an office, not a person."""
_FIRST_NAMES = frozenset(
    """
    Alexander Alexandra Ali Andrea Andreas Angelika Anja Anke Anna Anne Annette Antje Axel Barbara Bernd Bernhard
    Bettina Birgit Björn Brigitte Britta Carsten Christa Christian Christiane Christina Christine Christoph Claudia
    Cornelia Dagmar Daniel Daniela David Dennis Detlef Dieter Dirk Doris Elena Elisabeth Elke Erika Erik Eva Fabian
    Fatma Felix Florian Frank Franz Franziska Fritz Gabriele Georg Gerd Gerhard Gisela Günter Günther Hannah Hans
    Harald Heike Heinz Helga Helmut Hendrik Herbert Holger Horst Ingo Ingrid Jana Jasmin Jens Jessica Joachim Jochen
    Johanna Johannes Jonas Jörg Josef Julia Jürgen Jutta Karin Karl Karsten Katharina Kathrin Katja Katrin Kerstin
    Klaus Kristina Kurt Lars Laura Lea Lena Leon Lisa Lukas Lutz Manfred Manuela Marc Marcel Marco Maria Marie Mario
    Marion Markus Martin Martina Matthias Max Maximilian Mehmet Melanie Michael Michaela Mohammed Monika Mustafa
    Nadine Nadja Nicole Nina Nils Norbert Olaf Oliver Patricia Patrick Paul Peter Petra Philipp Rainer Ralf Ralph
    Regina Renate René Reinhard Robert Roland Rolf Rüdiger Sabine Sandra Sarah Saskia Sebastian Silke Silvia Simon
    Simone Sonja Stefan Stefanie Steffen Stephan Susanne Sven Svenja Swen Tanja Tatjana Thomas Thorsten Tim Timo
    Tobias Torsten Udo Ulrich Ulrike Ursula Ute Uwe Vanessa Vera Verena Viktor Volker Walter Werner Wilhelm Wolfgang
    Yvonne
    """.split()  # noqa: SIM905
)
"""Frequent first names: before another capitalised word they make a person."""


def personal_data(remark: str) -> str | None:
    """Return what kind of personal data a remark seems to hold: ``mail``, ``phone``, ``person`` or None."""
    if _MAIL.search(remark):
        return "mail"
    if _PHONE.search(remark):
        return "phone"
    return "person" if _names_somebody(remark) else None


def _names_somebody(remark: str) -> bool:
    """Whether a form of address, a first name or an initial stands before a name."""
    return (
        any(match[1] not in _NO_NAME for match in _ADDRESSED.finditer(remark))
        or any(match[1] in _FIRST_NAMES for match in _PAIR.finditer(remark))
        or any(not _ABBREVIATED.search(remark[: match.start()]) for match in _INITIAL.finditer(remark))
    )
