"""Clients that others wrote: the official SDK, with every version of the protocol that it speaks, and the real Qwen Code."""
