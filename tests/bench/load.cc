// caviar_load: how many calls a second the coordinator answers, how soon, and with how much memory,
// to simulated workers with real connections; tests/bench/load starts the processes and shows the
// tables, README.md says how to read them. --help lists the parts.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/study_service.grpc.pb.h"
#include "server/short_slices.h"
#include "tests/bench/load_limits.h"
#include "tests/bench/load_loops.h"
#include "tests/bench/load_store.h"
#include "tests/bench/load_worker.h"

namespace caviar::bench {
namespace {

// Not kEmpty. Renewals come before the leases that acquire adds, and finish takes away.
constexpr Call kCalls[] = {Call::kRenew, Call::kAcquire, Call::kReport, Call::kReportStep,
                           Call::kFinish};

struct Plan {
  std::vector<std::string> coordinators;  // host:port
  std::vector<int> processes;             // theirs
  std::string bare;                       // host:port of ServeEmpty
  int bare_process = 0;
  int leases = 64;
  int workers = 64;
  int rounds = 3;
  double seconds = 1;       // of each kind of call in each round
  double pace = 1500;       // calls a second; 0: none
  double pace_seconds = 3;  // in each round
  bool at_once = false;
  std::vector<std::string> labels;  // of the coordinators
  std::string tables;               // folder
};

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<size_t>(at)];
}

double Median(const std::vector<double>& values) { return Quantile(values, 0.5); }

double ResidentMegabytes(int process) {
  std::ifstream status(absl::StrCat("/proc/", process, "/status"));
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "VmRSS:" && status >> kilobytes) return kilobytes * 1024 / 1e6;
  }
  Fail(absl::StrCat("process ", process, " is not there"));
}

// That a process has used so far, all its threads together.
double CpuMicroseconds(int process) {
  clockid_t clock;
  timespec time;
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    Fail(absl::StrCat("process ", process, " is not there"));
  }
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) * 1e-3;
}

// What was measured of one server, or of the bare one.
struct Measured {
  int process = 0;
  std::map<Call, std::vector<double>> rates;  // by round
  std::map<Call, std::vector<double>> cpu;    // microseconds of the server for a call, by round
  std::map<Call, Sample> closed;              // calls of all rounds
  std::map<Call, Sample> paced;
  std::map<Call, Sample> at_once;
};

class Measurement {
 public:
  explicit Measurement(const Plan& plan)
      : plan_(plan),
        leases_(static_cast<size_t>(plan.leases / plan.workers)),
        measured_(plan.coordinators.size()) {
    bare_.process = plan.bare_process;
    for (size_t i = 0; i < measured_.size(); ++i) measured_[i].process = plan.processes[i];
  }

  void Run() {
    bare_workers_ = ConnectWorkers(plan_.bare, plan_.workers);
    for (size_t i = 0; i < plan_.coordinators.size(); ++i) {
      workers_.push_back(ConnectWorkers(plan_.coordinators[i], plan_.workers));
      for (size_t j = 0; j < workers_[i].size(); ++j) {
        workers_[i][j]->Register(absl::StrCat("load-", j));
      }
      BringTo(workers_[i], leases_);
      megabytes_.push_back(ResidentMegabytes(plan_.processes[i]));
    }
    for (int round = 0; round < plan_.rounds; ++round) {
      Close(bare_, bare_workers_, Call::kEmpty);
      for (const Call call : kCalls) {
        for (size_t i = 0; i < workers_.size(); ++i) Close(measured_[i], workers_[i], call);
      }
      for (Workers& workers : workers_) BringTo(workers, leases_);
      if (plan_.pace > 0) Pace();
      if (plan_.at_once) CallTogether();
    }
  }

  void Print() const {
    const std::string shape = absl::StrFormat("| %6d | %5d |", plan_.leases, plan_.workers);
    if (plan_.labels.empty()) {
      PrintRates(shape);
      if (plan_.pace > 0) PrintPaced(shape);
      if (plan_.at_once) PrintAtOnce(shape);
    } else {
      PrintStores();
    }
  }

