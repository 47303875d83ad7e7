"""Passwords of people: none by default, so that the sign-in page lets everybody in by name; kept as hashes only."""

from entra_local.keys import hash_secret, secret_matches
from entra_local.store import Directory

_KIND = "userPassword"


def set_password(directory: Directory, user_id: str, password: str) -> None:
    """Give a person a password; "" takes it away."""
    if password:
        directory.put(_KIND, user_id, {"id": user_id, "hash": hash_secret(password)})
    else:
        directory.remove(_KIND, user_id)


def has_password(directory: Directory, user_id: str) -> bool:
    """Whether the sign-in page must ask for a password."""
    return directory.get(_KIND, user_id) is not None


def password_matches(directory: Directory, user_id: str, password: str) -> bool:
    """Whether this is the person's password, compared in constant time; True for who has none."""
    stored = directory.get(_KIND, user_id)
    return stored is None or secret_matches(password, stored.body["hash"])
