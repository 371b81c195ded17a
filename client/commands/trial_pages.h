// All trials of a study, page by page.
#ifndef CAVIAR_CLIENT_COMMANDS_TRIAL_PAGES_H_
#define CAVIAR_CLIENT_COMMANDS_TRIAL_PAGES_H_

#include <functional>

#include "absl/status/status.h"
#include "client/api/client.h"

namespace caviar::commands {

// Calls `take` with each trial that the request asks for, over all pages, until it returns false.
// The request's page_size is kept, its page_token is ignored.
absl::Status ForEachTrial(client::Client& client, v1::ListTrialsRequest request,
                          const std::function<bool(const v1::Trial&)>& take);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_TRIAL_PAGES_H_
