"""For a program with `resumable: true`: checkpoints that its worker takes care of."""

import contextlib
import operator
import os
import pathlib
import shutil


def latest_checkpoint():
    """The file or folder to go on from, or None: start anew. Its name ends in the step: step-7."""
    path = os.environ.get("CAVIAR_LATEST_CHECKPOINT")
    return pathlib.Path(path) if path else None


@contextlib.contextmanager
def save_checkpoint(step):
    """Gives a path to write to, a file or a folder, which counts as the checkpoint of `step` once the block is left.

        with caviar.save_checkpoint(epoch) as path:
            torch.save(state, path)

    Report the step first: a checkpoint counts once the measurements up to it do. If the block raises, nothing is kept.
    Outside of a trial checkpoints go to ./checkpoints.
    """
    folder = pathlib.Path(os.environ.get("CAVIAR_CHECKPOINT_DIR") or "checkpoints")
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"step-{operator.index(step)}"
    # In the same folder, so that it is the same disk.
    unfinished = folder / f".{final.name}-{os.getpid()}"
    _remove(unfinished)
    try:
        yield unfinished
        if not os.path.lexists(unfinished):
            raise FileNotFoundError(f"nothing was written to {unfinished}, the path that save_checkpoint() gave")
        if final.is_dir():
            _remove(final)
        os.replace(unfinished, final)
    finally:
        _remove(unfinished)


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
