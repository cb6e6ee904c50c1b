"""Every plausibility rule: what it asks about, where, in which words; and what it leaves alone."""

from decimal import Decimal

import pandas as pd
import pytest

from ikz_eval.delivery.compare import compare
from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.history import Known
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.rules.personal_data import personal_data
from ikz_eval.registry import load_registry
from tests.ikz_eval.delivery.builders import FIELDS, make_content, make_registry, places

LIMITS = load_registry("demonstration").thresholds
POPULATION = pd.DataFrame(
    {
        "ags": [f"X{number:04d}" for number in (101, 102, 901, 902, 903, 904, 905)],
        "reference_date": "2023-12-31",
        "inhabitants": [100_000.0, 90_000.0, 110_000.0, 95_000.0, 105_000.0, 98_000.0, 102_000.0],
    }
)
BODIES = pd.DataFrame({"ags": POPULATION["ags"], "name": [f"Landkreis {ags}" for ags in POPULATION["ags"]]})
AGREEMENTS = pd.DataFrame(
    {
        "agreement": ["gemeinsam", "gemeinsam"],
        "ags": ["X0101", "X0102"],
        "field": ["wohngeld", "wohngeld"],
        "start": ["2024-01-01", "2024-01-01"],
        "end": [None, None],
        "is_host": [True, False],
        "status": ["valid", "valid"],
    }
)
REGISTRY = make_registry(thresholds=LIMITS, bodies=BODIES, population=POPULATION, agreements=AGREEMENTS)
EXPECTED = expect(REGISTRY)
USUAL = {
    "personnel": "60000.00",
    "material": "9000.00",
    "it": "12000.00",
    "rooms": "7000.00",
    "overhead": "10500.00",
    "internal_services": "4000.00",
    "transition": "0",
    "partner_paid": "0",
    "partner_received": "0",
    "fee_revenue": "31000.00",
    "grants": "0",
    "cases": "2400",
    "staff_fte": "3.5",
    "waiting_minutes": "18.5",
    "opening_hours_per_week": "29",
    "online_share_percent": "8.5",
}
EARLIER = ["2022-Q3", "2022-Q4", "2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4", "2024-Q1", "2024-Q2"]


def content_of(ags="X0901", quarter="2024-Q3", scale=1.0, **values):
    """Return a plausible delivery; amounts of each field differ, so that no row is the copy of another."""
    said = {}
    for number, field in enumerate(FIELDS):
        for item, value in USUAL.items():
            factor = Decimal(str(scale)) * (1 + Decimal(number) / 7) if item in USUAL and value != "0" else 1
            wanted = Decimal(value) * (factor if not item.endswith(("minutes", "week", "percent")) else 1)
            decimals = {"cases": "1", "staff_fte": "0.01"}.get(item, "0.01")
            said[f"{field}__{item}"] = str(wanted.quantize(Decimal(decimals)))
    return make_content(ags, quarter, **(said | values))


def numbers(content):
    return {key: Decimal(value) for key, value in content.values.items()}


def known(ags="X0901", previous=None, others=None, **values):
    """Return eight earlier quarters that breathe a little, as real ones do."""
    own = {
        quarter: numbers(content_of(ags, quarter, 1.003 + 0.01 * (position % 3 - 1), **values))
        for position, quarter in enumerate(EARLIER)
    }
    return Known(own, previous, others or {})


def asked(content, beside=None):
    data = filled_csv(REGISTRY, content, "comma_utf8_bom")
    judged = judge(data, f"{content.ags}_{content.quarter}.csv", EXPECTED)
    assert judged.status == "accepted", [finding.sentence() for finding in judged.findings]
    return [f for f in compare(judged, EXPECTED, known(content.ags) if beside is None else beside).findings]


def rules(findings):
    return [(finding.rule, (finding.place.label or "").partition(", ")[2]) for finding in findings]


def test_a_plausible_delivery_is_asked_nothing_with_or_without_history():
    assert asked(content_of()) == []
    assert asked(content_of(), Known()) == []


