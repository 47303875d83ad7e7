"""Foreign text in a $filter of Microsoft Graph."""

from __future__ import annotations


def literal(text: str) -> str:
    """`text` as a string of OData, in its quotes: https://learn.microsoft.com/graph/query-parameters#encoding-query-parameters"""
    return "'" + text.replace("'", "''") + "'"
