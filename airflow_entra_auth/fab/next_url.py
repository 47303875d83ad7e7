"""Where a sign-in goes on to. Pure."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

_NOT_AFTERWARDS = ("login", "logout", "oauth-authorized")


def safe_next(wanted: str | None, base_url: str) -> str:
    """An absolute URL of this Airflow: `wanted` where it surely is one, else the start page.

    `wanted` comes from whoever made the link. Browsers read a backslash as a slash, drop tabs and newlines, and take
    "//host" and "https:host" for other sites: whatever isn't plainly a path of this Airflow is dropped. So are the
    pages of signing in and out, which would go round in circles.
    """
    start = f"{base_url}/"
    if not wanted or not wanted.isascii() or not wanted.isprintable() or any(c in wanted for c in '\\;" <>'):
        return start
    base = urlsplit(base_url)
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return start
    site = (parts.scheme, parts.netloc)
    if any(site) and (site != (base.scheme, base.netloc) or not wanted.startswith(f"{base.scheme}://")):
        return start
    path = parts.path
    segments = unquote(path).split("/")
    inside = path == base.path or path.startswith(f"{base.path}/")
    if wanted.startswith("//") or not path.startswith("/") or not inside or unquote(path) != unquote(unquote(path)):
        return start
    if "//" in unquote(path) or "\\" in unquote(path) or not unquote(path).isprintable():
        return start
    if any(one in (".", "..") for one in segments) or any(one in _NOT_AFTERWARDS for one in segments):
        return start
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{base.scheme}://{base.netloc}{path}{query}{fragment}"
