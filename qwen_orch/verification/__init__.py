"""Claims become verdicts here, from evidence and from nothing else.

Imports ``processes``, ``project`` and below.
"""
