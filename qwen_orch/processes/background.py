"""An event loop in a thread of its own, for what nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from typing import Any

ENDING_SECONDS = 5.0
"""How long what was cancelled may take to end its processes."""


class Background:
    """Runs coroutines, at most *at_once* at a time, until it is ended. It never keeps this process alive."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._running: set[Future[None]] = set()
        self._lives = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="background", daemon=True)
        self._thread.start()
        self._lives.wait()

    def __len__(self) -> int:
        """Return how many run, or wait to run."""
        return len(self._running)

    async def _live(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._places = asyncio.Semaphore(self._at_once)
        self._lives.set()
        await self._over.wait()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Have *work* done, which raises nothing."""
        future = asyncio.run_coroutine_threadsafe(self._in_turn(work), self._loop)
        self._running.add(future)
        future.add_done_callback(self._running.discard)

    async def _in_turn(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            async with self._places:
                await work
        finally:
            work.close()  # what never had its turn

    def end(self, limit: float) -> int:
        """Wait at most *limit* seconds for what runs, cancel the rest, and return how much that was."""
        try:
            _, late = wait(set(self._running), limit)
        finally:
            self._loop.call_soon_threadsafe(self._over.set)  # asyncio.run cancels what is left, and waits for it
            self._thread.join(ENDING_SECONDS)
        return len(late)
