#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands/command_line.h"
#include "client/render/number.h"
#include "client/render/table.h"

namespace caviar::commands {
namespace {

std::string FilesText(const v1::FileUsage& usage) {
  if (usage.files() == 0) return "";
  return absl::StrCat(render::BytesText(usage.bytes()), " in ", usage.files());
}

void Add(const v1::FileUsage& usage, v1::FileUsage& sum) {
  sum.set_files(sum.files() + usage.files());
  sum.set_bytes(sum.bytes() + usage.bytes());
}

int64_t BytesOf(const v1::StudyUsage& study) {
  return study.checkpoints().bytes() + study.weights().bytes() + study.models().bytes() +
         study.logs().bytes();
}

std::vector<render::Cell> Row(const v1::StudyUsage& study) {
  return {study.study(),
          absl::StrCat(study.trials()),
          absl::StrCat(study.running()),
          absl::StrCat(study.measurements()),
          FilesText(study.checkpoints()),
          FilesText(study.weights()),
          FilesText(study.models()),
          FilesText(study.logs())};
}

// Where most room goes first.
render::Table StudiesTable(const v1::ServerUsage& usage) {
  std::vector<const v1::StudyUsage*> studies;
  v1::StudyUsage all;
  all.set_study("all");
  for (const v1::StudyUsage& study : usage.studies()) {
    studies.push_back(&study);
    all.set_trials(all.trials() + study.trials());
    all.set_running(all.running() + study.running());
    all.set_measurements(all.measurements() + study.measurements());
    Add(study.checkpoints(), *all.mutable_checkpoints());
    Add(study.weights(), *all.mutable_weights());
    Add(study.models(), *all.mutable_models());
    Add(study.logs(), *all.mutable_logs());
  }
  std::stable_sort(studies.begin(), studies.end(), [](const auto* a, const auto* b) {
    return std::pair(BytesOf(*a), a->measurements()) > std::pair(BytesOf(*b), b->measurements());
  });
  render::Table table({{"study"},
                       {"trials", true},
                       {"running", true},
                       {"measurements", true},
                       {"checkpoints", true},
                       {"weights", true},
                       {"models", true},
                       {"logs", true}});
  for (const v1::StudyUsage* study : studies) table.AddRow(Row(*study));
  if (studies.size() > 1) table.AddRow(Row(all));
  return table;
}

int Usage(Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto usage = (*client)->GetServerUsage();
  if (!usage.ok()) return session.Fail(usage.status());
  if (!session.is_table()) {
    session.Print(*usage);
    return kDone;
  }
  session.out() << render::RenderPairs({{"database", render::BytesText(usage->database_bytes())},
                                        {"code", FilesText(usage->code())},
                                        {"free disk", render::BytesText(usage->free_disk_bytes())}},
                                       session.colors());
  if (usage->studies_size() > 0) {
    session.out() << "\n" << StudiesTable(*usage).Render(session.colors());
  }
  return kDone;
}

}  // namespace

void AddServerUsage(Command server, CommandLine& line) {
  line.Add(server, "usage", "Show what takes room: database, files, and of which study", Usage);
}

}  // namespace caviar::commands
