"""Caviar: distributed hyperparameter tuning.

In a training script that a worker runs (and outside of one, where they do no harm), with the standard library only:

    parameters = caviar.parameters(learning_rate=0.01, layers=2)   # what to train with
    caviar.report(step, accuracy=0.93)                             # "continue", "stop" or "pause"
    caviar.latest_checkpoint(); caviar.save_checkpoint(step); caviar.output_dir(); caviar.seed()

As a client of a coordinator, with grpcio and protobuf:

    study = caviar.connect("127.0.0.1:7461").create_study({...the study file as a dict...})
    study.optimize(function, trials=50); study.ask(); study.best(); study.trials(); study.frame()
    study.update(max_trials=200); study.add({...}); study.retry(3); study.cancel(4); study.measurements()
"""

import importlib

from caviar.checkpoints import latest_checkpoint, save_checkpoint
from caviar.errors import (AlreadyExists, Error, InvalidArgument, LeaseLost, NotFound, NoTrial, PermissionDenied,
                           Pruned, Unauthenticated, Unavailable)
from caviar.program import output_dir, parameters, report, seed

__all__ = [
    "AlreadyExists", "AskedTrial", "Client", "Error", "InvalidArgument", "LeaseLost", "NoTrial", "NotFound",
    "PermissionDenied", "Pruned", "Study", "Unauthenticated", "Unavailable", "connect", "latest_checkpoint",
    "output_dir", "parameters", "report", "save_checkpoint", "seed",
]

# Loaded at their first use, because of what they need.
_CLIENT = {"AskedTrial": "asked_trial", "Client": "client", "Study": "study", "connect": "client"}


def __getattr__(name):
    if name not in _CLIENT:
        raise AttributeError(f"module 'caviar' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"caviar.{_CLIENT[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("grpc", "google"):
            raise
        raise ImportError(
            f"caviar.{name} needs grpcio and protobuf: apt-get install python3-grpcio python3-protobuf, or "
            "pip install 'caviar-tuning[client]'") from error
