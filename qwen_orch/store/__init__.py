"""Every system call that durability depends on, and what is built of them: journal, snapshots, locks, backups.

Imports ``graph`` and ``model``. No other layer opens a file for writing under ``.qwen/orchestration``.
"""
