// Who listens on this machine. Used by this room's .cc files only.
#ifndef CAVIAR_CLIENT_API_LISTENERS_H_
#define CAVIAR_CLIENT_API_LISTENERS_H_

#include <netinet/in.h>

#include <cstdint>
#include <vector>

namespace caviar::client {

// At which addresses of this machine users other than this one, or root, listen at this TCP port;
// those of IPv4 as ::ffff:a.b.c.d. Empty where that cannot be known. Costs some microseconds,
// however many connections the machine has: it may be asked for each call.
std::vector<in6_addr> AddressesOfOthers(uint16_t port);

// The same of other users who hold the far end of a connection of this process: whoever took one
// may listen no more. Costs some microseconds for each file that the process has open.
std::vector<in6_addr> PeersOfOthers(uint16_t port);

// Whether what listens at `listener` may take a connection to `address`: it is the same, or all
// addresses. (:: counts for IPv4, too, though whoever listens there can leave that out.)
bool Takes(const in6_addr& listener, const in6_addr& address);

// An address of IPv4, in the order of networks, as ::ffff:a.b.c.d.
in6_addr Mapped(uint32_t address);

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_LISTENERS_H_
