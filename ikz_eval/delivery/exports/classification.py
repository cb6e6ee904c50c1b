"""Accounts as cost blocks: one fixed classification per chart of accounts, by number or by name.

The tables stand in ikz_eval/delivery/layouts/classifications with their reason. What no row fits stays unassigned.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "layouts" / "classifications"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words in an account's name that make it a block, for revenue or expense."""

    block: str
    direction: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Classification:
    """Account -> block.

    Attributes
    ----------
    name : str
        File name without ending.
    prefixes : tuple of (str, str)
        Beginning of an account number -> block, longest first.
    patterns : tuple of Pattern
        For accounts that have a name only, the first that fits counts.
    """

    name: str
    prefixes: tuple[tuple[str, str], ...] = ()
    patterns: tuple[Pattern, ...] = ()

    def block(self, account: str, account_name: str, direction: str | None) -> str | None:
        """Return the block of an account, None when no row fits."""
        for prefix, block in self.prefixes:
            if account.startswith(prefix):
                return block
        words = account_name.casefold()
        for pattern in self.patterns:
            if pattern.direction == direction and any(word in words for word in pattern.words):
                return pattern.block
        return None


@cache
def classifications() -> tuple[str, ...]:
    """Return the names of all classifications."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def load_classification(name: str) -> Classification:
    """Return a classification named by :func:`classifications`."""
    raw = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    prefixes = sorted(raw.get("prefixes", {}).items(), key=lambda row: -len(row[0]))
    patterns = tuple(Pattern(row["block"], row["direction"], tuple(row["words"])) for row in raw.get("pattern", ()))
    return Classification(name, tuple(prefixes), patterns)
