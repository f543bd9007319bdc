"""The shell: a prompt that stays usable for days. One module a concept; prompt_toolkit is imported by few of them.

``loop`` is the shell itself and knows only the port `Prompt`: ``toolkit`` is the real one (with ``completer``,
``keys``, ``history`` and ``toolbar``), ``plain`` the one for a dumb terminal. What can be told without a terminal is
told in modules that know none: ``meaning``, ``paste``, ``candidates``, ``facts``, ``standing``.
"""