@pytest.mark.parametrize(
    ("values", "rule", "label", "said"),
    [
        ({"wohngeld__personnel": "68571430.00"}, "K50", "Personalkosten", "68.571,43 EUR"),
        ({"wohngeld__personnel": "68.57"}, "K50", "Personalkosten", None),
        ({"wohngeld__rooms": "-8000.00"}, "K50", "Raumkosten", "8.000,00 EUR"),
        ({"wohngeld__personnel": "65871.43"}, "K50", "Personalkosten", "68.571,43 EUR"),
        ({"wohngeld__personnel": "68571.34"}, "K50", "Personalkosten", "68.571,43 EUR"),
        ({"wohngeld__total": "117142.68"}, "K50", "Summe der Kosten", "117.142,86 EUR"),
    ],
)
def test_a_total_that_does_not_agree_is_asked_about_where_the_difference_arises(values, rule, label, said):
    right = numbers(content_of())["control", "wohngeld", "total"]
    findings = asked(content_of(**({"wohngeld__total": str(right)} | values)))
    assert rules(findings)[0] == (rule, label)
    if said:
        assert said in findings[0].sentence()
    assert len({finding.place for finding in findings}) == len(findings), "one fault, one finding"


def test_two_fields_with_the_same_amounts_are_asked_about():
    same = {f"elterngeld__{item}": str(value) for (table, field, item), value in numbers(content_of()).items()
            if field == "wohngeld" and table == "cost"}  # fmt: skip
    findings = asked(content_of(**same), Known())
    assert rules(findings) == [("K52", "Personalkosten")] and "„Wohngeld“" in findings[0].allowed()


def test_amounts_in_thousands_are_asked_about_by_the_own_series_once_a_sheet():
    small = {
        f"{field}__{item}": str(value / 1000)
        for (table, field, item), value in numbers(content_of()).items()
        if table in ("cost", "control") and value
    }
    findings = [f for f in asked(content_of(**small)) if f.rule != "K19"]
    assert [(f.rule, f.place.sheet, f.place.row) for f in findings] == [("K56", "Kosten", None)]
    assert findings[0].allowed().endswith("gemeldet ist ein Tausendstel der bisherigen Werte")


def test_a_first_delivery_in_thousands_is_asked_about_beside_other_bodies():
    peers = {(ags, "2024-Q3"): numbers(content_of(ags)) for ags in BODIES["ags"] if ags != "X0901"}
    cases = {f"{field}__cases": "2" for field in FIELDS}
    findings = asked(content_of(**cases), Known({}, None, peers))
    assert ("K63", "Fälle") in rules(findings) or [f.rule for f in findings] == ["K63"]


@pytest.mark.parametrize(
    "pair", [("it", "personnel"), ("material", "it"), ("waiting_minutes", "opening_hours_per_week")]
)
def test_swapped_columns_are_asked_about_at_both_names(pair):
    now = {item: value for (_, field, item), value in numbers(content_of()).items() if field == "wohngeld"}
    findings = asked(content_of(wohngeld__total=str(now["total"]), **{f"wohngeld__{pair[0]}": str(now[pair[1]]),
                                                                      f"wohngeld__{pair[1]}": str(now[pair[0]])}))  # fmt: skip
    assert [f.rule for f in findings] == ["K57"]
    assert {findings[0].place.label, dict(findings[0].values)["other"]} == {
        f"Wohngeld, {label}"
        for label in (
            {"it": "IT-Kosten", "personnel": "Personalkosten", "material": "Sachkosten",
             "waiting_minutes": "Wartezeit", "opening_hours_per_week": "Öffnungszeit"}[item] for item in pair)
    }  # fmt: skip


def test_an_earlier_quarter_sent_again_is_one_question_at_the_quarter():
    again = known().own["2024-Q1"]
    content = content_of(**{f"{field}__{item}": str(value) for (_, field, item), value in again.items()})
    findings = asked(content)
    assert places(findings) == [("K58", None, 2, "Quartal", "2024-Q3")]
    assert "2024-Q1" in findings[0].allowed()


