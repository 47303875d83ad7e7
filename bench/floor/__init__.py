"""The floor: a bare Pulumi program with a provider that answers at once. What is slower than this is ours."""
