"""The types of columns that several contracts share.

Apart from vocabulary.py, so that whoever needs only words (judging a file at a clerk's desk) does not load pandas.
"""

from typing import Annotated

import pandas as pd

Int = pd.Int64Dtype
"""Nullable integer."""
UtcTime = Annotated[pd.DatetimeTZDtype, "us", "UTC"]
"""Microseconds in UTC."""
