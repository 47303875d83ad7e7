"""Sign-in: token endpoint, keys and discovery documents."""
