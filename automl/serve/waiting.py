"""One queue before the model: what has arrived while it was busy is answered together.

Nobody waits for others to come: a request that finds the model idle is answered at once, so that a lone client pays
nothing for batches. One thread predicts, since Python's lock and the libraries' own threads leave nothing to a second.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from automl.serve.answering import Answer, refused
from automl.serve.body import Question
from automl.serve.refusals import internal, overloaded

__all__ = ["Waiting"]

LOG = logging.getLogger("automl.serve")
ROW_BYTES = 64
"""About the least of a row of JSON, by which requests are taken together before they are read."""
MOST_TOGETHER = 64


@dataclass(slots=True, eq=False)
class _Item:
    """A request that waits, the loop that waits for it, and whether it still does."""

    question: Question
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]
    is_given_up: bool = False


class Waiting:
    """The queue and its thread.

    Args:
        answer: answers requests, one answer each; raises nothing.
        most_waiting: requests that may wait.
        batch_rows: about the most rows that are taken together.
        observe: called with the number of requests of each round, for metrics.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Question]], list[Answer]],
        most_waiting: int,
        batch_rows: int,
        observe: Callable[[int], None] = lambda n: None,
    ) -> None:
        self.answer = answer
        self.most_waiting = most_waiting
        self.batch_bytes = batch_rows * ROW_BYTES
        self.observe = observe
        self.items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="automl-serve", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self.thread.start()

    def end(self) -> None:
        """Answer all that wait, then end."""
        self.items.put(None)
        self.thread.join()

    async def ask(self, question: Question, seconds: float) -> Answer:
        """The answer to a request.

        Raises:
            Refusal: too many wait already.
            TimeoutError: it was not ready in time. A request that was not begun is not begun then.
        """
        if self.items.qsize() >= self.most_waiting:
            raise overloaded(self.most_waiting)
        loop = asyncio.get_running_loop()
        item = _Item(question, loop, loop.create_future())
        self.items.put(item)
        try:
            return await asyncio.wait_for(item.future, seconds)
        finally:
            item.is_given_up = True

    def _answers(self, items: Sequence[_Item]) -> list[Answer]:
        """Answers of some requests; a fault is answered, too, so that the thread goes on."""
        try:
            return self.answer([item.question for item in items])
        except Exception:
            LOG.exception("requests failed")
            return [refused(internal()) for _ in items]

    def _work(self) -> None:
        last = False
        while not last:
            item = self.items.get()
            if item is None:
                return
            taken, n_bytes = [item], len(item.question.body)
            while n_bytes < self.batch_bytes and len(taken) < MOST_TOGETHER and not last:
                try:
                    more = self.items.get_nowait()
                except queue.Empty:
                    break
                last = more is None
                if more is not None:
                    taken.append(more)
                    n_bytes += len(more.question.body)
            wanted = [one for one in taken if not one.is_given_up]
            self.observe(len(wanted))
            for one, answer in zip(wanted, self._answers(wanted), strict=True):
                one.loop.call_soon_threadsafe(_give, one.future, answer)


def _give(future: asyncio.Future[Answer], answer: Answer) -> None:
    if not future.done():
        future.set_result(answer)
