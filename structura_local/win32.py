"""What this program asks of Windows itself. There is nothing here for other systems."""

import ctypes
import sys
from pathlib import Path

if sys.platform != "win32":
    raise ImportError("Windows only")

from ctypes import wintypes

_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
_FILE, _OWNER_AND_LIST = 1, 0x1 | 0x4  # SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION
_REMOTE = 4
_EVENT_TYPES = {"ERROR": 1, "WARNING": 2, "INFO": 4}
_EVENT_ID = 1  # of EventCreate.exe's messages, which are all '%1': 1 to 1000

_advapi32.GetNamedSecurityInfoW.argtypes = [
    wintypes.LPCWSTR, ctypes.c_int, wintypes.DWORD, *[ctypes.c_void_p] * 4, ctypes.POINTER(ctypes.c_void_p)
]  # fmt: skip
_advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW.argtypes = [
    ctypes.c_void_p, wintypes.DWORD, wintypes.DWORD, ctypes.POINTER(wintypes.LPWSTR), ctypes.c_void_p
]  # fmt: skip
_advapi32.RegisterEventSourceW.restype = wintypes.HANDLE
_advapi32.RegisterEventSourceW.argtypes = [wintypes.LPCWSTR, wintypes.LPCWSTR]
_advapi32.ReportEventW.argtypes = [
    wintypes.HANDLE, wintypes.WORD, wintypes.WORD, wintypes.DWORD, ctypes.c_void_p, wintypes.WORD, wintypes.DWORD,
    ctypes.POINTER(wintypes.LPCWSTR), ctypes.c_void_p,
]  # fmt: skip
_advapi32.DeregisterEventSource.argtypes = [wintypes.HANDLE]
_kernel32.LocalFree.argtypes = [ctypes.c_void_p]


def system_tool(name: str) -> Path:
    """A program of Windows, by its full path: nobody puts another of that name before it."""
    buffer = ctypes.create_unicode_buffer(260)
    _kernel32.GetSystemDirectoryW(buffer, len(buffer))
    return Path(buffer.value) / name


def is_remote(path: Path) -> bool:
    """Whether a path is on another machine."""
    anchor = path.anchor
    return anchor.startswith("\\\\") or _kernel32.GetDriveTypeW(anchor) == _REMOTE


def security(path: Path) -> str:
    """Owner and access list of a file in SDDL, which has SIDs where other tools have translated names."""
    descriptor = ctypes.c_void_p()
    code = _advapi32.GetNamedSecurityInfoW(
        str(path), _FILE, _OWNER_AND_LIST, None, None, None, None, ctypes.byref(descriptor)
    )
    if code:
        raise ctypes.WinError(code)
    text = wintypes.LPWSTR()
    try:
        if not _advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor, 1, _OWNER_AND_LIST, ctypes.byref(text), None
        ):
            raise ctypes.WinError(ctypes.get_last_error())
        return text.value or ""
    finally:
        _kernel32.LocalFree(text)
        _kernel32.LocalFree(descriptor)


def report_event(source: str, level: str, text: str) -> None:
    """Write to the event log."""
    log = _advapi32.RegisterEventSourceW(None, source)
    if log:
        lines = (wintypes.LPCWSTR * 1)(text[:30_000])
        _advapi32.ReportEventW(log, _EVENT_TYPES[level], 0, _EVENT_ID, None, 1, 0, lines, None)
        _advapi32.DeregisterEventSource(log)
