"""How a server misbehaves below HTTP: resets, silence, a port that nobody listens on."""

from __future__ import annotations

import os
import socket
import struct
import time
from contextlib import suppress
from threading import Event, Lock


def reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset; at the latest when the last file made from the socket is closed."""
    # Linger for no time at all: what is unsent is thrown away, and RST is sent in place of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def stay_silent(connection: socket.socket, seconds: float) -> None:
    """Wait so long, or until the other side closes the connection or sends something more."""
    connection.settimeout(seconds)
    with suppress(OSError):  # the time is over
        connection.recv(1, socket.MSG_PEEK)


class Gate:
    """Shuts a listening socket for a while, so that connecting to it fails as if no server ran.

    The socket keeps its file descriptor meanwhile, for whoever polls it. Only the thread that polls may call `turn` and
    `close`; it calls `turn` often.
    """

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._lock = Lock()
        self._asked = 0.0
        self._shut_until = 0.0
        self._is_shut = Event()
        self._kept: tuple[socket.socket, ...] = ()

    def shut(self, seconds: float) -> None:
        """Take no connection for so long. Returns once that is so; from any thread but the one that polls."""
        with self._lock:
            self._asked = max(self._asked, seconds)
            self._is_shut.clear()
        self._is_shut.wait(5)

    def turn(self) -> None:
        """Shut it if that was asked for, open it again if the time is over."""
        with self._lock:
            asked, self._asked = self._asked, 0.0
            if asked:
                self._shut_until = max(self._shut_until, time.monotonic() + asked)
                if not self._kept:
                    self._shut()
                self._is_shut.set()
            elif self._kept and time.monotonic() >= self._shut_until:
                self._open()

    def close(self) -> None:
        """Free what keeps the place of a socket that is shut."""
        for kept in self._kept:
            kept.close()
        self._kept = ()

    def _shut(self) -> None:
        address = self._listener.getsockname()
        # One end of a pair takes the descriptor: nothing ever comes out of it, and the listening socket is gone.
        silent, other = socket.socketpair()
        os.dup2(silent.fileno(), self._listener.fileno(), inheritable=False)
        silent.close()
        # A socket that is bound but does not listen refuses connections, and nobody else gets the port.
        reserved = socket.socket(self._listener.family, socket.SOCK_STREAM)
        self._kept = (reserved, other)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._listener.family == socket.AF_INET6:
            reserved.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        reserved.bind(address)

    def _open(self) -> None:
        reserved = self._kept[0]
        reserved.listen(128)
        os.dup2(reserved.fileno(), self._listener.fileno(), inheritable=False)
        self.close()
