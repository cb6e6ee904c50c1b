"""Good files damaged at random end in findings or acceptance: never an error, never a hang, never a dead process."""

import random

import pytest

from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.reading import Sandbox
from tests.ikz_eval.delivery.reading.hostile import CSV, GOOD, REGISTRY, good_table
from tests.ikz_eval.delivery.reading.mutate import damaged_bytes, damaged_part
from tests.ikz_eval.delivery.reading.packages import ods, xls

EXPECTED = expect(REGISTRY)
TABLE = good_table()
GOOD_FILES = {
    "xlsx": GOOD,
    "ods": ods(TABLE),
    "xls": xls(TABLE),
    "csv": CSV.encode("cp1252"),
}


def mutations(seed: int, count: int):
    """Yield damaged files: two of three with changed XML, the others with changed bytes."""
    luck = random.Random(seed)
    for number in range(count):
        ending = luck.choice(("xlsx", "xlsx", "xlsx", "ods", "xls", "csv"))
        is_xml = ending in ("xlsx", "ods") and luck.random() < 0.7
        damage = damaged_part if is_xml else damaged_bytes
        yield number, ending, damage(GOOD_FILES[ending], luck)


def judge_all(seed: int, count: int) -> dict[str, int]:
    """Judge mutations in one sandbox and count what came of them."""
    came: dict[str, int] = {}
    with Sandbox() as sandbox:
        for number, ending, data in mutations(seed, count):
            judgement = judge(data, f"X0101_2024-Q3.{ending}", EXPECTED, sandbox=sandbox)
            where = f"seed {seed}, mutation {number} ({ending})"
            assert judgement.status == "accepted" or any(found.is_rejecting for found in judgement.findings), where
            assert all(finding.sentence() for finding in judgement.findings), where
            assert len(judgement.findings) <= 200, where
            came[judgement.status] = came.get(judgement.status, 0) + 1
        assert judge(GOOD, "X0101_2024-Q3.xlsx", EXPECTED, sandbox=sandbox).status == "accepted"
    return came


def test_sixty_damaged_files_get_their_answer():
    came = judge_all(20261123, 60)
    assert came["rejected"] > came["accepted"] > 0


@pytest.mark.slow
def test_a_thousand_damaged_files_get_their_answer():
    came = judge_all(1, 1000)
    assert sum(came.values()) == 1000 and came["rejected"] > came["accepted"] > 0
