"""Runs the engine's previews of one or all stacks and reads from its own events what they would do."""
