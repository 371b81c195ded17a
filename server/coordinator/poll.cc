#include "server/coordinator/poll.h"

#include <utility>

namespace caviar::coordinator {

void Poll::Answer(absl::Status status) const {
  if (!worker_id.empty()) {
    status.ok() ? work_done(v1::AcquireWorkResponse()) : work_done(std::move(status));
  } else {
    ask_done(std::move(status));
  }
}

}  // namespace caviar::coordinator