def test_a_correction_that_changes_everything_is_one_question_and_a_real_one_none():
    before = numbers(content_of(scale=0.98))
    assert [f.rule for f in asked(content_of(), known(previous=before))] == ["K59"]
    small = numbers(content_of(wohngeld__material="9999.00"))
    assert asked(content_of(), known(previous=small)) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"wohngeld__cases": "4100"}, [("K60", "Fälle")]),
        ({"wohngeld__cases": "0"}, [("K28", "Fälle")]),
        ({"wohngeld__it": "0"}, [("K61", "IT-Kosten")]),
        ({"wohngeld__material": "22000.00"}, [("K62", "Sachkosten")]),
        ({"wohngeld__staff_fte": "45"}, [("K54", "Personal")]),
        ({"wohngeld__material": "-10285.71"}, [("K51", "Sachkosten")]),
        ({"wohngeld__grants": "20.25"}, [("K53", "Zuwendungen")]),
    ],
)
def test_a_number_beside_its_own_series_and_row(values, expected):
    assert rules(asked(content_of(**values))) == expected


def test_what_an_agreement_explains_is_no_jump():
    handed_over = {f"wohngeld__{item}": "30000.00" for item in ("personnel",)} | {"wohngeld__staff_fte": "1.75"}
    beside = Known({quarter: values for quarter, values in known("X0102").own.items() if quarter < "2024-Q1"})
    assert asked(content_of("X0102", "2024-Q1", **handed_over), beside) == []
    assert [f.rule for f in asked(content_of("X0901", "2024-Q1", **handed_over), beside)] == ["K62"]


def test_payments_of_partners_mirror_each_other_once_all_have_delivered():
    guest = numbers(content_of("X0102", wohngeld__partner_paid="5200.00"))
    host = content_of("X0101", wohngeld__partner_received="2500.00")
    beside = Known({}, None, {("X0102", "2024-Q3"): guest})
    findings = asked(host, beside)
    assert rules(findings) == [("K66", "Erhaltene Umlagen und Erstattungen")]
    assert "gezahlt 5.200,00 EUR, erhalten 2.500,00 EUR" in findings[0].allowed()
    assert asked(host, Known()) == []
    assert asked(content_of("X0101", wohngeld__partner_received="5200.00"), beside) == []


def test_a_guest_that_only_receives_is_asked_about_the_direction():
    findings = asked(content_of("X0102", wohngeld__partner_received="5200.00"), Known())
    assert rules(findings) == [("K67", "Erhaltene Umlagen und Erstattungen")]


def test_cost_per_case_and_cases_beside_bodies_of_like_size():
    peers = {(ags, "2024-Q3"): numbers(content_of(ags)) for ags in BODIES["ags"] if ags != "X0901"}
    beside = Known({}, None, peers)
    assert rules(asked(content_of(fahrzeugzulassung__cases="700"), beside)) == [("K64", "Fälle")]
    assert rules(asked(content_of(fahrzeugzulassung__cases="12000"), beside)) == [("K65", "Fälle")]
    assert asked(content_of(fahrzeugzulassung__cases="2900"), beside) == []


def test_a_study_without_limits_asks_nothing():
    quiet = expect(make_registry(bodies=BODIES, population=POPULATION, agreements=AGREEMENTS))
    data = filled_csv(REGISTRY, content_of(wohngeld__material="90000000.00"), "comma_utf8_bom")
    assert compare(judge(data, "a.csv", quiet), quiet, known()).findings == ()


@pytest.mark.parametrize(
    ("remark", "kind"),
    [
        ("Rückfragen an erika.muster@example.org", "mail"),
        ("erika.muster (at) example.org", "mail"),
        ("Tel. 06131 / 16-0000", "phone"),
        ("Durchwahl 412", "phone"),
        ("Frau Muster war krank", "person"),
        ("Vertretung durch Sabine Muster", "person"),
        ("Auskunft: M. Muster", "person"),
        ("Sachbearbeiterin Dr. Muster", "person"),
        ("Umzug am 01.08.2024, 412 Fälle nachgeholt", None),
        ("z. B. Wohngeld, i. V. des Amtes", None),
        ("Mit Frau Landrätin abgestimmt", None),
        ("Schreiben der Kommunalaufsicht Trier vom 3. Mai", None),
        ("§ 2 Abs. 1 S. 2 UStG, Stadt Bad Kreuznach", None),
    ],
)
def test_personal_data_in_remarks_is_recognised(remark, kind):
    assert personal_data(remark) == kind
