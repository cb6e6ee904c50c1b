"""The two pipes to the sandbox's server, never waited for longer than a call may take.

A message is one line of JSON and bytes; what it says is sandbox.py and server.py.
"""

import json
import os
import select
import time
from typing import Any

MAX_ANSWER_BYTES = 64_000_000
"""Largest answer that is taken; the largest sheet that is read makes 20 MB."""
_STEP = 1 << 20


class Pipes:
    """Write to one pipe and read from another until a common deadline.

    Parameters
    ----------
    to, back : int
        Descriptors.
    seconds : float
        From now to the deadline.
    """

    def __init__(self, to: int, back: int, seconds: float) -> None:
        self._to, self._back = to, back
        self._deadline = time.monotonic() + seconds
        os.set_blocking(to, False)

    def send(self, message: bytes) -> None:
        """Write all of a message.

        Raises
        ------
        TimeoutError, OSError
            If the other side does not take it in time, or is gone.
        """
        left = memoryview(message)
        while left:
            self._wait(self._to, select.POLLOUT)
            left = left[os.write(self._to, left[:_STEP]) :]

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Read one answer: a line of JSON with ``json_size`` and ``data_size``, and as many bytes.

        Raises
        ------
        TimeoutError, OSError, EOFError, ValueError, KeyError
            If it does not come in time, or is none.
        """
        received = bytearray()
        while (end := received.find(b"\n")) < 0:
            received += self._chunk()
        header: dict[str, Any] = json.loads(received[:end])
        wanted = int(header["json_size"]) + int(header["data_size"])
        if not 0 <= wanted <= MAX_ANSWER_BYTES:
            raise ValueError(f"an answer of {wanted} bytes")
        while len(received) - end - 1 < wanted:
            received += self._chunk()
        return header, bytes(received[end + 1 :])

    def _chunk(self) -> bytes:
        self._wait(self._back, select.POLLIN)
        chunk = os.read(self._back, _STEP)
        if not chunk:
            raise EOFError
        return chunk

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = self._deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError
