"""Windows' service manager, asked by its own functions: what `sc` says of it is translated.

Everything here may raise OSError, with Windows' own words and number (`winerror`).
"""

import ctypes
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

if sys.platform != "win32":
    raise ImportError("Windows only")

from ctypes import wintypes

MISSING = 1060
STOPPED, STARTING, STOPPING, RUNNING = 1, 2, 3, 4
_NOT_ACTIVE, _ALREADY, _UNKNOWN = 1062, 1056, 124
_OWN_PROCESS, _AUTOMATIC, _LOG_ERRORS, _STOP, _PROCESS_INFO, _RESTART, _UNRESTRICTED = 0x10, 2, 1, 1, 0, 1, 1
_CONNECT, _CREATE = 0x1, 0x2
_CONFIG, _CHANGE, _STATUS, _START, _END, _DELETE = 0x1, 0x2, 0x4, 0x10, 0x20, 0x10000
_DESCRIPTION, _FAILURES, _DELAYED, _FAILURES_ALSO_ITS_OWN, _SID = 1, 2, 3, 4, 5  # what else can be configured
_PAUSE = 0.1  # seconds between looks at a service that stops


class _Action(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("delay", wintypes.DWORD)]


class _Failures(ctypes.Structure):
    _fields_ = [
        ("reset", wintypes.DWORD),
        ("message", wintypes.LPWSTR),
        ("command", wintypes.LPWSTR),
        ("count", wintypes.DWORD),
        ("actions", ctypes.POINTER(_Action)),
    ]


class _Process(ctypes.Structure):
    _fields_ = [
        (name, wintypes.DWORD)
        for name in ("type", "state", "accepted", "code", "specific", "checkpoint", "hint", "process", "flags")
    ]


_advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
_H, _D, _T, _P = wintypes.HANDLE, wintypes.DWORD, wintypes.LPCWSTR, ctypes.c_void_p
for _name, _result, _arguments in (
    ("OpenSCManagerW", _H, [_T, _T, _D]),
    ("OpenServiceW", _H, [_H, _T, _D]),
    ("CreateServiceW", _H, [_H, _T, _T, _D, _D, _D, _D, _T, _T, _P, _T, _T, _T]),
    ("ChangeServiceConfigW", wintypes.BOOL, [_H, _D, _D, _D, _T, _T, _P, _T, _T, _T, _T]),
    ("ChangeServiceConfig2W", wintypes.BOOL, [_H, _D, _P]),
    ("QueryServiceStatusEx", wintypes.BOOL, [_H, ctypes.c_int, _P, _D, _P]),
    ("QueryServiceConfigW", wintypes.BOOL, [_H, _P, _D, _P]),
    ("StartServiceW", wintypes.BOOL, [_H, _D, _P]),
    ("ControlService", wintypes.BOOL, [_H, _D, _P]),
    ("DeleteService", wintypes.BOOL, [_H]),
    ("CloseServiceHandle", wintypes.BOOL, [_H]),
):
    _function = getattr(_advapi32, _name)
    _function.restype, _function.argtypes = _result, _arguments


@dataclass(frozen=True, slots=True)
class Service:
    """One that starts with the machine; `restarts`: seconds after which it is started again, failure by failure."""

    name: str
    shown: str
    about: str
    command: str
    account: str
    restarts: tuple[int, ...]


def install(service: Service) -> None:
    """Make a service, or make it anew as it is to be."""
    with _manager(_CONNECT | _CREATE) as manager:
        handle = _advapi32.OpenServiceW(manager, service.name, _CHANGE | _START)
        made = (_OWN_PROCESS, _AUTOMATIC, _LOG_ERRORS, service.command, None, None, None, service.account, None)
        if handle:
            with _closing(handle):
                _must(_advapi32.ChangeServiceConfigW(handle, *made, service.shown))
                _describe(handle, service)
            return
        if ctypes.get_last_error() != MISSING:
            raise ctypes.WinError(ctypes.get_last_error())
        handle = _must(_advapi32.CreateServiceW(manager, service.name, service.shown, _CHANGE | _START, *made))
        with _closing(handle):
            _describe(handle, service)


def _describe(handle: int, service: Service) -> None:
    actions = (_Action * len(service.restarts))(*(_Action(_RESTART, seconds * 1000) for seconds in service.restarts))
    day = 86_400
    for what, value in (
        (_DESCRIPTION, wintypes.LPWSTR(service.about)),
        (_DELAYED, wintypes.BOOL(True)),
        (_FAILURES, _Failures(day, None, None, len(actions), actions)),
        (_FAILURES_ALSO_ITS_OWN, wintypes.BOOL(True)),  # also when it ends by itself with an error
        (_SID, wintypes.DWORD(_UNRESTRICTED)),  # the account's SID is in its token, so that files can be given to it
    ):
        done = _advapi32.ChangeServiceConfig2W(handle, what, ctypes.byref(value))
        if not done and ctypes.get_last_error() != _UNKNOWN:  # as some are to Wine, never to a Windows we are for
            raise ctypes.WinError(ctypes.get_last_error())


def start(name: str) -> None:
    """Start a service, unless it runs."""
    with _service(name, _START) as handle:
        if not _advapi32.StartServiceW(handle, 0, None) and ctypes.get_last_error() != _ALREADY:
            raise ctypes.WinError(ctypes.get_last_error())


def stop(name: str, patience: float) -> bool:
    """Ask a service to stop; whether it has, after that many seconds at most. Blocking."""
    end = time.monotonic() + patience
    with _service(name, _END | _STATUS) as handle:
        status = _Process()  # it has room for the smaller status that is written here
        if not _advapi32.ControlService(handle, _STOP, ctypes.byref(status)):
            code = ctypes.get_last_error()
            if code == _NOT_ACTIVE:
                return True
            if _queried(handle).state != STOPPING:
                raise ctypes.WinError(code)
        while _queried(handle).state != STOPPED:
            if time.monotonic() > end:
                return False
            time.sleep(_PAUSE)
    return True


def status(name: str) -> tuple[int, int, bool]:
    """State, process (0: none), and whether it starts with the machine."""
    with _service(name, _STATUS | _CONFIG) as handle:
        found = _queried(handle)
        config = (wintypes.DWORD * 2048)()  # as large as it may be: type, start, …, and the texts behind them
        _must(_advapi32.QueryServiceConfigW(handle, config, ctypes.sizeof(config), ctypes.byref(wintypes.DWORD())))
        return found.state, found.process, config[1] == _AUTOMATIC


def delete(name: str) -> None:
    """Take a service away, when it has stopped."""
    with _service(name, _DELETE) as handle:
        _must(_advapi32.DeleteService(handle))


def _queried(handle: int) -> _Process:
    found = _Process()
    size = ctypes.sizeof(found)
    _must(_advapi32.QueryServiceStatusEx(handle, _PROCESS_INFO, ctypes.byref(found), size, ctypes.byref(_D())))
    return found


@contextmanager
def _service(name: str, access: int) -> Iterator[int]:
    with _manager(_CONNECT) as manager, _closing(_must(_advapi32.OpenServiceW(manager, name, access))) as handle:
        yield handle


@contextmanager
def _manager(access: int) -> Iterator[int]:
    with _closing(_must(_advapi32.OpenSCManagerW(None, None, access))) as handle:
        yield handle


@contextmanager
def _closing(handle: int) -> Iterator[int]:
    try:
        yield handle
    finally:
        _advapi32.CloseServiceHandle(handle)


def _must(result: int | None) -> int:
    if not result:
        raise ctypes.WinError(ctypes.get_last_error())
    return result
