"""Limits of a child that opens files of others: memory, processor time, files, network.

Each function says whether the limit holds here, so that a result can state it; none raises when the system refuses.
Linux has all of them; elsewhere there remain the time limit of sandbox.py and the look at the container (prescan.py).
"""

import ctypes
import platform
import struct
import sys

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 30
OPEN_FILES = 64

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2
_ALLOW, _EPERM = 0x7FFF0000, 0x00050001
_LOAD, _IS_EQUAL, _IS_AT_LEAST, _HAS_ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_MACHINE_AT, _CALL_AT, _THIRD_ARGUMENT_AT = 4, 0, 32
_WRITING = 0x1 | 0x2 | 0x40 | 0x200  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
_X32_CALLS = 0x40000000
_REFUSED: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        257,
        (2, 41, 42, 43, 44, 46, 49, 50, 53, 56, 57, 58, 59, 62, 82, 83, 84, 85, 86, 87, 88, 90, 92, 101, 165, 200, 234, 263,
         264, 266, 268, 272, 310, 311, 316, 321, 322, 425, 435, 437),
    ),
    "aarch64": (
        0xC00000B7,
        56,
        (34, 35, 36, 37, 38, 40, 53, 54, 97, 117, 129, 130, 131, 198, 199, 200, 201, 202, 203, 206, 211, 220, 221, 270,
         271, 276, 280, 281, 425, 435, 437),
    ),
}  # fmt: skip
"""Machine -> mark of its system calls, the call that opens a file (refused for writing), and those a reader of files never
needs: the old open and creat, socket, connect, accept, sendto, sendmsg,
bind, listen, socketpair, clone, fork, vfork, execve, kill, rename, mkdir, rmdir, link, unlink, symlink, chmod, chown, ptrace,
mount, tkill, tgkill, unlinkat, renameat, symlinkat, fchmodat, unshare, process_vm_readv and writev, renameat2, bpf,
execveat, io_uring_setup, clone3, openat2 (as far as the machine has them)."""


def leave_network() -> bool:
    """Move this process into a network of its own without any device; False where the system refuses."""
    if sys.platform != "linux":
        return False
    return bool(_libc().unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def end_with_server() -> None:
    """Let the system end this process when the one that forked it ends."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)


def limit_resources() -> list[str]:
    """Limit memory, processor time and files of this process; return which of memory and cpu hold."""
    if sys.platform == "win32":
        return []
    import resource

    held = []
    wanted = (
        ("memory", resource.RLIMIT_AS, MEMORY_BYTES),
        ("cpu", resource.RLIMIT_CPU, CPU_SECONDS),
        ("", resource.RLIMIT_FSIZE, 0),
        ("", resource.RLIMIT_CORE, 0),
        ("", resource.RLIMIT_NOFILE, OPEN_FILES),
    )
    for guard, kind, value in wanted:
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            continue
        if guard:
            held.append(guard)
    return held


def refuse_calls() -> bool:
    """Let the system refuse sockets, new processes and changes of files to this process; False where it cannot."""
    machine = _REFUSED.get(platform.machine())
    if sys.platform != "linux" or machine is None or sys.maxsize < 2**32:
        return False
    program = _filter(*machine)
    buffer = ctypes.create_string_buffer(program, len(program))
    prepared = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    libc = _libc()
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(prepared), 0, 0) == 0)


def _filter(mark: int, opening: int, refused: tuple[int, ...]) -> bytes:
    """Return the filter program: another machine's calls, the refused ones and writing fail with EPERM, the rest pass."""
    end = len(refused) + 8  # the last step refuses, the one before it allows
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_IS_EQUAL, 0, end - 2, mark),
        (_LOAD, 0, 0, _CALL_AT),
        (_IS_AT_LEAST, end - 4, 0, _X32_CALLS),
        *((_IS_EQUAL, end - 5 - at, 0, call) for at, call in enumerate(refused)),
        (_IS_EQUAL, 0, 2, opening),
        (_LOAD, 0, 0, _THIRD_ARGUMENT_AT),
        (_HAS_ANY, 1, 0, _WRITING),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _EPERM),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
