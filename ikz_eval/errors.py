"""Errors a person reads: IkzError and its few children.

Every message says where, what was found, what is allowed and how to mend it. Raise these at the edge (a file, a
study, a command); inside, trust the contract. Nothing of ours is imported here.
"""


class IkzError(Exception):
    """Base of every error this project raises on purpose."""


class StudyError(IkzError):
    """A study folder is faulty: names file, row and column."""


class ContractError(IkzError):
    """A table breaks its contract and is not written."""


class WarehouseError(IkzError):
    """The warehouse cannot be read or written (missing table, newer schema, lost race)."""


class DeliveryError(IkzError):
    """A delivery cannot be taken in at all (not a fault in its content: those are findings)."""


class PanelError(IkzError):
    """The panel does not allow what is asked of it."""


class EstimationError(IkzError):
    """An estimate is not identified, or its input is unusable."""


class ReleaseError(IkzError):
    """A release cannot be made or would break a rule of publication."""


class UsageError(IkzError):
    """A method is called with arguments that do not belong together (wrong usage, not wrong data)."""
