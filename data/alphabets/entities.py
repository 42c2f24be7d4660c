"""What a word of an invoice or receipt may be part of: one vocabulary for every set of pages."""

from __future__ import annotations

# On the right what a set has under a name of its own: it becomes ours, so that one tagger can learn of all.
CLASSES = (
    "",  # nothing: no entity, or one that the project does not extract
    "supplier",  # SROIE company; Kaggle supplier, there with its address in one region
    "supplier_address",  # SROIE address
    "receiver",  # Kaggle receiver
    "invoice_number",  # RVL-CDIP InvoiceNumber
    "issue_date",  # SROIE date; RVL-CDIP IssuedDate
    "total",  # SROIE total; RVL-CDIP TotalAmount; Kaggle total, there with its caption and the sums above it
    "invoice_info",  # Kaggle invoice_info: numbers and dates with their captions, in one region
    "positions",  # Kaggle positions: the table of what was bought. RVL-CDIP's LineItem is not read
    "other",  # Kaggle other: a region annotated as being something else
)


def find_problem(label: str) -> str | None:
    """Say why `label` is not an entity; None when it is one.

    >>> find_problem("total")
    >>> find_problem("")
    >>> find_problem("Total")
    "unknown label: 'Total' is not one of supplier, supplier_address, receiver, invoice_number, issue_date, total, \
invoice_info, positions, other"
    """
    return None if label in CLASSES else f"unknown label: {label!r} is not one of {', '.join(CLASSES[1:])}"
