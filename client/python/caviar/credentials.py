"""By what a coordinator knows who calls, and by what its callers know the coordinator."""

import os

import grpc

from caviar.errors import InvalidArgument
from caviar.token_source import TokenSource


class Credentials:
    """token_file: default $CAVIAR_TOKEN_FILE, then $CAVIAR_TOKEN, then the file that your own coordinators leave for your
    tools, for these coordinators only. tls_ca, tls_cert, tls_key: PEM files, default $CAVIAR_TLS_CA, $CAVIAR_TLS_CERT and $CAVIAR_TLS_KEY; with an
    authority the connection is encrypted."""

    def __init__(self, token_file=None, tls_ca=None, tls_cert=None, tls_key=None):
        self._token_file = token_file or os.environ.get("CAVIAR_TOKEN_FILE")
        self._tls_ca = tls_ca or os.environ.get("CAVIAR_TLS_CA")
        self._tls_cert = tls_cert or os.environ.get("CAVIAR_TLS_CERT")
        self._tls_key = tls_key or os.environ.get("CAVIAR_TLS_KEY")
        if bool(self._tls_cert) != bool(self._tls_key):
            raise InvalidArgument([], "tls_cert and tls_key ($CAVIAR_TLS_CERT, $CAVIAR_TLS_KEY) go together")
        if self._tls_cert and not self._tls_ca:
            raise InvalidArgument([], "tls_cert is given without tls_ca ($CAVIAR_TLS_CA): nothing would be encrypted, nor "
                                  "the coordinator known")

    def tokens_for(self, address):
        """What says which token a call to this CoordinatorAddress brings along."""
        return TokenSource(self._token_file, address)

    def open_channel(self, address, options):
        """OSError: a PEM file cannot be read. Read anew for each channel: certificates are replaced meanwhile."""
        if not self._tls_ca:
            return grpc.insecure_channel(address, options=options)
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(
            _read(self._tls_ca), _read(self._tls_key), _read(self._tls_cert)), options=options)


def _read(path):
    if not path:
        return None
    with open(path, "rb") as file:
        return file.read()
