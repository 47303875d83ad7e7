"""Starts, stops, seeds and breaks the local tenant and the Airflows beside it."""
