"""The workbook that goes back: the sender's own, with a first sheet and a comment and colour at every faulty cell.

``returned_workbook`` patches the package parts of an XLSX file and leaves all others as they are; reply.py holds what it
writes, own.py makes a workbook for deliveries that were none. What an answer says is answer_words.py. Patching instead
of loading and saving: decision 0014.
"""

from ikz_eval.delivery.returned.patch import returned_workbook
from ikz_eval.delivery.returned.reply import CannotReturnError, CoverCell, Mark, Reply

__all__ = ["CannotReturnError", "CoverCell", "Mark", "Reply", "returned_workbook"]
