"""Contracts of the reference series a study ships: prices, population, vehicles, employment, published cases.

Every figure has its source. Where a series ends, it ends: nothing is extrapolated.
"""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.vocabulary import AGS, ISO_DATE, PRICE_SERIES, QUARTER


class PriceIndex(Contract):
    """Mean of a price series in one quarter; only quarters with all three months."""

    series: Series[str] = described("consumer (Verbraucherpreisindex) or pay (Tarifindex TVöD)", isin=PRICE_SERIES)
    quarter: Series[str] = described("Calendar quarter", str_matches=QUARTER)
    price_index: Series[float] = described("Quarterly mean [index points; base as in the source]", gt=0)
    base: Series[str] = described("Base of the index, e.g. 2020 = 100")
    source: Series[str] = described("Publisher and table", str_length={"min_value": 3})

    class Config:
        """Name of the table and its key."""

        name = "price_index"
        unique = ["series", "quarter"]


class Population(Contract):
    """Inhabitants of one body on one day."""

    ags: Series[str] = described("Body", str_matches=AGS)
    reference_date: Series[str] = described("Day the figure holds for (ISO date)", str_matches=ISO_DATE)
    inhabitants: Series[float] = described("Inhabitants, as precise as the source [persons]", ge=0)
    concept: Series[str] = described("Concept: Fortschreibung, Zensus 2022, …")
    source: Series[str] = described("Publisher and table", str_length={"min_value": 3})

    class Config:
        """Name of the table and its key."""

        name = "population"
        unique = ["ags", "reference_date", "concept"]


class VehicleStock(Contract):
    """Vehicles of one registration district (Zulassungsbezirk) on one day; a district may cover several bodies."""

    district: Series[str] = described(
        "Registration district of the KBA, 5 digits (07211 is Trier and Trier-Saarburg together)"
    )
    reference_date: Series[str] = described("Day the figure holds for (ISO date)", str_matches=ISO_DATE)
    vehicle_kind: Series[str] = described("cars or all_vehicles", isin=("cars", "all_vehicles"))
    vehicles: Series[int] = described("Vehicles [number]", ge=0)
    source: Series[str] = described("Publisher and table", str_length={"min_value": 3})

    class Config:
        """Name of the table and its key."""

        name = "vehicle_stock"
        unique = ["district", "reference_date", "vehicle_kind"]


class RegistrationDistrict(Contract):
    """One body's registration district."""

    district: Series[str] = described("Registration district of the KBA")
    ags: Series[str] = described("Body that belongs to it", str_matches=AGS, unique=True)
    source: Series[str] = described("Publisher and table", str_length={"min_value": 3})

    class Config:
        """Name of the table."""

        name = "registration_district"


class Employment(Contract):
    """Employees subject to social insurance at their place of work in one body, one year."""

    ags: Series[str] = described("Body", str_matches=AGS)
    year: Series[int] = described("Year", ge=1990)
    employees_thousand: Series[float] = described("Employees [thousand persons]", ge=0)
    source: Series[str] = described("Publisher and table", str_length={"min_value": 3})

    class Config:
        """Name of the table and its key."""

        name = "employment"
        unique = ["ags", "year"]


class PublishedFigure(Contract):
    """One figure that stands in print about one cooperation, verbatim, with its source."""

    case: Series[str] = described("Key of the published case")
    sequence: Series[int] = described("Order within the case, from 1", ge=1)
    moment: Series[str] = described("before, after or same (cross-section)", isin=("before", "after", "same"))
    carrier: Series[str] = described("Who the figure is about, as printed")
    measure: Series[str] = described(
        "posts_fte, cases_per_year, eur_per_case", isin=("posts_fte", "cases_per_year", "eur_per_case")
    )
    value: Series[str] = described("Figure in canonical decimal form", str_matches=r"^-?\d+(\.\d+)?$")
    definition: Series[str] = described(
        "Key of what is counted; figures of a case with different keys are not comparable", str_length={"min_value": 3}
    )
    is_joint: Series[bool] = described("Whether the carrier is the joint operation")
    note_de: Series[str] = described("What to know about the figure, in German", nullable=True)
    source: Series[str] = described("Where it is printed", str_length={"min_value": 3})

    class Config:
        """Name of the table and its key."""

        name = "published_figure"
        unique = ["case", "sequence"]
