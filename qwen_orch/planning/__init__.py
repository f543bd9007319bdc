"""From words to a manifest: reading plan text, playbooks, thoughts, and the exports that read back.

Imports ``project`` and below; markdown-it only when a plan is read.
"""
