"""Files that break readers end in findings or acceptance; the process that reads them lives on."""

import pytest

from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.reading import shown_name
from tests.ikz_eval.delivery.reading.hostile import CASES, GOOD, NAME, REGISTRY, SLOW_CASES, Case

EXPECTED = expect(REGISTRY)


def check(case: Case) -> None:
    judgement = judge(case.build(), case.file_name, EXPECTED)
    assert tuple(finding.rule for finding in judgement.findings) == case.rules
    assert judgement.status == case.status
    if case.found:
        assert case.found in [finding.found_text() for finding in judgement.findings]
    assert all(finding.sentence(lang) for finding in judgement.findings for lang in ("de", "en"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_file_gets_its_answer(case):
    check(case)
    assert judge(GOOD, NAME, EXPECTED).status == "accepted"


@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW_CASES, ids=lambda case: case.name)
def test_a_large_hostile_file_gets_its_answer(case):
    check(case)


def test_the_corpus_is_as_large_as_it_should_be():
    assert len({case.name for case in CASES}) == len(CASES) >= 80


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("07131_2024-Q3.xlsx", "07131_2024-Q3.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\amt\\Meldung.xlsx", "Meldung.xlsx"),
        ("\\\\server\\ablage\\Meldung.xlsx", "Meldung.xlsx"),
        ("Fa\u0308lle.csv", "Fälle.csv"),
        ("a\0b\r\n.csv", "a\ufffdb\ufffd\ufffd.csv"),
        ("Meldung\u202excod.exe", "Meldung\ufffdxcod.exe"),
        ("..", "Datei"),
        ("", "Datei"),
        ("\u200b\u202e", "Datei"),
        ("x" * 300 + ".xlsx", "x" * 109 + "…" + "xxxxx.xlsx"),
    ],
)
def test_a_name_is_shown_without_what_misleads(name, shown):
    assert shown_name(name) == shown
