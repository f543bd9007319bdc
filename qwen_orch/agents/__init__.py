"""Coding agents, driven over the Agent Client Protocol and believed in nothing.

Imports ``processes`` and below. Only ``connection`` imports the protocol's library, which takes half a second: whoever
needs it imports it while the agent's own process starts.
"""
