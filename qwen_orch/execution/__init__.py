"""Doing the work: choosing an executor, running commands with a deadline, attempts that survive a crash.

Imports ``project`` and below; asyncio only when something is run.
"""