 private:
  void Close(Measured& measured, Workers& workers, Call call) {
    const double cpu = CpuMicroseconds(measured.process);
    const Sample sample = CallForTime(workers, call, plan_.seconds, leases_);
    measured.cpu[call].push_back((CpuMicroseconds(measured.process) - cpu) /
                                 static_cast<double>(sample.milliseconds.size()));
    measured.rates[call].push_back(sample.calls_per_second);
    measured.closed[call].Add(sample);
  }

  void Pace() {
    bare_.paced[Call::kEmpty].Add(CallEmptyAtPace(bare_workers_, plan_.pace, plan_.pace_seconds));
    for (size_t i = 0; i < workers_.size(); ++i) {
      for (const auto& [call, sample] : CallAtPace(workers_[i], plan_.pace, plan_.pace_seconds)) {
        measured_[i].paced[call].Add(sample);
      }
      BringTo(workers_[i], leases_);
    }
  }

  void CallTogether() {
    bare_.at_once[Call::kEmpty].Add(CallAtOnce(bare_workers_, Call::kEmpty));
    for (size_t i = 0; i < workers_.size(); ++i) {
      measured_[i].at_once[Call::kAcquire].Add(CallAtOnce(workers_[i], Call::kAcquire));
      BringTo(workers_[i], leases_);
    }
  }

  // The middle one over the rounds of what a round's rate is of another's.
  static double Ratio(const std::vector<double>& rates, const std::vector<double>& others) {
    std::vector<double> ratios;
    for (size_t i = 0; i < rates.size(); ++i) ratios.push_back(rates[i] / others[i]);
    return Median(ratios);
  }

  std::ofstream Table(const std::string& name) const {
    std::ofstream table(absl::StrCat(plan_.tables, "/", name), std::ios::app);
    if (!table) Fail(absl::StrCat("cannot write to ", plan_.tables));
    return table;
  }

  void PrintRates(const std::string& shape) const {
    std::ofstream table = Table("rates");
    const auto row = [&](const Measured& measured, Call call) {
      const std::vector<double>& rates = measured.rates.at(call);
      const Sample& sample = measured.closed.at(call);
      table << shape
            << absl::StrFormat(" %-16s | %7.0f | %5.2f | %5.0f | %8.3f | %8.3f |\n", NameOf(call),
                               Median(rates), Ratio(rates, bare_.rates.at(Call::kEmpty)),
                               Median(measured.cpu.at(call)), Quantile(sample.milliseconds, 0.5),
                               Quantile(sample.milliseconds, 0.99));
    };
    row(bare_, Call::kEmpty);
    for (const Call call : kCalls) row(measured_[0], call);
  }

  void PrintPaced(const std::string& shape) const {
    std::ofstream table = Table("paced");
    table << shape;
    const auto cell = [&](const Sample& sample) {
      table << absl::StrFormat(" %5.2f / %6.2f |", Quantile(sample.milliseconds, 0.5),
                               Quantile(sample.milliseconds, 0.99));
    };
    cell(bare_.paced.at(Call::kEmpty));
    for (const Call call : {Call::kAcquire, Call::kRenew, Call::kReport, Call::kFinish}) {
      cell(measured_[0].paced.at(call));
    }
    table << absl::StrFormat(" %5.0f |\n", megabytes_[0]);
  }

  void PrintAtOnce(const std::string& shape) const {
    std::ofstream table = Table("at_once");
    table << shape;
    for (const Sample& sample :
         {bare_.at_once.at(Call::kEmpty), measured_[0].at_once.at(Call::kAcquire)}) {
      table << absl::StrFormat(" %6.1f / %6.1f |", Quantile(sample.milliseconds, 0.5),
                               Quantile(sample.milliseconds, 1));
    }
    table << "\n";
  }

  // Against the second of the coordinators: the first one's store is all but empty.
  void PrintStores() const {
    std::ofstream table = Table("stores");
    const size_t reference = std::min<size_t>(1, measured_.size() - 1);
    for (size_t i = 0; i < measured_.size(); ++i) {
      table << absl::StrFormat("| %9s |", plan_.labels[i]);
      for (const Call call : kCalls) {
        const std::vector<double>& rates = measured_[i].rates.at(call);
        table << absl::StrFormat(" %5.0f (%4.2f) |", 1e6 / Median(rates),
                                 Ratio(measured_[reference].rates.at(call), rates));
      }
      table << absl::StrFormat(" %5.0f |\n", megabytes_[i]);
    }
  }

