// A static program must not load a system's name services: they belong to another C library than its own.
#include <nss.h>

namespace {

// Before main. What /etc/nsswitch.conf names beside files and DNS (LDAP, mDNS, systemd) is not asked.
[[gnu::constructor]] void AskFilesAndDnsOnly() {
  for (const char* database : {"passwd", "group", "initgroups", "services", "protocols", "networks"}) {
    __nss_configure_lookup(database, "files");
  }
  __nss_configure_lookup("hosts", "files dns");
}

}  // namespace
