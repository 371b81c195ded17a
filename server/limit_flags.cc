#include "server/limit_flags.h"

#include <CLI/CLI.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace caviar {
namespace {

constexpr char kGroup[] = "Limits";
constexpr int64_t kKiB = 1 << 10, kMiB = 1 << 20, kGiB = 1 << 30;

std::string SizeText(int64_t bytes) {
  if (bytes % kGiB == 0) return absl::StrCat(bytes / kGiB, "GiB");
  if (bytes % kMiB == 0) return absl::StrCat(bytes / kMiB, "MiB");
  if (bytes % kKiB == 0) return absl::StrCat(bytes / kKiB, "KiB");
  return absl::StrCat(bytes);
}

template <typename Integer>
void AddCount(CLI::App& app, const char* name, Integer& value, Integer most, const char* help) {
  app.add_option(name, value, help)
      ->check(CLI::Range(Integer{1}, most))
      ->capture_default_str()
      ->group(kGroup);
}

// In bytes, or with a unit: 16MiB.
template <typename Integer>
void AddSize(CLI::App& app, const char* name, Integer& value, int64_t least, int64_t most,
             const char* help) {
  const auto check = [least, most](const std::string& bytes) {
    // A number: AsSizeValue came before.
    const double size = std::stod(bytes);
    if (size >= static_cast<double>(least) && size <= static_cast<double>(most)) {
      return std::string();
    }
    return absl::StrCat(bytes, " bytes are out of range: ", SizeText(least), " to ",
                        SizeText(most));
  };
  app.add_option(name, value, help)
      ->check(
          CLI::Validator(check, absl::StrCat("in [", SizeText(least), " - ", SizeText(most), "]")))
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false).description(""))
      ->type_name("SIZE")
      ->default_str(SizeText(value))
      ->group(kGroup);
}

// Past each of these, what is too much is refused at once, and callers try again later.
void AddServingLimits(CLI::App& app, server_api::ServerLimits& limits) {
  constexpr int kMost = 1'000'000;
  AddCount(app, "--max-connections", limits.connections, kMost,
           "connections that are served; more are closed at once");
  AddCount(app, "--max-connections-per-peer", limits.connections_of_peer, kMost,
           "the same, from one address");
  AddCount(app, "--max-streams-per-connection", limits.streams_of_connection, kMost,
           "calls at once on one connection, watches among them; more wait at the caller's end");
  AddCount(app, "--max-calls", limits.calls, kMost,
           "calls worked on at once, of each kind: renewals and outcomes, other changes, reads and "
           "watches, pieces of files; more are told to try again");
  AddCount(app, "--max-waiting-calls", limits.polls, kMost,
           "the same, for callers that wait for work");
  AddSize(app, "--max-message-size", limits.message_bytes, 2 * kMiB, 64 * kMiB,
          "of one request; longer ones are refused");
  AddSize(app, "--max-queued-bytes", limits.queued_bytes, 8 * kMiB, int64_t{1} << 40,
          "of requests worked on and of answers not taken yet, of each kind; at least "
          "--max-message-size");
}

// What is too much here is refused for good. What is stored already stays.
void AddStoredLimits(CLI::App& app, coordinator::Limits& limits) {
  AddCount(app, "--max-studies", limits.studies, 1'000'000, "studies that are kept");
  AddCount(app, "--max-workers", limits.workers, 1'000'000,
           "workers that are registered; silent ones are forgotten for new ones, and after a day");
  AddCount(app, "--max-trials", limits.trials, 100'000'000,
           "trials of one study, repeats among them; a study that has so many stops");
  AddCount(app, "--max-parameters", limits.parameters, coordinator::Limits().parameters,
           "parameters of one study");
  AddCount(app, "--max-metrics", limits.metrics, 100'000,
           "metrics that one study names, and different ones that one trial reports");
  AddCount(app, "--max-measurements", limits.measurements, int64_t{1'000'000'000},
           "values of metrics that one trial reports, in all its attempts");
  AddSize(app, "--max-upload-size", limits.file_bytes, kKiB, coordinator::Limits().file_bytes,
          "of one checkpoint, weights file or model that a worker sends");
  AddSize(app, "--max-code-size", limits.code_bytes, kKiB, coordinator::Limits().code_bytes,
          "of the archive of one study's code");
}

}  // namespace

void AddLimitFlags(CLI::App& app, server_api::ServerLimits& serving, coordinator::Limits& stored) {
  AddServingLimits(app, serving);
  AddStoredLimits(app, stored);
  app.callback([&serving] {
    if (serving.queued_bytes >= serving.message_bytes) return;
    throw CLI::ValidationError(
        "--max-queued-bytes", absl::StrCat(SizeText(serving.queued_bytes), " is less than ",
                                           "--max-message-size ", SizeText(serving.message_bytes)));
  });
}

}  // namespace caviar
