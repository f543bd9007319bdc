"""Other people's programs, run with deadlines: commands in process groups of their own, and git.

Imports ``project`` and below; asyncio is heavy, so whoever lists tasks imports ``hooks`` alone.
"""
