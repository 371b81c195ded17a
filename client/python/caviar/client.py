"""A coordinator, and its studies."""

import os
import warnings

from caviar import errors
from caviar.connection import Connection
from caviar.credentials import Credentials
from caviar.study import Study
from caviar.study_definition import to_study
from caviar.v1 import server_service_pb2, study_service_pb2
from caviar.values import plain

_DEFAULT_ADDRESS = "127.0.0.1:7461"


def connect(address=None, patience=60.0, **credentials):
    """A client of the coordinator at host:port, or file:PATH, its --address-file, which is read again whenever the
    coordinator cannot be reached; by default $CAVIAR_COORDINATOR, else 127.0.0.1:7461.

    patience: for so many seconds each call goes on trying while no coordinator answers. credentials: token_file,
    tls_ca, tls_cert, tls_key; caviar.credentials says what they are by default. caviar.Unavailable: nobody answers
    now; caviar.Unauthenticated: the token is not one of its own; caviar.InvalidArgument: that is no address.
    """
    client = Client(address or os.environ.get("CAVIAR_COORDINATOR") or _DEFAULT_ADDRESS, patience,
                    Credentials(**credentials))
    client.status(patience=min(patience, 5.0))
    return client


class Client:
    """Thread safe; in a child after fork it connects anew."""

    def __init__(self, address, patience=60.0, credentials=None):
        self._connection = Connection(address, patience, credentials)

    def create_study(self, definition, if_not_exists=False):
        """Creates a study and returns it. `definition` is the study file as a dict, with the same words:

            {"study": "own", "objective": {"metric": "accuracy", "goal": "maximize"}, "trainer": {"external": {}},
             "parameters": {"learning_rate": {"min": 1e-4, "max": 0.1, "scale": "log"}}}

        caviar.InvalidArgument has everything that is wrong. if_not_exists: one of this name is returned as it is,
        instead of caviar.AlreadyExists; a warning says if it is not what the definition says.
        """
        request = study_service_pb2.CreateStudyRequest(study=to_study(definition))
        if request.study.trainer.command.code.upload:
            raise errors.InvalidArgument([("trainer.command.code.upload", "is packed by the command line: "
                                           "`caviar study create`; here write {'path': ...}")])
        try:
            return Study(self._connection, self._connection.call("CreateStudy", request))
        except errors.AlreadyExists:
            if not if_not_exists:
                raise
        study = self.study(request.study.name)
        if study.differs_from(definition):
            warnings.warn(f"{study.name} exists already and is not what the definition says; "
                          "study.update(definition, dry_run=True) shows the difference", stacklevel=2)
        return study

    def check_study(self, definition):
        """Has the coordinator check a definition, and stores nothing; returns it as a dict, with what was filled in."""
        request = study_service_pb2.CreateStudyRequest(study=to_study(definition), validate_only=True)
        return plain(self._connection.call("CreateStudy", request))

    def study(self, name):
        """A study that is there. caviar.NotFound."""
        return Study(self._connection, self._connection.call("GetStudy", study_service_pb2.GetStudyRequest(study=name)))

    def studies(self):
        """All of them as dicts, the newest last."""
        request = study_service_pb2.ListStudiesRequest()
        return [plain(study) for study in self._connection.pages("ListStudies", request, "studies")]

    def status(self, patience=None):
        """The coordinator's, as a dict."""
        request = server_service_pb2.GetServerStatusRequest()
        return plain(self._connection.call("GetServerStatus", request, patience))

    def usage(self):
        """What takes room on the coordinator's disk, as a dict: database_bytes, free_disk_bytes, code (files and bytes),
        and studies by create time: of each trials, running, measurements (how many), and the files and bytes of
        checkpoints, weights, models and logs."""
        return plain(self._connection.call("GetServerUsage", server_service_pb2.GetServerUsageRequest()))

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
