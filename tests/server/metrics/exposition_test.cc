#include "server/metrics/exposition.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/server/api/fake_coordinator.h"

namespace caviar::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The body and headers of what is served there.
std::string Get(int port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
  EXPECT_EQ(write(connection, request.data(), request.size()), ssize_t(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(connection, buffer, sizeof(buffer))) > 0;) {
    answer.append(buffer, static_cast<size_t>(got));
  }
  close(connection);
  return answer;
}

class ExpositionTest : public ::testing::Test {
 protected:
  std::string Scrape() {
    const auto exposition = Exposition::Start("127.0.0.1:0", recorder_, coordinator_);
    EXPECT_TRUE(exposition.ok()) << exposition.status();
    return exposition.ok() ? Get((*exposition)->port()) : "";
  }

  Recorder recorder_;
  server_api::FakeCoordinator coordinator_;
};

TEST_F(ExpositionTest, WhatHappenedIsCounted) {
  recorder_.OnCommit(absl::Milliseconds(3), 12);
  recorder_.OnCommit(absl::Milliseconds(7), 1);
  recorder_.OnFailedCommit();
  recorder_.OnHandOut(absl::Milliseconds(30));
  recorder_.OnValues(5);
  recorder_.OnSuggestion(v1::Sampler::GP, absl::Milliseconds(15));
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("caviar_commit_seconds_count 2\n"));
  EXPECT_THAT(text, HasSubstr("caviar_commit_seconds_bucket{le=\"0.005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("caviar_commit_calls_sum 13\n"));
  EXPECT_THAT(text, HasSubstr("caviar_failed_commits_total 1\n"));
  EXPECT_THAT(text, HasSubstr("caviar_hand_out_seconds_bucket{le=\"0.05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("caviar_hand_out_seconds_bucket{le=\"0.02\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("caviar_metric_values_total 5\n"));
  EXPECT_THAT(text, HasSubstr("caviar_suggestion_seconds_count{sampler=\"gp\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("caviar_suggestion_seconds_count{sampler=\"coarse_to_fine\"} 0\n"));
}

TEST_F(ExpositionTest, TheStatusIsThatOfNow) {
  coordinator_.server_status.set_version("1.2");
  coordinator_.server_status.set_active_studies(3);
  coordinator_.server_status.mutable_trial_counts()->set_running(7);
  coordinator_.server_status.set_leases(9);
  coordinator_.server_status.set_workers(2);
  coordinator_.server_status.set_late_values_dropped(4);
  const auto exposition = Exposition::Start("127.0.0.1:0", recorder_, coordinator_);
  ASSERT_TRUE(exposition.ok()) << exposition.status();
  const std::string text = Get((*exposition)->port());
  EXPECT_THAT(text, HasSubstr("caviar_up 1\n"));
  EXPECT_THAT(text, HasSubstr("caviar_build_info{version=\"1.2\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("caviar_studies{state=\"active\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("caviar_trials{state=\"running\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("caviar_leases 9\n"));
  EXPECT_THAT(text, HasSubstr("caviar_workers 2\n"));
  EXPECT_THAT(text, HasSubstr("caviar_late_values_total{fate=\"dropped\"} 4\n"));
  EXPECT_THAT(text, Not(HasSubstr("process_resident_memory_bytes 0\n")));
  coordinator_.server_status.mutable_trial_counts()->set_running(8);
  EXPECT_THAT(Get((*exposition)->port()), HasSubstr("caviar_trials{state=\"running\"} 8\n"));
}

TEST_F(ExpositionTest, AnAddressThatIsTakenOrNoneIsRefusedByName) {
  const auto first = Exposition::Start("127.0.0.1:0", recorder_, coordinator_);
  ASSERT_TRUE(first.ok());
  for (const std::string& address : {absl::StrCat("127.0.0.1:", (*first)->port()),
                                     std::string("no-such-host:1"), std::string("")}) {
    const auto second = Exposition::Start(address, recorder_, coordinator_);
    EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable) << address;
    EXPECT_THAT(std::string(second.status().message()), HasSubstr("metrics at " + address));
  }
}

// A panel that asks for what nobody exposes stays empty, and nobody knows why.
TEST_F(ExpositionTest, TheDashboardAsksForWhatIsThere) {
  std::ifstream file(DASHBOARD);
  const auto dashboard = nlohmann::json::parse(file);
  const std::string text = Scrape();
  std::set<std::string> asked;
  for (const auto& panel : dashboard["panels"]) {
    ASSERT_FALSE(panel["targets"].empty()) << panel["title"];
    for (const auto& target : panel["targets"]) {
      const std::string query = target["expr"];
      const std::regex name("(caviar|process)_[a-z_]+");
      for (std::sregex_iterator at(query.begin(), query.end(), name), end; at != end; ++at) {
        asked.insert(at->str());
      }
    }
  }
  EXPECT_GE(asked.size(), 15u);
  for (const std::string& name : asked) {
    EXPECT_THAT(text, ::testing::ContainsRegex("\n" + name + "[ {]")) << name;
  }
}

}  // namespace
}  // namespace caviar::metrics
