"""What the tenant knows and enforces, one module per family of resources; no HTTP here."""
