"""Value to picture: an answer becomes neutral blocks, blocks become lines, and a painter writes them.

``draw`` says what to show, ``layout`` where it stands, ``plain`` and ``terminal`` how it reaches the stream. Imports
``answers``, ``graph``, ``model`` and ``errors``; rich only in ``terminal``, and only where there is one to colour.
"""
