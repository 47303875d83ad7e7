"""The Pulumi engine: getting it, running Python programs with it, and stand-ins for its providers."""

PULUMI_VERSION = "3.256.0"
"""The Pulumi release that is downloaded, or built: go.mod pins the same."""

PULUMI_SHA256 = {
    "darwin-arm64": "da8ed5d80c07ef00c5b0a489ddcedf4c985092d69b8efc4e9d2193e1e4f05b5b",
    "darwin-x64": "53a8c8775cb6e9886482552a3e7c74eccec7284dce4a4f68368a94113cf47b98",
    "linux-arm64": "a5b0c4cfc894d9147b8769eeb590fb6517f98829595d95443c2b6f91b1815711",
    "linux-x64": "fe4afd4cda48f7fe06961268834caf78fb1efa8b31ee61ad00ee2e6cfa91caea",
}
"""Platform -> SHA-256 of that release's archive, as Pulumi's own Homebrew formula gives them."""
