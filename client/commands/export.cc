#include <memory>

#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "client/commands/command_line.h"
#include "client/commands/outcome_text.h"
#include "client/commands/study_text.h"
#include "client/commands/trial_pages.h"
#include "client/render/csv.h"
#include "client/render/json.h"
#include "client/render/number.h"

namespace caviar::commands {
namespace {

struct Arguments {
  std::string study;
  std::string format = "csv";
};

// Before the parameters.
std::vector<std::string> FirstColumns(const v1::Study& study) {
  std::vector<std::string> columns = {"number", "state", "objective", "objective_step"};
  for (const std::string& metric : vocabulary::OutcomeMetrics(study)) {
    columns.push_back(absl::StrCat("outcome.", metric));
  }
  if (!study.constraints().empty()) columns.push_back("feasible");
  columns.insert(columns.end(), {"worker", "create_time", "start_time", "end_time", "origin"});
  if (RepeatsOf(study) > 1) {
    columns.insert(columns.end(), {"repeat_of", "mean", "standard_error"});
  }
  return columns;
}

// A parameter's name; in its long form where one of `columns` has the same one.
std::string ColumnOf(const std::string& parameter, const std::vector<std::string>& columns) {
  for (const std::string& column : columns) {
    if (column == parameter) return absl::StrCat("parameters.", parameter);
  }
  return parameter;
}

std::string Time(bool is_set, const google::protobuf::Timestamp& time) {
  return is_set ? render::ToJson(time).get<std::string>() : "";
}

void AppendRepeats(const v1::Trial& trial, std::vector<std::string>& row) {
  const v1::Repeats& repeats = trial.repeats();
  row.push_back(absl::StrCat(trial.repeat_of()));
  row.push_back(repeats.has_mean() ? render::FormatNumber(repeats.mean()) : "");
  row.push_back(repeats.has_standard_error() ? render::FormatNumber(repeats.standard_error()) : "");
}

std::vector<std::string> Row(const v1::Study& study, const v1::Trial& trial) {
  std::vector<std::string> row = {
      absl::StrCat(trial.number()), v1::Trial::State_Name(trial.state()),
      trial.has_objective() ? render::FormatNumber(trial.objective()) : "",
      trial.has_objective_step() ? absl::StrCat(trial.objective_step()) : ""};
  for (const std::string& metric : vocabulary::OutcomeMetrics(study)) {
    const auto value = MetricOf(study, trial, metric);
    row.push_back(value ? render::FormatNumber(*value) : "");
  }
  if (!study.constraints().empty()) {
    row.push_back(trial.has_feasible() ? (trial.feasible() ? "true" : "false") : "");
  }
  row.insert(row.end(), {trial.worker(), Time(trial.has_create_time(), trial.create_time()),
                         Time(trial.has_start_time(), trial.start_time()),
                         Time(trial.has_end_time(), trial.end_time()),
                         v1::Trial::Origin_Name(trial.origin())});
  if (RepeatsOf(study) > 1) AppendRepeats(trial, row);
  for (const v1::Parameter& parameter : study.parameters()) {
    const auto found = trial.parameters().find(parameter.name());
    row.push_back(found == trial.parameters().end() ? "" : render::FormatValue(found->second));
  }
  return row;
}

absl::Status ExportCsv(client::Client& client, const v1::Study& study, std::ostream& out) {
  const std::vector<std::string> first = FirstColumns(study);
  std::vector<std::string> header = first;
  for (const v1::Parameter& parameter : study.parameters()) {
    header.push_back(ColumnOf(parameter.name(), first));
  }
  out << render::CsvLine(header);
  v1::ListTrialsRequest request;
  request.set_study(study.name());
  request.set_page_size(1000);
  return ForEachTrial(client, request, [&](const v1::Trial& trial) {
    out << render::CsvLine(Row(study, trial));
    return out.good();
  });
}

absl::Status ExportJson(client::Client& client, const v1::Study& study, std::ostream& out) {
  v1::ListTrialsRequest request;
  request.set_study(study.name());
  // With all measurements: pages stay below gRPC's 4 MiB for 1,000 steps of ten metrics.
  request.set_page_size(10);
  request.set_view(v1::TRIAL_VIEW_FULL);
  nlohmann::ordered_json trials = nlohmann::ordered_json::array();
  const absl::Status listed = ForEachTrial(client, request, [&](const v1::Trial& trial) {
    trials.push_back(render::ToJson(trial));
    return true;
  });
  if (!listed.ok()) return listed;
  out << render::FormatJson({{"study", render::ToJson(study)}, {"trials", std::move(trials)}});
  return absl::OkStatus();
}

int Export(const Arguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::GetStudyRequest request;
  request.set_study(arguments.study);
  const auto study = (*client)->GetStudy(request);
  if (!study.ok()) return session.Fail(study.status());
  const absl::Status status = arguments.format == "json"
                                  ? ExportJson(**client, *study, session.out())
                                  : ExportCsv(**client, *study, session.out());
  return status.ok() ? kDone : session.Fail(status);
}

}  // namespace

void AddExport(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App& command = line.AddRemote(
      app, "export", "Print all trials of a study, one a line, or with all measurements",
      [arguments](Session& session) { return Export(*arguments, session); });
  command.add_option("NAME", arguments->study, "Name of the study")->required();
  command.add_option("--format", arguments->format, "csv (default) or json")
      ->check(CLI::IsMember({"csv", "json"}));
}

}  // namespace caviar::commands
