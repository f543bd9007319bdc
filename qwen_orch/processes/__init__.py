"""Other people's programs, run with deadlines: commands in process groups of their own, and git.

Imports ``store`` and below; asyncio is heavy, so whoever lists tasks must not import this.
"""
