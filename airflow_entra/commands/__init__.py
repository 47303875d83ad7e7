"""One module for each thing that a person asks for: which facts it takes, from where, in which order."""
