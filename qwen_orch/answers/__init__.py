"""What commands answer: frozen values whose fields are the keys of ``--json``, and which the views draw.

One module a room, so that a command pays for its own answers only. Imports ``graph`` and ``model``.
"""
