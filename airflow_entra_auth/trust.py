"""A company's own certificate authority, said once: what one library is told of it holds for all of this process.

httpx reads SSL_CERT_FILE; requests, and with it Authlib and Azure's libraries, REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE. A
proxy needs nothing here: all of them read HTTPS_PROXY and NO_PROXY. Standard library alone, for Python 3.10.
"""

import os
from collections.abc import MutableMapping

FIX = (
    "SSL_CERT_FILE names a file with the certificate authorities to trust, your company's among them, and HTTPS_PROXY "
    "and NO_PROXY say where a proxy is"
)
"""What works for every library, in a hint."""
_AUTHORITIES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_THE_SAME = (*_AUTHORITIES, "CURL_CA_BUNDLE")


def one_authority(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let every library trust what one of them is told to; a variable that is set stays as it is."""
    file = next((environment[name] for name in _THE_SAME if environment.get(name)), None)
    for name in _AUTHORITIES if file else ():
        environment[name] = environment.get(name) or str(file)
