// Plain TCP connections, as somebody makes them who does not speak gRPC.
#ifndef CAVIAR_TESTS_SERVER_API_SOCKETS_H_
#define CAVIAR_TESTS_SERVER_API_SOCKETS_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "server/api/file_descriptor.h"

namespace caviar::server_api {

// How long anything may take that is waited for; only a test that fails takes so long.
inline constexpr int kPatienceMilliseconds = 60'000;

inline sockaddr_in LoopbackAddress(int port, const char* host = "127.0.0.1") {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

// Connects `socket` to this port of this machine, from another of its addresses where one is named.
inline bool ConnectSocket(int socket, int port, const char* from = "127.0.0.1") {
  const sockaddr_in here = LoopbackAddress(0, from);
  const sockaddr_in there = LoopbackAddress(port);
  return bind(socket, reinterpret_cast<const sockaddr*>(&here), sizeof(here)) == 0 &&
         connect(socket, reinterpret_cast<const sockaddr*>(&there), sizeof(there)) == 0;
}

// None where it does not work.
inline FileDescriptor Connected(int port, const char* from = "127.0.0.1") {
  FileDescriptor result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!ConnectSocket(result.get(), port, from)) result.Close();
  return result;
}

// Blocks until the other end has closed the connection, whatever it sent before; false: it has not.
inline bool AwaitClosed(int connection) {
  for (;;) {
    pollfd waiting = {connection, POLLIN, 0};
    if (poll(&waiting, 1, kPatienceMilliseconds) != 1) return false;
    char bytes[4096];
    if (recv(connection, bytes, sizeof(bytes), 0) <= 0) return true;
  }
}

// Whether nothing has come yet, not even the end.
inline bool IsQuiet(int connection) {
  pollfd waiting = {connection, POLLIN, 0};
  return poll(&waiting, 1, 0) == 0;
}

// Whether the other end has not closed the connection.
inline bool IsOpen(int connection) {
  char byte = 0;
  const ssize_t size = recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size > 0 || (size < 0 && errno == EAGAIN);
}

inline int PortOfAddress(const std::string& address) {
  return std::stoi(address.substr(address.rfind(':') + 1));
}

}  // namespace caviar::server_api

#endif  // CAVIAR_TESTS_SERVER_API_SOCKETS_H_
