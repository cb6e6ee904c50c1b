"""The invented staggered panel, for every reference test."""

import pandas as pd
import pytest

from tests.reference.staggered import invented_panel


@pytest.fixture(scope="session")
def staggered() -> pd.DataFrame:
    """Return the invented panel of 36 bodies, 9 regions and blocks, 24 quarters."""
    return invented_panel()
