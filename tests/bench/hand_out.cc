// caviar_hand_out: how long the coordinator's core takes to hand out a trial that is ready, from
// the call to the answer, in a study with so many finished trials. Prints a table; --help says how.
//
// The core runs on this thread as on the sequencer's, and stores in memory or in SQLite: with
// SQLite a hand-out ends with a transaction on this machine's disk. What suggestions cost is
// another bench's matter (caviar_sampling_speed): each is computed before the clock starts.

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/coordinator/core.h"
#include "server/sampling/random_sampler.h"
#include "storage/memory_store.h"
#include "storage/sqlite_store.h"

namespace caviar::bench {
namespace {

using coordinator::Core;

constexpr int kDimensions = 8;
constexpr char kStudy[] = "bench";
constexpr char kClient[] = "0123456789abcdef0123456789abcdef";
// Results told in one commit.
constexpr int kToldABatch = 100;

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "caviar_hand_out: %s\n", message.c_str());
  std::exit(1);
}

void CheckOk(const absl::Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

class RealClock final : public coordinator::Clock {
 public:
  absl::Duration Steady() override { return absl::Now() - absl::UnixEpoch(); }
  absl::Time Wall() override { return absl::Now(); }
};

class NoRandomness final : public coordinator::Randomness {
 public:
  uint64_t Draw() override { return ++drawn_; }

 private:
  uint64_t drawn_ = 0;
};

// Keeps what is to be computed until somebody has time for it.
class LaterSuggester final : public coordinator::Suggester {
 public:
  void Compute(coordinator::SuggestionTask task, Deliver deliver) override {
    tasks_.emplace_back(std::move(task), std::move(deliver));
  }
  bool RunOne() {
    if (tasks_.empty()) return false;
    auto [task, deliver] = std::move(tasks_.back());
    tasks_.pop_back();
    deliver(coordinator::Suggest(task));
    return true;
  }

 private:
  std::vector<std::pair<coordinator::SuggestionTask, Deliver>> tasks_;
};

double CpuMs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

// A bowl with ripples, narrower along some axes than along others.
double ValueAt(const v1::Trial& trial) {
  double sum = 0;
  for (int i = 0; i < kDimensions; ++i) {
    const double x = trial.parameters().at(absl::StrCat("x", i)).double_value() - 0.4;
    sum += (1 + i % 4) * x * x + 0.02 * std::cos(12 * x);
  }
  return sum;
}

class Bench {
 public:
  Bench(storage::Store& store, v1::Sampler::Algorithm algorithm)
      : core_({store, clock_, randomness_, leases_, sightings_, suggester_,
               [this](coordinator::Command command) { commands_.push_back(std::move(command)); },
               [](const std::string&) {}, [](int64_t) {}, [](const std::string&) {},
               [](int64_t, int32_t, const std::set<std::string>&) {},
               [](const absl::Status& status) { Fail(status.ToString()); }},
              {}) {
    CheckOk(core_.Load());
    v1::CreateStudyRequest request;
    *request.mutable_request_id() = NewId();
    v1::Study& study = *request.mutable_study();
    study.set_name(kStudy);
    study.mutable_objective()->set_metric("loss");
    study.mutable_objective()->set_goal(v1::Objective::MINIMIZE);
    study.mutable_trainer()->mutable_external();
    study.mutable_sampler()->set_algorithm(algorithm);
    study.mutable_sampler()->set_seed(1);
    for (int i = 0; i < kDimensions; ++i) {
      v1::Parameter& parameter = *study.add_parameters();
      parameter.set_name(absl::StrCat("x", i));
      parameter.set_type(v1::Parameter::DOUBLE);
      parameter.set_min(0);
      parameter.set_max(1);
    }
    Call<v1::Study>(&Core::CreateStudy, request);
    Run();
  }

  // So many trials are finished after it.
  void Finish(int trials) {
    for (int number = 0; number < trials; ++number) {
      v1::AddTrialRequest request;
      *request.mutable_request_id() = NewId();
      request.set_study(kStudy);
      v1::Trial trial;
      const auto point = sampling::RandomPoint(1, static_cast<uint32_t>(number), kDimensions);
      for (size_t i = 0; i < point.size(); ++i) {
        (*trial.mutable_parameters())[absl::StrCat("x", i)].set_double_value(point[i]);
      }
      *request.mutable_parameters() = trial.parameters();
      (*request.mutable_completed()->mutable_metrics())["loss"] = ValueAt(trial);
      Call<v1::Trial>(&Core::AddTrial, request);
      if (commands_.size() >= kToldABatch) Run();
    }
    Run();
  }

  // Milliseconds that a hand-out took, by the clock on the wall and of this thread.
  std::pair<double, double> HandOut() {
    while (suggester_.RunOne()) Run();
    v1::AskTrialResponse answer;
    coordinator::Poll poll;
    poll.client_id = kClient;
    poll.sequence = ++sequence_;
    poll.deadline = clock_.Steady() + absl::Seconds(10);
    poll.study = kStudy;
    poll.lease_duration = absl::Hours(1);
    poll.ask_done = [&answer](absl::StatusOr<v1::AskTrialResponse> response) {
      CheckOk(response.status());
      answer = *std::move(response);
    };
    commands_.push_back({[poll](Core& core) { core.Park(poll); }, [](const absl::Status&) {}});
    const absl::Time start = absl::Now();
    const double cpu_start = CpuMs();
    Run();
    const double cpu = CpuMs() - cpu_start;
    const double wall = absl::ToDoubleMilliseconds(absl::Now() - start);
    if (!answer.has_trial()) Fail("no trial was ready");

    v1::TellTrialRequest tell;
    tell.set_study(kStudy);
    tell.set_number(answer.trial().number());
    *tell.mutable_token() = answer.token();
    (*tell.mutable_completed()->mutable_metrics())["loss"] = ValueAt(answer.trial());
    Call<v1::Trial>(&Core::Tell, tell);
    Run();
    return {wall, cpu};
  }

 private:
  v1::RequestId NewId() {
    v1::RequestId id;
    id.set_client_id(kClient);
    id.set_sequence(++sequence_);
    return id;
  }

  template <typename Response, typename Request>
  void Call(absl::StatusOr<Response> (Core::*decide)(const Request&), Request request) {
    commands_.push_back(coordinator::MakeCommand<Response>(
        [decide, request = std::move(request)](Core& core) { return (core.*decide)(request); },
        [](const absl::StatusOr<Response>& response) { CheckOk(response.status()); }));
  }

  void Run() {
    std::vector<coordinator::Command> commands;
    commands.swap(commands_);
    core_.Run(std::move(commands));
  }

  RealClock clock_;
  NoRandomness randomness_;
  coordinator::LeaseTable leases_;
  coordinator::Sightings sightings_;
  LaterSuggester suggester_;
  std::vector<coordinator::Command> commands_;
  int64_t sequence_ = 0;
  Core core_;
};

// A folder of its own, gone with it.
class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "caviar-hand-out-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) Fail("cannot make " + path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double Quantile(std::vector<double>& times, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(times.size() - 1));
  std::nth_element(times.begin(), times.begin() + at, times.end());
  return times[static_cast<size_t>(at)];
}

