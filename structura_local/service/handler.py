"""Answering Windows' service manager from within the service.

It ends a service that does not answer within 30 s (error 1053), and on a slow disk, with a virus scanner reading along,
loading this program takes longer. So this module loads nothing but the standard library's core, says RUNNING, and only
then has the rest loaded.
"""

import ctypes
import logging
import sys
import threading
from collections.abc import Callable

if sys.platform != "win32":
    raise ImportError("Windows only")

from ctypes import wintypes

from structura_local import win32
from structura_local.service import stopping

NAME = "StructuraLocal"
_OWN_PROCESS = 0x10
_STOPPED, _STOP_PENDING, _RUNNING = 1, 3, 4
_STOP, _INTERROGATE, _SHUTDOWN, _PRESHUTDOWN = 1, 4, 5, 15
_ACCEPTED = 0x1 | 0x4 | 0x100  # stop, shutdown, and to be asked before others are at a shutdown: there is more time
_SPECIFIC, _UNKNOWN_CONTROL = 1066, 120
_STOP_HINT = 60_000  # milliseconds in which a stop makes progress


class _Status(ctypes.Structure):
    _fields_ = [
        (name, wintypes.DWORD)
        for name in ("type", "state", "accepted", "win32_code", "specific_code", "checkpoint", "hint")
    ]


_Main = ctypes.WINFUNCTYPE(None, wintypes.DWORD, ctypes.POINTER(wintypes.LPWSTR))
_Handler = ctypes.WINFUNCTYPE(wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p, ctypes.c_void_p)


class _Entry(ctypes.Structure):
    _fields_ = [("name", wintypes.LPWSTR), ("main", _Main)]


_advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
_advapi32.RegisterServiceCtrlHandlerExW.restype = wintypes.HANDLE
_advapi32.RegisterServiceCtrlHandlerExW.argtypes = [wintypes.LPCWSTR, _Handler, ctypes.c_void_p]
_advapi32.SetServiceStatus.argtypes = [wintypes.HANDLE, ctypes.POINTER(_Status)]
_advapi32.StartServiceCtrlDispatcherW.argtypes = [ctypes.POINTER(_Entry)]


def run(serve: Callable[[], int]) -> int:
    """Be the service: `serve` runs in this thread once the manager knows that we run, until it is asked to stop."""
    service = _Service()
    threading.Thread(target=service.dispatch, name="service manager", daemon=True).start()
    service.begun.wait()
    if service.refused:
        print("structura-local: 'service run' is for Windows' service manager; use 'serve'.", file=sys.stderr)
        return 1
    logging.getLogger().addHandler(_EventLog(logging.ERROR))
    code = 1
    try:
        code = serve()
    except Exception:
        logging.getLogger(__name__).exception("the server has failed")  # nobody sees a service's error output
    finally:
        service.ended(code)
    return code


class _Service:
    """What the manager's thread and the server's share."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.refused = False
        self._finished = threading.Event()
        self._handle = None
        self._main, self._handler = _Main(self._run), _Handler(self._asked)  # kept: Windows calls them

    def dispatch(self) -> None:
        """Belongs to the manager until the service has ended."""
        table = (_Entry * 2)(_Entry(NAME, self._main), _Entry(None, _Main()))
        if not _advapi32.StartServiceCtrlDispatcherW(table):
            self.refused = True
            self.begun.set()

    def ended(self, code: int) -> None:
        """Say that the server has ended; with an error, the manager starts it again."""
        self._say(_STOPPED, _SPECIFIC if code else 0, code)
        self._finished.set()

    def _run(self, _count: int, _arguments: object) -> None:
        self._handle = _advapi32.RegisterServiceCtrlHandlerExW(NAME, self._handler, None)
        self._say(_RUNNING)
        self.begun.set()
        self._finished.wait()

    def _asked(self, control: int, _event: int, _data: object, _context: object) -> int:
        if control in (_STOP, _SHUTDOWN, _PRESHUTDOWN):
            self._say(_STOP_PENDING)
            stopping.ask()
        elif control != _INTERROGATE:
            return _UNKNOWN_CONTROL
        return 0

    def _say(self, state: int, code: int = 0, specific: int = 0) -> None:
        hint = _STOP_HINT if state == _STOP_PENDING else 0
        status = _Status(_OWN_PROCESS, state, _ACCEPTED if state == _RUNNING else 0, code, specific, hint and 1, hint)
        _advapi32.SetServiceStatus(self._handle, ctypes.byref(status))


def said(sentence: str) -> None:
    """Say what is wrong where the person who looks after Windows looks for it."""
    from structura_local.redact import redacted  # noqa: PLC0415 - after RUNNING

    win32.report_event(NAME, "ERROR", redacted(sentence))


class _EventLog(logging.Handler):
    """Errors, in the event log."""

    def emit(self, record: logging.LogRecord) -> None:
        said(self.format(record))
