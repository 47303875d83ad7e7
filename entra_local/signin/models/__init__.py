"""Sign-in without HTTP: tenants, clients, requests, people, sessions, and what is issued to whom."""
