"""Takes over what was made by hand: a stack file from a live tenant, and a state for what is there already.

Only ever reads the directory. What it finds and can't or must not write into a stack file, it says.
"""
