"""The warehouse: Delta tables by name, each validated against its contract on every write.

No door goes round ``Warehouse.write``/``append``: asset, command and notebook all come through here. Typing frames is
typing.py, reading with SQL query.py, copies backup.py. What a table means stands in schemas/.
"""

from ikz_eval.warehouse.store import Warehouse
from ikz_eval.warehouse.typing import empty_table, key_columns, typed

__all__ = ["Warehouse", "empty_table", "key_columns", "typed"]
