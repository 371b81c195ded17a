#include "fake_client.h"

namespace caviar::commands {

MockClient::MockClient() = default;
MockClient::~MockClient() = default;

}  // namespace caviar::commands
