"""Doing the work: who does a task, what they are given, attempts that survive a crash, and whether a claim is believed.

Imports ``verification``, ``agents`` and below; asyncio, and what drives agents, only when something is run.
"""
