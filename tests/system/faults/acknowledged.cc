#include "tests/system/faults/acknowledged.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <set>
#include <utility>

namespace caviar::system_test {
namespace {

using Counter = std::pair<int64_t, int64_t>;

Counter CounterOf(const v1::FencingToken& token) { return {token.epoch(), token.counter()}; }

std::map<int64_t, double> ValuesOf(const v1::Trial& trial) {
  std::map<int64_t, double> values;
  for (const v1::Measurement& measurement : trial.measurements()) {
    const auto value = measurement.metrics().find("accuracy");
    if (value != measurement.metrics().end()) values[measurement.step()] = value->second;
  }
  return values;
}

void ExpectKept(const v1::Trial& trial, const AcknowledgedTrial& acknowledged) {
  const auto same = [](const v1::Value& a, const v1::Value& b) {
    return a.double_value() == b.double_value();
  };
  EXPECT_TRUE(same(trial.parameters().at("x"), acknowledged.asked.parameters().at("x")))
      << trial.number();
  const std::map<int64_t, double> values = ValuesOf(trial);
  for (const auto& [step, value] : acknowledged.values) {
    const auto found = values.find(step);
    ASSERT_NE(found, values.end()) << "trial " << trial.number() << " lost step " << step;
    EXPECT_EQ(found->second, value) << "trial " << trial.number() << " step " << step;
  }
  if (acknowledged.state == v1::Trial::RUNNING) return;
  EXPECT_EQ(trial.state(), acknowledged.state) << "trial " << trial.number();
  EXPECT_EQ(trial.has_objective(), acknowledged.objective.has_value());
  EXPECT_EQ(trial.objective(), acknowledged.objective.value_or(0));
}

using Connection = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

Connection OpenToRead(const std::string& database) {
  sqlite3* connection = nullptr;
  sqlite3_open_v2(database.c_str(), &connection, SQLITE_OPEN_READONLY, nullptr);
  sqlite3_busy_timeout(connection, 5000);
  return {connection, sqlite3_close};
}

// The first value of the first row; "" where there is none.
std::string QueryText(const std::string& database, const std::string& sql) {
  const Connection connection = OpenToRead(database);
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(connection.get(), sql.c_str(), -1, &statement, nullptr);
  std::string text;
  if (sqlite3_step(statement) == SQLITE_ROW) {
    text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  } else {
    ADD_FAILURE() << sql << ": " << sqlite3_errmsg(connection.get());
  }
  sqlite3_finalize(statement);
  return text;
}

}  // namespace

std::vector<v1::Trial> AllTrials(client::Client& client, const std::string& study) {
  std::vector<v1::Trial> trials;
  v1::ListTrialsRequest request;
  request.set_study(study);
  request.set_page_size(1000);
  request.set_view(v1::TRIAL_VIEW_FULL);
  do {
    const auto page = client.ListTrials(request);
    if (!page.ok()) {
      ADD_FAILURE() << page.status();
      break;
    }
    trials.insert(trials.end(), page->trials().begin(), page->trials().end());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return trials;
}

void ExpectKept(client::Client& client, const std::string& study,
                const std::map<int32_t, AcknowledgedTrial>& acknowledged) {
  for (const auto& [number, trial] : acknowledged) {
    v1::GetTrialRequest request;
    request.set_study(study);
    request.set_number(number);
    const auto stored = client.GetTrial(request);
    ASSERT_TRUE(stored.ok()) << "trial " << number << ": " << stored.status();
    ExpectKept(*stored, trial);
  }
}

void ExpectExactly(client::Client& client, const std::string& study,
                   const std::map<int32_t, AcknowledgedTrial>& acknowledged) {
  const std::vector<v1::Trial> stored = AllTrials(client, study);
  ASSERT_EQ(stored.size(), acknowledged.size()) << "each was asked for, or added, once";
  std::set<Counter> tokens;
  int32_t number = 0;
  for (const v1::Trial& trial : stored) {
    ASSERT_EQ(trial.number(), number++) << "numbers are dense";
    const AcknowledgedTrial& known = acknowledged.at(trial.number());
    ExpectKept(trial, known);
    EXPECT_EQ(trial.state(), known.state) << trial.ShortDebugString();
    EXPECT_EQ(ValuesOf(trial), known.values) << "trial " << trial.number();
    EXPECT_EQ(trial.attempts_size(), 1) << "trial " << trial.number();
    if (known.token.counter() == 0) continue;  // it was added
    EXPECT_TRUE(tokens.insert(CounterOf(known.token)).second) << "a token was given twice";
  }
}

void ExpectSound(const v1::Trial& trial, int max_attempts, int epochs) {
  SCOPED_TRACE(trial.ShortDebugString());
  int lost = 0;
  Counter newest;
  for (const v1::Attempt& attempt : trial.attempts()) {
    EXPECT_LT(newest, CounterOf(attempt.token()));
    newest = CounterOf(attempt.token());
    lost += attempt.outcome() == v1::Attempt::LEASE_EXPIRED ? 1 : 0;
    const bool is_open = attempt.outcome() == v1::Attempt::OUTCOME_UNSPECIFIED;
    EXPECT_FALSE(is_open && attempt.number() < trial.attempts_size());
  }
  EXPECT_EQ(trial.lost_leases(), lost);
  EXPECT_LE(lost, max_attempts);
  EXPECT_EQ(lost == max_attempts, trial.state() == v1::Trial::FAILED);
  if (trial.state() != v1::Trial::COMPLETED) return;
  EXPECT_EQ(trial.measurements_size(), epochs);
  for (int i = 0; i < trial.measurements_size(); ++i) {
    EXPECT_EQ(trial.measurements(i).step(), i + 1);
  }
}

std::string IntegrityCheck(const std::string& database) {
  return QueryText(database, "PRAGMA integrity_check");
}

int64_t QueryNumber(const std::string& database, const std::string& sql) {
  const std::string text = QueryText(database, sql);
  return text.empty() ? -1 : std::stoll(text);
}

}  // namespace caviar::system_test
