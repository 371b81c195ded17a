#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "caviar/v1/objectives.h"
#include "client/commands/command_line.h"
#include "client/commands/new_file.h"
#include "client/commands/outcome_text.h"
#include "client/commands/study_text.h"
#include "client/commands/trial_pages.h"
#include "client/render/csv.h"
#include "client/render/json.h"
#include "client/render/number.h"

namespace caviar::commands {
namespace {

struct ExportArguments {
  std::string study;
  std::string what = "trials";
  std::string format = "csv";
  std::string file;  // "": standard output
  bool overwrite = false;
};

// Where it goes, piece by piece.
using Write = std::function<absl::Status(absl::string_view)>;

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

// Goes on until `take` meets an error, which is the answer then.
absl::Status ForEach(client::Client& client, const v1::ListTrialsRequest& request,
                     const std::function<absl::Status(const v1::Trial&)>& take) {
  absl::Status taken;
  const absl::Status listed = ForEachTrial(client, request, [&](const v1::Trial& trial) {
    taken = take(trial);
    return taken.ok();
  });
  return taken.ok() ? listed : taken;
}

v1::ListTrialsRequest TrialsOf(const v1::Study& study) {
  v1::ListTrialsRequest request;
  request.set_study(study.name());
  request.set_page_size(1000);
  return request;
}

// With all measurements: pages stay below gRPC's 4 MiB for 1,000 steps of ten metrics.
v1::ListTrialsRequest WholeTrialsOf(const v1::Study& study) {
  v1::ListTrialsRequest request = TrialsOf(study);
  request.set_page_size(10);
  request.set_view(v1::TRIAL_VIEW_FULL);
  return request;
}

absl::Status TrialsAsCsv(client::Client& client, const v1::Study& study, const Write& write) {
  const std::vector<std::string> first = FirstColumns(study);
  std::vector<std::string> header = first;
  for (const v1::Parameter& parameter : study.parameters()) {
    header.push_back(ColumnOf(parameter.name(), first));
  }
  if (absl::Status written = write(render::CsvLine(header)); !written.ok()) return written;
  return ForEach(client, TrialsOf(study),
                 [&](const v1::Trial& trial) { return write(render::CsvLine(Row(study, trial))); });
}

// A line a value, by trial, step and metric.
absl::Status MeasurementsAsCsv(client::Client& client, const v1::Study& study, const Write& write) {
  absl::Status written = write(render::CsvLine({"trial", "step", "metric", "value", "time"}));
  if (!written.ok()) return written;
  return ForEach(client, WholeTrialsOf(study), [&](const v1::Trial& trial) {
    std::string lines;
    for (const v1::Measurement& measurement : trial.measurements()) {
      const std::map<std::string, double> metrics(measurement.metrics().begin(),
                                                  measurement.metrics().end());
      for (const auto& [metric, value] : metrics) {
        lines += render::CsvLine({absl::StrCat(trial.number()), absl::StrCat(measurement.step()),
                                  metric, render::FormatNumber(value),
                                  Time(measurement.has_time(), measurement.time())});
      }
    }
    return write(lines);
  });
}

// The lines of a value that stands so deep in a document.
std::string Indented(const nlohmann::ordered_json& json, absl::string_view blanks) {
  const std::string text = render::FormatJson(json);
  return absl::StrReplaceAll(absl::StripSuffix(text, "\n"), {{"\n", absl::StrCat("\n", blanks)}});
}

// {"study": ..., "<name>": [...]}, an item at a time: a study may be larger than memory.
absl::Status AsJson(
    client::Client& client, const v1::Study& study, absl::string_view name,
    const std::function<std::vector<nlohmann::ordered_json>(const v1::Trial&)>& items,
    const Write& write) {
  absl::Status written = write(absl::StrCat(
      "{\n  \"study\": ", Indented(render::ToJson(study), "  "), ",\n  \"", name, "\": ["));
  if (!written.ok()) return written;
  bool any = false;
  written = ForEach(client, WholeTrialsOf(study), [&](const v1::Trial& trial) {
    std::string text;
    for (const nlohmann::ordered_json& item : items(trial)) {
      absl::StrAppend(&text, any ? "," : "", "\n    ", Indented(item, "    "));
      any = true;
    }
    return write(text);
  });
  return written.ok() ? write(any ? "\n  ]\n}\n" : "]\n}\n") : written;
}

std::vector<nlohmann::ordered_json> MeasurementsOf(const v1::Trial& trial) {
  std::vector<nlohmann::ordered_json> items;
  for (const v1::Measurement& measurement : trial.measurements()) {
    nlohmann::ordered_json item = {{"trial", trial.number()}};
    item.update(render::ToJson(measurement));
    items.push_back(std::move(item));
  }
  return items;
}

absl::Status Export(const ExportArguments& arguments, client::Client& client,
                    const v1::Study& study, const Write& write) {
  const bool trials = arguments.what == "trials";
  if (arguments.format == "csv") {
    return trials ? TrialsAsCsv(client, study, write) : MeasurementsAsCsv(client, study, write);
  }
  if (!trials) return AsJson(client, study, "measurements", MeasurementsOf, write);
  return AsJson(
      client, study, "trials",
      [](const v1::Trial& trial) { return std::vector{render::ToJson(trial)}; }, write);
}

absl::Status ExportToFile(const ExportArguments& arguments, client::Client& client,
                          const v1::Study& study) {
  auto file = NewFile::Create(arguments.file, arguments.overwrite);
  if (!file.ok()) return file.status();
  const absl::Status exported = Export(
      arguments, client, study, [&file](absl::string_view text) { return (*file)->Write(text); });
  return exported.ok() ? (*file)->Finish() : exported;
}

int Export(const ExportArguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::GetStudyRequest request;
  request.set_study(arguments.study);
  const auto study = (*client)->GetStudy(request);
  if (!study.ok()) return session.Fail(study.status());
  if (!arguments.file.empty()) {
    const absl::Status exported = ExportToFile(arguments, **client, *study);
    return exported.ok() ? kDone : session.Fail(exported);
  }
  const absl::Status status =
      Export(arguments, **client, *study, [&session](absl::string_view text) {
        session.out() << text;
        return session.out().good() ? absl::OkStatus() : absl::CancelledError("");
      });
  // What cannot be written ends it early, and is said where all commands' output is looked at.
  return status.ok() || !session.out().good() ? kDone : session.Fail(status);
}

}  // namespace

void AddExport(Command app, CommandLine& line) {
  auto arguments = std::make_shared<ExportArguments>();
  Command command = line.AddRemote(
      app, "export", "Print all trials of a study, one a line, or all that they measured",
      [arguments](Session& session) { return Export(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command
      .AddOption("WHAT", arguments->what,
                 "trials (default; as json with all they measured) or measurements")
      .OneOf({"trials", "measurements"});
  command.AddOption("--format", arguments->format, "csv (default) or json").OneOf({"csv", "json"});
  Option file = command.AddOption("--output", arguments->file,
                                  "Write this file, which appears as a whole or not at all");
  command.AddFlag("--force", arguments->overwrite, "Overwrite the file if it exists").Needs(file);
}

}  // namespace caviar::commands
