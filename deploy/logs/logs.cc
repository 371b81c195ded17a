#include "deploy/logs/logs.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace caviar::logs {
namespace {

constexpr char kTextPattern[] = "%Y-%m-%dT%H:%M:%S.%e%z %l %v";

thread_local Fields current;

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    spdlog::memory_buf_t time;
    time_.format(message, time);
    const auto level = spdlog::level::to_string_view(message.level);
    nlohmann::ordered_json line;
    line["time"] = std::string(time.data(), time.size());
    line["level"] = std::string(level.data(), level.size());
    line["message"] = std::string(message.payload.data(), message.payload.size());
    if (!current.study.empty()) line["study"] = current.study;
    if (current.trial) line["trial"] = *current.trial;
    if (!current.lease.empty()) line["lease"] = current.lease;
    // What is not UTF-8 is replaced: a line always comes.
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    out.append(text.data(), text.data() + text.size());
    out.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }

 private:
  spdlog::pattern_formatter time_{"%Y-%m-%dT%H:%M:%S.%eZ", spdlog::pattern_time_type::utc, ""};
};

}  // namespace

Scope::Scope(Fields fields) : before_(std::exchange(current, std::move(fields))) {}
Scope::~Scope() { current = std::move(before_); }

const Fields& Current() { return current; }

std::unique_ptr<spdlog::formatter> MakeJsonFormatter() { return std::make_unique<JsonFormatter>(); }

void SetUp(const std::string& name, const std::string& level, const std::string& format) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt(name));
  spdlog::set_level(spdlog::level::from_str(level));
  if (format == "json") {
    spdlog::set_formatter(MakeJsonFormatter());
  } else {
    spdlog::set_pattern(kTextPattern);
  }
}

}  // namespace caviar::logs
