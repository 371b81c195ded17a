// How many connections are open, and from where.
#ifndef CAVIAR_SERVER_API_OPEN_CONNECTIONS_H_
#define CAVIAR_SERVER_API_OPEN_CONNECTIONS_H_

#include <cstdint>
#include <string>
#include <unordered_map>

namespace caviar::server_api {

// Counts connections that were handed to gRPC, which does not tell when it closes one. So each is
// remembered by its file descriptor and the kernel's cookie, a number that no other socket ever
// has: where the descriptor has another cookie, or none, the connection is over. Looking costs one
// system call a connection, and is done only when somebody asks. (Watching a duplicate would take
// twice as many descriptors and keep sockets alive; watching the descriptor itself loses the news
// when gRPC closes it before they are read.)
//
// Not thread safe.
class OpenConnections {
 public:
  // `connection` is an open socket; `peer` any name of the other end's address.
  void Add(int connection, const std::string& peer);
  // Forgets those that are over.
  void Sweep();

  // Those that were open at the last Sweep, and those added since.
  int count() const { return static_cast<int>(connections_.size()); }
  int count(const std::string& peer) const;

 private:
  struct Connection {
    uint64_t cookie = 0;
    std::string peer;
  };
  void Forget(const std::string& peer);

  std::unordered_map<int, Connection> connections_;  // by descriptor
  std::unordered_map<std::string, int> of_peer_;     // > 0
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_OPEN_CONNECTIONS_H_
