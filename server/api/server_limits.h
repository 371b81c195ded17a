// Bounds on what a server takes on at once, so that its memory stays bounded.
#ifndef CAVIAR_SERVER_API_SERVER_LIMITS_H_
#define CAVIAR_SERVER_API_SERVER_LIMITS_H_

#include <cstdint>

namespace caviar::server_api {

// All > 0.
struct ServerLimits {
  int connections = 12'000;
  int connections_of_peer = 4'096;  // from one address
  // Calls on one connection; others wait at the caller's end. Far more than a worker has slots:
  // past this its polls would keep its renewals waiting.
  int streams_of_connection = 1'024;
  // Calls that are worked on, of each kind: renewals and outcomes, other changes, reads, pieces of
  // files. None of them pushes out another.
  int calls = 4'096;
  int polls = 20'000;  // calls that wait for work
  // Of a request; at least that of a piece of a file, which is 1 MiB and what names it.
  int message_bytes = 4 << 20;
  // Of requests that are worked on and answers that are not taken yet, of each kind of call; at
  // least that of the longest message.
  int64_t queued_bytes = int64_t{64} << 20;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_SERVER_LIMITS_H_
