#include "client/commands/trial_pages.h"

namespace caviar::commands {

absl::Status ForEachTrial(client::Client& client, v1::ListTrialsRequest request,
                          const std::function<bool(const v1::Trial&)>& take) {
  request.clear_page_token();
  do {
    const auto page = client.ListTrials(request);
    if (!page.ok()) return page.status();
    for (const v1::Trial& trial : page->trials()) {
      if (!take(trial)) return absl::OkStatus();
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

}  // namespace caviar::commands
