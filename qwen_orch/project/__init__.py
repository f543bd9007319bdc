"""One project folder: its settings, its orchestrations, what is current, and the one writer of each orchestration.

Imports ``store``, ``graph`` and ``model``.
"""
