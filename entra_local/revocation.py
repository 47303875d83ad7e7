"""What signing in leaves behind, and how it is taken away: codes, refresh tokens, browser sessions."""

from entra_local import clock
from entra_local.store import Directory

CODE = "signInCode"
REFRESH_TOKEN = "refreshToken"  # noqa: S105 - a kind of document
SESSION = "browserSession"
_REMEMBERED = 24 * 3600
"""Seconds for which something expired is still told from what never was."""


def forget_expired(directory: Directory, kind: str) -> None:
    """Remove what expired long ago; documents of a kind expire in the order in which they were made."""
    horizon = clock.seconds() - _REMEMBERED
    old = []
    for found in directory.scan(kind):
        if found.body["expires"] > horizon:
            break
        old.append(found.id)
    for id_ in old:
        directory.remove(kind, id_)


def revoke_grants(directory: Directory, name: str, value: str) -> None:
    """Revoke every code and refresh token of a person (`userId`) or of one sign-in (`family`).

    They stay, so that whoever brings one is told why it is worth nothing.
    """
    for kind in (CODE, REFRESH_TOKEN):
        for found in directory.find(kind, name, value):
            directory.put(kind, found.id, found.body | {"revoked": True})


def end_sign_ins(directory: Directory, user_id: str) -> None:
    """Revoke all that a person signed in for, and end the sessions of all browsers."""
    revoke_grants(directory, "userId", user_id)
    for found in directory.find(SESSION, "userId", user_id):
        directory.remove(SESSION, found.id)
