"""The Pulumi engine: getting it, running Python programs with it, and stand-ins for its providers."""

PULUMI_VERSION = "3.256.0"
"""The Pulumi release that go.mod pins."""
