"""Who is at the other end of a Unix socket."""

import os
import socket
import struct
import sys

from dicttui.serve.error import ServeError

_UCRED = struct.Struct("3i")
"""Linux: process, user, group."""
_XUCRED = struct.Struct("=IIh2x16I")
"""macOS and the BSDs: version, user, number of groups, the groups."""
_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1


def user(connection: socket.socket) -> int:
    """The user whose process it is. Raises ServeError where the system does not say."""
    try:
        if sys.platform == "linux":
            return _credentials(connection)[1]
        raw = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size)
        return int(_XUCRED.unpack(raw.ljust(_XUCRED.size, b"\0"))[1])
    except OSError as error:
        raise ServeError(f"it cannot be known whose process is at a socket: {error}") from error


def process(connection: socket.socket) -> int | None:
    """The number of its process, where the system says it."""
    if sys.platform != "linux":
        return None
    try:
        return _credentials(connection)[0]
    except OSError:
        return None


def is_ours(connection: socket.socket) -> bool:
    """Whether the process at the other end is this user's."""
    return user(connection) == os.geteuid()


def _credentials(connection: socket.socket) -> tuple[int, int, int]:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, gid = _UCRED.unpack(raw)
    return pid, uid, gid
