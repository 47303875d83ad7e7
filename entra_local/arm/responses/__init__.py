"""Parse a call, ask the models, shape the reply; one module per provider."""
