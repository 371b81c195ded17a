#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands/command_line.h"
#include "client/commands/outcome_text.h"
#include "client/commands/trial_text.h"
#include "client/render/number.h"
#include "client/render/table.h"

namespace caviar::commands {
namespace {

// All pages.
absl::StatusOr<v1::ListStudiesResponse> ListAll(client::Client& client) {
  v1::ListStudiesResponse all;
  v1::ListStudiesRequest request;
  request.set_page_size(1000);
  do {
    const auto page = client.ListStudies(request);
    if (!page.ok()) return page.status();
    all.mutable_studies()->MergeFrom(page->studies());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return all;
}

bool HaveSeveralOwners(const v1::ListStudiesResponse& studies) {
  for (const v1::Study& study : studies.studies()) {
    if (study.owner() != studies.studies(0).owner()) return true;
  }
  return false;
}

int ListStudies(Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto studies = ListAll(**client);
  if (!studies.ok()) return session.Fail(studies.status());
  if (!session.is_table()) {
    session.Print(*studies);
    return kDone;
  }
  std::vector<render::Column> columns = {{"name"},          {"state"},        {"final", true},
                                         {"running", true}, {"failed", true}, {"metric"},
                                         {"best", true},    {"created"}};
  if (HaveSeveralOwners(*studies)) columns.push_back({"owner"});
  render::Table table(std::move(columns));
  for (const v1::Study& study : studies->studies()) {
    std::string final_trials = absl::StrCat(FinalTrials(study.trial_counts()));
    if (study.limits().has_max_trials()) {
      absl::StrAppend(&final_trials, "/", study.limits().max_trials());
    }
    table.AddRow(
        {study.name(), Session::StateCell(v1::Study::State_Name(study.state())), final_trials,
         absl::StrCat(study.trial_counts().running()), absl::StrCat(study.trial_counts().failed()),
         ObjectiveNames(study),
         study.has_best_objective() ? render::FormatShortNumber(study.best_objective()) : "",
         render::TimeText(render::ToTime(study.create_time())), study.owner()});
  }
  session.out() << table.Render(session.colors());
  return kDone;
}

}  // namespace

void AddStudyList(Command study, CommandLine& line) {
  line.Add(study, "list", "List all studies, oldest first", ListStudies);
}

}  // namespace caviar::commands
