"""Resources and access as Resource Manager keeps them; no HTTP here."""
