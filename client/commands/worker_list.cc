#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/command_line.h"
#include "client/render/number.h"
#include "client/render/table.h"

namespace caviar::commands {
namespace {

int List(Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto workers = (*client)->ListWorkers();
  if (!workers.ok()) return session.Fail(workers.status());
  if (!session.is_table()) {
    session.Print(*workers);
    return kDone;
  }
  render::Table table(
      {{"name"}, {"state"}, {"busy", true}, {"version"}, {"last heard", true}, {"runs"}});
  for (const v1::Worker& worker : workers->workers()) {
    table.AddRow({worker.name(), Session::StateCell(v1::Worker::State_Name(worker.state())),
                  absl::StrCat(worker.busy_slots(), "/", worker.slots()), worker.version(),
                  absl::StrCat(render::DurationText(render::ToDuration(worker.idle())), " ago"),
                  absl::StrJoin(worker.running(), " ")});
  }
  session.out() << table.Render(session.colors());
  return kDone;
}

}  // namespace

void AddWorkerList(CLI::App& worker, CommandLine& line) {
  line.Add(worker, "list", "List the workers that the coordinator knows", List);
}

}  // namespace caviar::commands
