"""By what a coordinator knows who calls, and by what its callers know the coordinator."""

import os
import stat

import grpc


class Credentials:
    """token_file: default $CAVIAR_TOKEN_FILE, then $CAVIAR_TOKEN, then the file that your own coordinators leave for your
    tools. tls_ca, tls_cert, tls_key: PEM files, default $CAVIAR_TLS_CA, $CAVIAR_TLS_CERT and $CAVIAR_TLS_KEY; with an
    authority the connection is encrypted."""

    def __init__(self, token_file=None, tls_ca=None, tls_cert=None, tls_key=None):
        self._token_file = token_file or os.environ.get("CAVIAR_TOKEN_FILE")
        self._tls_ca = tls_ca or os.environ.get("CAVIAR_TLS_CA")
        self._tls_cert = tls_cert or os.environ.get("CAVIAR_TLS_CERT")
        self._tls_key = tls_key or os.environ.get("CAVIAR_TLS_KEY")

    def metadata(self, address):
        """What a call to this address brings along. Read anew for each channel: a coordinator's first start writes it."""
        token = self._token(address)
        return (("authorization", f"Bearer {token}"),) if token else ()

    def open_channel(self, address, options):
        if not self._tls_ca:
            return grpc.insecure_channel(address, options=options)
        read = lambda path: open(path, "rb").read() if path else None
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(
            read(self._tls_ca), read(self._tls_key), read(self._tls_cert)), options=options)

    def _token(self, address):
        if self._token_file:
            return _first_line(self._token_file)
        return os.environ.get("CAVIAR_TOKEN") or (None if _is_somebody_else(address) else _own_token())


def _first_line(path):
    with open(path, encoding="ascii") as file:
        return file.readline().strip()


def _is_somebody_else(address):
    """Whether another user than this one, or root, listens at this address of this machine."""
    host, _, port = address.rpartition(":")
    host = host.rpartition("/")[2].removeprefix("dns:").removeprefix("ipv4:").removeprefix("ipv6:")
    if not (host in ("localhost", "ip6-localhost", "[::1]", "[::]", "0.0.0.0")
            or host.startswith(("127.", "[::ffff:127."))):
        return False
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                lines = [line.split() for line in file]
        except OSError:
            continue
        for words in lines[1:]:
            if words[3] == "0A" and words[1].rpartition(":")[2] == f"{int(port):04X}" and int(words[7]) not in (
                    0, os.geteuid()):
                return True
    return False


def _own_token():
    folder = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    path = os.path.join(folder, "caviar", "token")
    try:
        status = os.stat(path)
        # One that others could read, or wrote, is not used.
        private = status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        return _first_line(path) if private else None
    except OSError:
        return None
