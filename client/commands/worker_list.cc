#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/command_line.h"
#include "client/commands/program_text.h"
#include "client/render/number.h"
#include "client/render/table.h"

namespace caviar::commands {
namespace {

// "cpus 2, gpus 0, memory 23.5GiB gpu=a100": what studies may ask for.
std::string OffersText(const v1::Worker& worker) {
  std::vector<std::string> parts;
  if (worker.has_resources()) {
    v1::Resources resources = worker.resources();
    // In whole MiB, which people can read.
    const int64_t bytes = resources.memory().bytes();
    if (resources.has_memory()) resources.mutable_memory()->set_bytes(bytes >> 20 << 20);
    parts.push_back(ResourcesText(resources));
  }
  const std::map<std::string, std::string> labels(worker.labels().begin(), worker.labels().end());
  if (!labels.empty()) parts.push_back(absl::StrJoin(labels, " ", absl::PairFormatter("=")));
  return absl::StrJoin(parts, " ");
}

// One that said so is no reason for alarm, unlike one that fell silent.
std::string StateOf(const v1::Worker& worker) {
  return worker.left() ? "LEFT" : v1::Worker::State_Name(worker.state());
}

std::string RestsText(const v1::Worker& worker) {
  return absl::StrJoin(worker.rests(), ", ", [](std::string* text, const v1::StudyRest& rest) {
    absl::StrAppend(text, rest.study(), " (again in ",
                    render::DurationText(render::ToDuration(rest.left())), ")");
  });
}

int ListWorkers(Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto workers = (*client)->ListWorkers();
  if (!workers.ok()) return session.Fail(workers.status());
  if (!session.is_table()) {
    session.Print(*workers);
    return kDone;
  }
  // A column for the rare case only.
  const bool any_rests =
      std::any_of(workers->workers().begin(), workers->workers().end(),
                  [](const v1::Worker& worker) { return worker.rests_size() > 0; });
  std::vector<render::Column> columns = {
      {"name"}, {"state"}, {"busy", true}, {"version"}, {"last heard", true}, {"offers"}, {"runs"}};
  if (any_rests) columns.push_back({"could not do"});
  render::Table table(std::move(columns));
  for (const v1::Worker& worker : workers->workers()) {
    std::vector<render::Cell> row = {
        worker.name(),
        Session::StateCell(StateOf(worker)),
        absl::StrCat(worker.busy_slots(), "/", worker.slots()),
        worker.version(),
        absl::StrCat(render::DurationText(render::ToDuration(worker.idle())), " ago"),
        OffersText(worker),
        absl::StrJoin(worker.running(), " ")};
    if (any_rests) row.push_back(RestsText(worker));
    table.AddRow(std::move(row));
  }
  session.out() << table.Render(session.colors());
  return kDone;
}

}  // namespace

void AddWorkerList(Command worker, CommandLine& line) {
  line.Add(worker, "list", "List the workers that the coordinator knows", ListWorkers);
}

}  // namespace caviar::commands