void Measure(const std::string& sampler, const std::string& store_name, int trials, int asks) {
  v1::Sampler::Algorithm algorithm;
  if (!v1::Sampler::Algorithm_Parse(absl::AsciiStrToUpper(sampler), &algorithm)) {
    Fail("there is no sampler " + sampler);
  }
  const Folder folder;
  std::unique_ptr<storage::Store> store;
  if (store_name == "sqlite") {
    auto opened = storage::SqliteStore::Open(folder.path());
    CheckOk(opened.status());
    store = *std::move(opened);
  } else {
    store = std::make_unique<storage::MemoryStore>();
  }
  Bench bench(*store, algorithm);
  bench.Finish(trials);
  std::vector<double> wall, cpu;
  for (int i = 0; i < asks; ++i) {
    const auto [wall_ms, cpu_ms] = bench.HandOut();
    wall.push_back(wall_ms);
    cpu.push_back(cpu_ms);
  }
  std::printf("| %-7s | %-6s | %6d | %8.3f | %8.3f | %10.3f | %10.3f |\n", sampler.c_str(),
              store_name.c_str(), trials, Quantile(wall, 0.5), Quantile(wall, 0.99),
              Quantile(cpu, 0.5), Quantile(cpu, 0.99));
  std::fflush(stdout);
}

}  // namespace
}  // namespace caviar::bench

int main(int argc, char** argv) {
  std::vector<std::string> samplers = {"sobol", "tpe", "gp"};
  std::vector<std::string> stores = {"memory", "sqlite"};
  int trials = 10000, asks = 300;
  CLI::App app("Prints milliseconds from an ask to its answer, where the trial is ready.",
               "caviar_hand_out");
  app.add_option("--sampler", samplers, "sobol,tpe,gp")->delimiter(',');
  app.add_option("--store", stores, "memory,sqlite")
      ->delimiter(',')
      ->check(CLI::IsMember({"memory", "sqlite"}));
  app.add_option("--trials", trials, "Finished ones")->check(CLI::Range(0, 1000000));
  app.add_option("--asks", asks, "Hand-outs timed")->check(CLI::Range(1, 1000000));
  CLI11_PARSE(app, argc, argv);
  std::printf("| sampler | store  | trials |   ms p50 |   ms p99 | CPU ms p50 | CPU ms p99 |\n");
  std::printf("| ------- | ------ | -----: | -------: | -------: | ---------: | ---------: |\n");
  for (const std::string& store : stores) {
    for (const std::string& sampler : samplers) {
      caviar::bench::Measure(sampler, store, trials, asks);
    }
  }
}
