"""A token's claims, read without verifying anything: good for explaining, never for letting somebody in."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from airflow_entra.errors import UserError

_MOST = 256 * 1024  # characters; Entra's own tokens stay below 16 KiB


def unverified_claims(token: str) -> dict[str, Any]:
    """The claims of a JSON web token. Raises UserError."""
    parts = token.split(".") if len(token) <= _MOST else []
    parts = [part.strip() for part in parts]
    if len(parts) == 5:
        raise UserError("the token is encrypted (five parts); an ID token of Entra has three and can be read")
    if len(parts) != 3:
        raise UserError("this is no token: a JSON web token has three parts with dots between, and nothing else")
    try:
        claims = json.loads(base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise UserError("the token's second part is no base64url JSON; copy the whole token, in one line") from None
    if not isinstance(claims, dict):
        raise UserError("the token's second part is no JSON object; an ID token is right")
    return claims
