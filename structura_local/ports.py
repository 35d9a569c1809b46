"""Who has a port."""


def port_holder(port: int) -> tuple[str, int] | None:
    """Name and process id of the program that listens on a TCP port; None if that cannot be told."""
    import psutil  # noqa: PLC0415 - a server that has its port goes without

    try:
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.pid and getattr(connection.laddr, "port", None) == port:
                return psutil.Process(connection.pid).name(), connection.pid
    except (psutil.Error, OSError):
        pass  # it has ended, or only an administrator is told
    return None
