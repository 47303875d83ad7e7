"""Where Airflow answers during sign-on, below its base URL, by major version. Measured on 3.3.2 and 2.11.2 with FAB."""

REDIRECT = {2: "/oauth-authorized/azure", 3: "/auth/oauth-authorized/azure"}
SIGN_OUT = {2: "/logout/", 3: "/auth/logout"}
