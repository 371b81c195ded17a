#include "deploy/logs/logs.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

namespace caviar::logs {
namespace {

class JsonLog : public ::testing::Test {
 protected:
  JsonLog() : logger_("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out_)) {
    logger_.set_formatter(MakeJsonFormatter());
  }
  nlohmann::json Line() {
    std::string line;
    std::getline(out_, line);
    return nlohmann::json::parse(line, nullptr, false);
  }

  std::stringstream out_;
  spdlog::logger logger_;
};

TEST_F(JsonLog, ALineIsAnObject) {
  logger_.warn("a \"quoted\"\nline with {} and \xff", "\x1b[0m");
  const nlohmann::json line = Line();
  ASSERT_TRUE(line.is_object());
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["message"], "a \"quoted\"\nline with \x1b[0m and \xEF\xBF\xBD");
  EXPECT_EQ(std::string(line["time"]).back(), 'Z');
  EXPECT_EQ(std::string(line["time"]).size(), 24u);
  EXPECT_FALSE(line.contains("study"));
  EXPECT_FALSE(line.contains("trial"));
}

TEST_F(JsonLog, WhatAThreadWorksOnStandsInItsLines) {
  {
    const Scope scope({"s", 0, "7-1"});
    logger_.info("inner");
    std::thread([this, fields = Current()] {
      logger_.info("another thread, before");
      const Scope there(fields);
      logger_.info("another thread");
    }).join();
  }
  logger_.info("after");
  const nlohmann::json inner = Line();
  EXPECT_EQ(inner["study"], "s");
  EXPECT_EQ(inner["trial"], 0);
  EXPECT_EQ(inner["lease"], "7-1");
  EXPECT_FALSE(Line().contains("study"));
  EXPECT_EQ(Line()["lease"], "7-1");
  EXPECT_FALSE(Line().contains("study"));
}

}  // namespace
}  // namespace caviar::logs
