"""Signing in to Azure with the token of a pipeline run: no secret is kept anywhere."""
