// What the system says, as a status whose code tells whose fault it is.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_SYSTEM_ERROR_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_SYSTEM_ERROR_H_

#include <errno.h>
#include <string.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace caviar::command {

// Of something that is the worker's own, such as its folder and its processes: UNAVAILABLE,
// whatever `error` is.
inline absl::Status OwnError(int error, absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", strerror(error)));
}

// Whether `error` says nothing of what was asked for, only that this machine cannot do it now.
inline bool IsOfMachine(int error) {
  switch (error) {
    case EAGAIN:
    case EBUSY:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
    case ENOTCONN:  // what served a FUSE mount is gone
    case ESTALE:
    case ETIMEDOUT:
    case ETXTBSY:
      return true;
    default:
      return false;
  }
}

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_SYSTEM_ERROR_H_
