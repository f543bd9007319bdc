"""Our place inside another program, Qwen Code: its custom commands, its settings, and what a prompt of it asks of us.

``slash_commands`` is what stands in its commands and what is read back from its prompts, ``jsonc`` changes one entry of
its settings and no other byte, ``installation`` puts both on the disk and takes them away again.
"""
