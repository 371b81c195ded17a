#include "tests/bench/load_limits.h"

#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "absl/strings/str_cat.h"
#include "caviar/v1/worker_service.grpc.pb.h"
#include "tests/bench/load_worker.h"

namespace caviar::bench {
namespace {

class EmptyService final : public v1::WorkerService::CallbackService {
  grpc::ServerUnaryReactor* GiveBackWork(grpc::CallbackServerContext* context,
                                         const v1::GiveBackWorkRequest*,
                                         v1::GiveBackWorkResponse*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

constexpr char kTables[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "CREATE TABLE counters (id INTEGER PRIMARY KEY, commits INTEGER, tokens INTEGER);"
    "INSERT INTO counters VALUES (1, 0, 0);"
    "CREATE TABLE trial (id INTEGER PRIMARY KEY, study INTEGER, number INTEGER, state TEXT,"
    " message TEXT, created INTEGER, started INTEGER, suggested INTEGER, origin TEXT);"
    "CREATE TABLE parameter (trial INTEGER, name TEXT, type TEXT, value REAL,"
    " PRIMARY KEY (trial, name)) WITHOUT ROWID;"
    "CREATE TABLE attempt (trial INTEGER, number INTEGER, worker TEXT, worker_id TEXT,"
    " token INTEGER, client TEXT, sequence INTEGER, message TEXT, started INTEGER,"
    " PRIMARY KEY (trial, number)) WITHOUT ROWID;"
    "CREATE TABLE measurement (trial INTEGER, attempt INTEGER, metric INTEGER, step INTEGER,"
    " value REAL, time INTEGER, PRIMARY KEY (trial, attempt, metric, step)) WITHOUT ROWID;";

constexpr char kId[] = "0123456789abcdef0123456789abcdef";
constexpr char kParameters[][16] = {"learning_rate", "batch_size", "dropout"};
constexpr int64_t kTime = 1'800'000'000'000'000;

class PlainDatabase {
 public:
  explicit PlainDatabase(const std::string& file) {
    Check(sqlite3_open_v2(file.c_str(), &database_,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                          nullptr));
    Check(sqlite3_exec(database_, kTables, nullptr, nullptr, nullptr));
    counters_ = Prepare("UPDATE counters SET commits = ?1, tokens = ?2 WHERE id = 1");
    trial_ = Prepare("INSERT INTO trial VALUES (?1, 1, ?1, 'RUNNING', '', ?2, ?2, ?1, 'SAMPLER')");
    parameter_ = Prepare("INSERT INTO parameter VALUES (?1, ?2, 'double', ?3)");
    attempt_ = Prepare("INSERT INTO attempt VALUES (?1, 1, 'load-1', ?2, ?1, ?2, ?1, '', ?3)");
    measurement_ = Prepare("INSERT INTO measurement VALUES (?1, 1, ?2, ?3, 0.5, ?4)");
    begin_ = Prepare("BEGIN IMMEDIATE");
    commit_ = Prepare("COMMIT");
  }
  ~PlainDatabase() {
    for (sqlite3_stmt* one :
         {counters_, trial_, parameter_, attempt_, measurement_, begin_, commit_})
      sqlite3_finalize(one);
    sqlite3_close(database_);
  }
  PlainDatabase(const PlainDatabase&) = delete;
  PlainDatabase& operator=(const PlainDatabase&) = delete;

  void HandOut() {
    const int64_t id = ++trials_;
    sqlite3_bind_int64(trial_, 1, id);
    sqlite3_bind_int64(trial_, 2, kTime + id);
    Run(trial_);
    for (const char* name : kParameters) {
      sqlite3_bind_int64(parameter_, 1, id);
      sqlite3_bind_text(parameter_, 2, name, -1, SQLITE_STATIC);
      sqlite3_bind_double(parameter_, 3, 0.1 + 1.0 / static_cast<double>(id));
      Run(parameter_);
    }
    sqlite3_bind_int64(attempt_, 1, id);
    sqlite3_bind_text(attempt_, 2, kId, -1, SQLITE_STATIC);
    sqlite3_bind_int64(attempt_, 3, kTime + id);
    Run(attempt_);
  }

  // Of 64 trials, in turn.
  void Report(int values) {
    const int64_t report = ++reports_;
    for (int metric = 0; metric < values; ++metric) {
      sqlite3_bind_int64(measurement_, 1, report % 64);
      sqlite3_bind_int64(measurement_, 2, metric);
      sqlite3_bind_int64(measurement_, 3, report / 64);
      sqlite3_bind_int64(measurement_, 4, kTime + report);
      Run(measurement_);
    }
  }

  void Transaction(int group, const std::function<void()>& write) {
    Run(begin_);
    for (int i = 0; i < group; ++i) write();
    sqlite3_bind_int64(counters_, 1, ++commits_);
    sqlite3_bind_int64(counters_, 2, trials_);
    Run(counters_);
    Run(commit_);
  }

 private:
  sqlite3_stmt* Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    Check(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr));
    return statement;
  }
  void Run(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) Check(SQLITE_ERROR);
    sqlite3_reset(statement);
  }
  void Check(int code) {
    if (code != SQLITE_OK) Fail(absl::StrCat("SQLite: ", sqlite3_errmsg(database_)));
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt *counters_, *trial_, *parameter_, *attempt_, *measurement_, *begin_, *commit_;
  int64_t trials_ = 0;
  int64_t reports_ = 0;
  int64_t commits_ = 0;
};

double Rate(PlainDatabase& database, int group, double seconds,
            const std::function<void()>& write) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  int64_t calls = 0;
  double passed = 0;
  while (passed < seconds) {
    database.Transaction(group, write);
    calls += group;
    passed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return static_cast<double>(calls) / passed;
}

}  // namespace

void ServeEmpty() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  EmptyService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) Fail("cannot listen on 127.0.0.1");
  std::printf("caviar_load serves 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown(std::chrono::system_clock::now());
}

CommitRates MeasureCommits(const std::string& folder, int group, double seconds) {
  const std::string file = folder + "/limits.db";
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
  PlainDatabase database(file);
  CommitRates rates;
  rates.hand_outs = Rate(database, group, seconds, [&] { database.HandOut(); });
  rates.reports = Rate(database, group, seconds, [&] { database.Report(1); });
  rates.step_reports = Rate(database, group, seconds, [&] { database.Report(7); });
  return rates;
}

}  // namespace caviar::bench
