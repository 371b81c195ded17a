#include "client/commands/session.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/error_detail.h"
#include "client/api/coordinator_address.h"
#include "client/render/json.h"
#include "client/render/text.h"
#include "client/render/yaml.h"
#include "client/study_file/scalar.h"

namespace caviar::commands {

bool IsNoCoordinator(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) return true;
  return absl::IsUnavailable(status) &&
         (!error::Detail(status) || error::HasReason(status, error::kShuttingDown));
}

absl::StatusOr<std::string> Session::Address() const {
  std::string address = options_.coordinator;
  absl::string_view origin = "--coordinator";
  if (address.empty()) {
    origin = "CAVIAR_COORDINATOR";
    address = environment_.variable("CAVIAR_COORDINATOR").value_or("");
  }
  if (address.empty()) address = "127.0.0.1:7461";
  if (absl::Status status = client::CheckCoordinator(address); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(origin, ": ", status.message()));
  }
  return address;
}

absl::StatusOr<client::Client*> Session::Client() {
  if (client_ == nullptr) {
    absl::StatusOr<std::string> address = Address();
    if (!address.ok()) return address.status();
    const auto patience = study_file::ParseDuration(options_.patience);
    if (!patience.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--patience ", patience.status().message()));
    }
    if (const absl::Status checked = client::CheckCredentials(credentials()); !checked.ok()) {
      return checked;
    }
    client::ClientOptions options;
    options.address = *std::move(address);
    options.patience = *patience;
    options.credentials = credentials();
    client_ = environment_.connect(options);
  }
  return client_.get();
}

bool Session::colors() const {
  return environment_.out_is_terminal && environment_.variable("NO_COLOR").value_or("").empty();
}

bool Session::unicode() const {
  // POSIX: the first one that is set and not empty counts.
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = absl::AsciiStrToLower(environment_.variable(name).value_or(""));
    if (locale.empty()) continue;
    return absl::StrContains(locale, "utf-8") || absl::StrContains(locale, "utf8");
  }
  return false;
}

render::Cell Session::StateCell(const std::string& state) {
  using render::Color;
  Color color = Color::kNone;
  if (state == "COMPLETED" || state == "ACTIVE" || state == "ALIVE") color = Color::kGreen;
  if (state == "RUNNING") color = Color::kCyan;
  if (state == "FAILED" || state == "SILENT") color = Color::kRed;
  if (state == "INFEASIBLE" || state == "STOPPED" || state == "PAUSED") color = Color::kYellow;
  if (state == "CANCELLED" || state == "PRUNED") color = Color::kDim;
  return {state, color};
}

void Session::Print(const nlohmann::ordered_json& json) {
  out() << (options_.output == "yaml" ? render::FormatYaml(json) : render::FormatJson(json));
}

void Session::Print(const google::protobuf::Message& message) { Print(render::ToJson(message)); }

void Session::Complain(absl::string_view message) {
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    environment_.err << "caviar: " << render::Printable(line) << "\n";
  }
}

int Session::FailUsage(absl::string_view message) {
  Complain(message);
  return kWrongUsage;
}

int Session::Fail(const absl::Status& status) {
  const auto detail = error::Detail(status);
  if (absl::IsInvalidArgument(status)) {
    if (!detail || detail->field_violations().empty()) return FailUsage(status.message());
    for (const v1::FieldViolation& violation : detail->field_violations()) {
      Complain(absl::StrCat(violation.field(), ": ", violation.description()));
    }
    return kWrongUsage;
  }
  if (!IsNoCoordinator(status)) {
    Complain(status.message().empty() ? status.ToString() : status.message());
    return kFailed;
  }
  const std::string address = Address().value_or("");
  const std::string message(status.message());
  Complain(message.find(address) != std::string::npos
               ? message
               : absl::StrCat("no coordinator answers at ", address, ": ", message));
  if (client::IsAddressFile(address)) return kNoCoordinator;  // the message says what to do
  if (absl::IsDeadlineExceeded(status)) {
    Complain(
        "what listens there does not answer, or nothing comes back from there: it is stopped, "
        "stalled or cut off; look at its process, its log and the network between");
    return kNoCoordinator;
  }
  Complain(absl::StrCat("start one with `caviar-coordinator --listen ", address,
                        " --data-dir ./caviar-data`, or say where it is with --coordinator or "
                        "CAVIAR_COORDINATOR"));
  return kNoCoordinator;
}

}  // namespace caviar::commands
