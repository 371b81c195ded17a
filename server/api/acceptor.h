// Takes connections, in front of gRPC.
#ifndef CAVIAR_SERVER_API_ACCEPTOR_H_
#define CAVIAR_SERVER_API_ACCEPTOR_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/api/file_descriptor.h"
#include "server/api/open_connections.h"

namespace caviar::server_api {

// gRPC's own listener (1.51, CVE-2023-4785) never accepts again once file descriptors have run out,
// and knows no limits. This one sheds what is too much, by closing it at once, and stays awake: it
// keeps a descriptor in reserve to accept with when there is no other.
//
// Thread safe.
class Acceptor {
 public:
  struct Limits {
    int connections = 0;  // > 0; of all peers together
    int of_peer = 0;      // > 0; from one address
  };
  struct Counts {
    int open = 0;
    int64_t shed = 0;  // since the start
  };
  // Gets each connection that is let in, and owns it: not blocking, closed on exec, without Nagle's
  // delay. `listener` is the socket it came from, `expected` says whether it is the one that was.
  // Called on the acceptor's thread.
  using Serve = std::function<void(int listener, int connection, bool expected)>;

  // Accepts from `listeners`, which do not block, from now on.
  Acceptor(std::vector<FileDescriptor> listeners, Limits limits, Serve serve);
  ~Acceptor() { Stop(); }
  // Closes the listeners. `serve` is not called any more once this has returned. Repeating is no
  // error.
  void Stop();

  // Lets in a connection from this port of this machine whatever the limits say: the server's own
  // probe. 0: none.
  void Expect(uint16_t port) { expected_port_ = port; }

  Counts counts();

 private:
  struct Peer {
    std::string address;
    bool expected = false;
  };

  void Run();
  // Takes what waits at a listener, but not for ever. False: out of descriptors or memory.
  bool AcceptSome(int listener);
  void ShedWithReserve(int listener);
  void Take(int listener, FileDescriptor connection, const Peer& peer);
  // nullptr: there is room; else what there is too much of.
  const char* WhyNot(const std::string& peer);
  void CountShed(const std::string& why);
  void LogShed(const std::string& why);

  std::vector<FileDescriptor> listeners_;
  const Limits limits_;
  const Serve serve_;
  std::atomic<uint16_t> expected_port_ = 0;
  // The thread's.
  FileDescriptor reserve_;
  int64_t shed_unlogged_ = 0;
  std::chrono::steady_clock::time_point last_log_;
  std::chrono::steady_clock::time_point last_sweep_;

  absl::Mutex mutex_;
  OpenConnections open_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int64_t> shed_ = 0;
  FileDescriptor wake_;  // readable: the thread is to end
  std::thread thread_;
};

// How many connections this process can have open, if it keeps some descriptors for its files; at
// most `wanted`.
int AffordableConnections(int wanted);

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_ACCEPTOR_H_
