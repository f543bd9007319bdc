"""The session graph: tasks, sessions and what joins them; pure functions from state and event to state.

Imports ``model`` alone: no I/O, no clock, no randomness but a seeded one.
"""
