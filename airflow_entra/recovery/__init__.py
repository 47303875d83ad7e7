"""Settles what an interrupted run of Pulumi left behind: its lock, and resources that were being made.

Pulumi itself would stop at the lock, and after `pulumi cancel` make what was half made a second time.
"""
