"""The two slots that an application's client secret is kept in, and which of them is in use."""

from __future__ import annotations

from datetime import datetime

SLOTS = ("slot-a", "slot-b")


def current(first_end: str, second_end: str) -> int:
    """Which of the two slots is in use: the one that ends later. Ends are RFC 3339, as Graph writes them."""
    return 1 if parse_rfc3339(second_end) > parse_rfc3339(first_end) else 0


def parse_rfc3339(text: str) -> datetime:
    return datetime.fromisoformat(text)