  const Plan& plan_;
  const size_t leases_;  // of each worker
  Workers bare_workers_;
  std::vector<Workers> workers_;  // by coordinator
  Measured bare_;
  std::vector<Measured> measured_;
  std::vector<double> megabytes_;
};

void CreateStudy(const std::string& address) {
  const auto stub =
      v1::StudyService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  v1::CreateStudyRequest request;
  request.mutable_request_id()->set_client_id("0123456789abcdef0123456789abcdef");
  request.mutable_request_id()->set_sequence(1);
  *request.mutable_study() = LoadStudy();
  v1::Study study;
  const grpc::Status status = stub->CreateStudy(&context, request, &study);
  if (!status.ok()) Fail(absl::StrCat("create study: ", status.error_message()));
}

void PrintCommits(const std::string& folder, const std::vector<int>& groups, double seconds,
                  const std::string& tables) {
  std::ofstream table(tables + "/commits", std::ios::app);
  for (const int group : groups) {
    const CommitRates rates = MeasureCommits(folder, group, seconds);
    table << absl::StrFormat("| %5d | %9.0f | %9.0f | %9.0f |\n", group, rates.hand_outs,
                             rates.reports, rates.step_reports);
  }
}

// A connection takes a descriptor.
void RaiseFileLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Main(int argc, char** argv) {
  Plan plan;
  std::string address, folder;
  std::vector<int> groups = {1, 64, 1000};
  int trials = 0;
  CLI::App app("The load on a coordinator; tests/bench/load runs it.", "caviar_load");
  app.require_subcommand(1);

  CLI::App& empty = *app.add_subcommand("serve-empty", "A server of empty calls, until SIGTERM");
  CLI::App& study = *app.add_subcommand("create-study", "The study that workers ask for");
  study.add_option("--coordinator", address)->required();
  CLI::App& fill = *app.add_subcommand("fill", "Gives the study of a stopped coordinator trials");
  fill.add_option("--data-dir", folder)->required();
  fill.add_option("--trials", trials)->required();
  CLI::App& commits = *app.add_subcommand("commits", "Plain commits to SQLite");
  commits.add_option("--dir", folder)->required();
  commits.add_option("--groups", groups, "Calls a transaction")->delimiter(',');
  CLI::App& measure = *app.add_subcommand("measure", "Calls coordinators");
  measure.add_option("--coordinator", plan.coordinators)->delimiter(',')->required();
  measure.add_option("--process", plan.processes)->delimiter(',')->required();
  measure.add_option("--label", plan.labels, "Compares coordinators")->delimiter(',');
  measure.add_option("--bare", plan.bare)->required();
  measure.add_option("--bare-process", plan.bare_process)->required();
  measure.add_option("--leases", plan.leases)->check(CLI::Range(1, 1000000));
  measure.add_option("--workers", plan.workers)->check(CLI::Range(1, 10000));
  measure.add_option("--rounds", plan.rounds)->check(CLI::Range(1, 1000));
  measure.add_option("--pace", plan.pace, "Calls a second");
  measure.add_option("--pace-seconds", plan.pace_seconds);
  measure.add_flag("--at-once", plan.at_once);
  for (CLI::App* part : {&commits, &measure}) {
    part->add_option("--seconds", plan.seconds, "Of each kind of call");
    part->add_option("--tables", plan.tables, "Folder of files to append to")->required();
  }
  CLI11_PARSE(app, argc, argv);

  RaiseFileLimit();
  // As the coordinator does: neither the caller nor the bare server is to be slower for it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  AskForShortSlices();
  if (empty) ServeEmpty();
  if (study) CreateStudy(address);
  if (fill) FillStore(folder, trials);
  if (commits) PrintCommits(folder, groups, plan.seconds, plan.tables);
  if (measure) {
    if (plan.processes.size() != plan.coordinators.size()) Fail("each coordinator is a process");
    if (plan.leases % plan.workers != 0) Fail("each worker has as many leases as the others");
    Measurement measurement(plan);
    measurement.Run();
    measurement.Print();
  }
  return 0;
}

}  // namespace
}  // namespace caviar::bench

int main(int argc, char** argv) { return caviar::bench::Main(argc, argv); }
