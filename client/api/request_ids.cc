#include "client/api/request_ids.h"

#include <sys/random.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_format.h"

namespace caviar::client {

uint64_t DrawRandom() {
  uint64_t bits = 0;
  // Never short for so few bytes, and fails on no kernel of this decade.
  if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits)) std::abort();
  return bits;
}

v1::RequestId RequestIds::Next() {
  absl::MutexLock lock(&mutex_);
  if (process_ != getpid()) {
    process_ = getpid();
    client_id_ = absl::StrFormat("%016x%016x", DrawRandom(), DrawRandom());
    sequence_ = 0;
  }
  v1::RequestId id;
  id.set_client_id(client_id_);
  id.set_sequence(++sequence_);
  return id;
}

}  // namespace caviar::client
