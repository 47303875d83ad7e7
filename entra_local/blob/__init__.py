"""Blob storage: as much of it as a program needs that keeps files there."""
