"""Where Airflow answers during a sign-on, below its base URL. Measured on Airflow 3.3.2 and 2.11.2 with FAB.

Standard library alone, for Python 3.10.
"""

PROVIDER = "azure"
"""What FAB calls Entra: the last part of the redirect URI."""
CALLBACK = "/oauth-authorized"
MOUNT = "/auth"
"""Where 3.x has the pages of its auth manager; 2.11 has them at the top."""
SIGN_OUT = "/logout"

REDIRECTS = {2: f"{CALLBACK}/{PROVIDER}", 3: f"{MOUNT}{CALLBACK}/{PROVIDER}"}
"""The path of the redirect URI, by Airflow's major version."""
SIGN_OUTS = {2: f"{SIGN_OUT}/", 3: f"{MOUNT}{SIGN_OUT}"}
"""The path of the URL for front-channel sign-out."""
