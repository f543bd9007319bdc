"""qwen-orch: a session and task orchestrator for developers with a coding agent.

Importing the package does nothing but name its version; every room below says what it may import.
"""

__version__ = "0.1.0"
