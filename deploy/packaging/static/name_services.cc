// A static program must not load a system's name services: they belong to another C library than
// its own.
#include <nss.h>

namespace {

constexpr const char* kOwnFiles[] = {"passwd",   "group",     "initgroups",
                                     "services", "protocols", "networks"};

// Before main. What /etc/nsswitch.conf names beside files and DNS (LDAP, mDNS, systemd) is not
// asked.
[[gnu::constructor]] void AskFilesAndDnsOnly() {
  for (const char* database : kOwnFiles) __nss_configure_lookup(database, "files");
  __nss_configure_lookup("hosts", "files dns");
}

}  // namespace
