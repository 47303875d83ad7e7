"""Starts, stops, seeds and breaks the local tenant and the Airflows beside it."""

DEFAULT_HTTP_PORT = 8400
"""The tenant's sign-in page and portal; its proxy listens one port above."""
