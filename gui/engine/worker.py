"""The thread that trains: takes orders, runs the compiled trainer in short chunks, publishes snapshots.

The window never waits for it. A chunk runs without the interpreter's lock and takes at most a few
milliseconds; orders are taken between chunks. The pace decides when a step is done, and nothing else.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable

from ..model.network import NetworkState
from .snapshot import Snapshot
from .training import Training

CHUNK_SECONDS = 0.004
"""How long training runs between two looks at the orders."""
NICENESS = 5
"""Where cores are scarce, the window comes first: a frame needs a core for half of its time, training for all of it."""
PUBLISH_SECONDS = 0.008
"""While it runs, snapshots come a little faster than frames are drawn."""


class Worker:
    """Trains the network of a `NetworkState` beside the window.

    All methods return at once, and what they ask for shows in a later `snapshot`. Only `close` waits, and
    `flush` and `wait`, which are for tests and pictures.

    Parameters
    ----------
    state : NetworkState
        What to train. Its checkpoint, if any, gives weights and step; else the seed does.
    """

    def __init__(self, state: NetworkState) -> None:
        # With the default of 5 ms the window would wait that long for the interpreter's lock, twice a frame.
        sys.setswitchinterval(0.001)
        self._training = Training(state)
        self._running = False
        self._remaining = sys.maxsize
        self._chunk = 1
        self._snapshot = self._training.snapshot(0, running=False)
        self._published = threading.Condition()
        self._published_at = 0.0
        self._closed = False
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="training", daemon=True)
        self._thread.start()

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._snapshot

    def update(self, state: NetworkState) -> None:
        """Go over to `state`, keeping the weights and everything else that it does not change."""
        self._orders.put(lambda: self._update(state))

    def set_parameter(self, index: int, value: float, state: NetworkState) -> None:
        """Set one weight or bias, by its place in `actcore.MLP.parameters`; `state` is the one that says so."""
        self._orders.put(lambda: self._training.set_parameter(index, value, state))

    def play(self) -> None:
        """Train at the chosen speed until told otherwise."""
        self._orders.put(lambda: self._go(sys.maxsize))

    def advance(self, steps: int) -> None:
        """Train for `steps` steps, as fast as possible, then pause."""
        self._orders.put(lambda: self._go(steps))

    def pause(self) -> None:
        """Stop training; no step is done afterwards."""
        self._orders.put(self._halt)

    def seek(self, step: int) -> None:
        """Pause and go to the recorded step nearest to `step`."""
        self._orders.put(lambda: self._seek(step))

    def flush(self, timeout: float = 10.0) -> Snapshot:
        """Wait until every order given so far has been carried out; returns the snapshot after them.

        After `close` it is the last one.
        """
        if not self._thread.is_alive():
            return self._snapshot
        reached = threading.Event()
        self._orders.put(reached.set)
        if not reached.wait(timeout):
            raise TimeoutError("The training thread did not answer in time.")
        return self._snapshot

    def wait(self, condition: Callable[[Snapshot], bool], timeout: float = 30.0) -> Snapshot:
        """Wait until a snapshot fulfils `condition`; returns it."""
        with self._published:
            if not self._published.wait_for(lambda: condition(self._snapshot), timeout):
                raise TimeoutError("The training did not get there in time.")
            return self._snapshot

    def close(self) -> None:
        """End the thread; it is over when this returns."""
        self._orders.put(self._end)
        self._thread.join()

    # From here on: on the training thread only.

    def _work(self) -> None:
        if sys.platform == "linux":  # where threads have priorities of their own
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
        while not self._closed:
            self._take_orders()
            if self._running and self._allowance() > 0:
                self._carry_out(self._train)
                if not self._running or time.perf_counter() - self._published_at >= PUBLISH_SECONDS:
                    self._publish()

    def _take_orders(self) -> None:
        """Carry out what is waiting; with no step to do, sleep until there is an order or a step."""
        seconds = self._idle_seconds()
        while not self._closed:
            try:
                order = self._orders.get(timeout=seconds) if seconds != 0 else self._orders.get_nowait()
            except queue.Empty:
                return
            self._carry_out(order)
            # Published before the next order, so that whoever flushes finds what came before.
            self._publish()
            seconds = 0

    def _carry_out(self, order: Callable[[], None]) -> None:
        try:
            order()
        except Exception as error:  # whatever it is, the window hears of it and the thread lives on
            self._halt()
            self._training.message = str(error)

    def _idle_seconds(self) -> float | None:
        """Until the next step is due; None while paused."""
        if not self._running:
            return None
        speed = self._training.state.speed
        return 0 if speed is None or self._allowance() > 0 else 0.25 / speed

    def _allowance(self) -> int:
        """How many steps the pace, or the rest of `advance`, allows at this moment."""
        speed = self._training.state.speed
        if speed is None or self._remaining != sys.maxsize:
            return self._remaining
        began, step = self._pace
        return int((time.perf_counter() - began) * speed) + 1 - (self._training.step - step)

    def _train(self) -> None:
        """One chunk: until the time is up, the allowance is spent, or there is a reason to stop."""
        began = time.perf_counter()
        allowed = self._allowance()
        while allowed > 0 and (now := time.perf_counter()) < began + CHUNK_SECONDS:
            steps = min(allowed, self._chunk)
            done = self._training.run(steps)
            allowed -= done
            if self._remaining != sys.maxsize:
                self._remaining -= done
            self._adapt(done, time.perf_counter() - now)
            if self._training.message or self._remaining == 0:
                self._halt()
                return
        if allowed > 0:
            # Slower than the chosen pace: count from here, rather than catch up in a burst later.
            self._set_pace()

    def _adapt(self, steps: int, seconds: float) -> None:
        """Let a run take about half a chunk, and at most double from one to the next."""
        if steps == self._chunk:
            fitting = int(steps * CHUNK_SECONDS / 2 / max(seconds, 1e-7))
            self._chunk = max(1, min(fitting, 2 * self._chunk))

    def _go(self, steps: int) -> None:
        if steps > 0:
            self._running, self._remaining = True, steps
            self._set_pace()

    def _halt(self) -> None:
        self._running, self._remaining = False, sys.maxsize

    def _end(self) -> None:
        self._halt()
        self._closed = True

    def _seek(self, step: int) -> None:
        self._halt()
        self._training.seek(step)

    def _update(self, state: NetworkState) -> None:
        self._training.update(state)
        self._set_pace()

    def _set_pace(self) -> None:
        self._pace = (time.perf_counter(), self._training.step)

    def _publish(self) -> None:
        snapshot = self._training.snapshot(self._snapshot.version + 1, self._running)
        self._published_at = time.perf_counter()
        with self._published:
            self._snapshot = snapshot
            self._published.notify_all()
