#include "worker/training/command/program_run.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "worker/training/command/program_end.h"

namespace caviar::command {
namespace {

// How often it looks whether the program is to stop.
constexpr int kLookMillis = 50;
// Read at once, so that it looks often also where a program prints all the time.
constexpr int kReadsAtOnce = 16;
constexpr size_t kReadBytes = size_t{64} << 10;
// A batch system tells the worker, too, a moment later.
constexpr absl::Duration kSignalTravels = absl::Seconds(2);

// The wall clock may jump; this one does not.
absl::Time Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::TimeFromTimespec(now);
}

}  // namespace

ProgramRun::ProgramRun(const Context& context)
    : context_(context),
      start_(Now()),
      lines_([this](absl::string_view line) { TakeLine(line); }),
      buffer_(kReadBytes) {}

ProgramRun::Result ProgramRun::Run() {
  std::optional<Process::End> end;
  bool asked = false;
  while (!end) {
    Wait();
    ReadOutput();
    end = context_.process.PollEnd();
    if (end) {
      asked = context_.observer.CheckpointRequested();
    } else {
      Decide();
    }
  }
  while (ReadOutput()) {
  }
  lines_.Finish();
  if (reason_ == Reason::kItself) reason_ = JudgeOwnEnd(*end, asked);
  return {reason_, *end};
}

void ProgramRun::Wait() {
  std::array<pollfd, 2> files = {pollfd{context_.process.control(), POLLIN, 0},
                                 pollfd{output_ended_ ? -1 : context_.process.output(), POLLIN, 0}};
  poll(files.data(), files.size(), kLookMillis);
}

bool ProgramRun::ReadOutput() {
  for (int i = 0; i < kReadsAtOnce && !output_ended_; ++i) {
    const ssize_t count = read(context_.process.output(), buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
      output_ended_ = true;
    } else {
      lines_.Add(absl::string_view(buffer_.data(), static_cast<size_t>(count)));
    }
  }
  return !output_ended_;
}

void ProgramRun::TakeLine(absl::string_view line) {
  context_.log.Line(line);
  const Reading reading = context_.metric_lines.Read(line);
  if (!reading.broken.empty()) {
    context_.log.RemarkOnce("broken line",
                            absl::StrCat("a line with metrics is broken: ", reading.broken));
  }
  if (reading.metrics.empty()) return;
  context_.curve.Take(reading);
  if (context_.checkpoints != nullptr) context_.checkpoints->Wake();
}

void ProgramRun::Decide() {
  if (reason_ == Reason::kItself) {
    if (context_.observer.StopRequested()) {
      reason_ = Reason::kStop;
    } else if (Now() - start_ > context_.time_limit) {
      reason_ = Reason::kTimeLimit;
    } else if (context_.checkpoints != nullptr && context_.checkpoints->failed()) {
      reason_ = Reason::kCheckpoint;
    } else {
      return;
    }
    decided_ = Now();
    if (reason_ != Reason::kStop) context_.reports.SayStop();
  }
  End();
}

void ProgramRun::End() {
  if (!terminated_) {
    // Who was told to pause writes a checkpoint now, and may take as long for it as for SIGTERM.
    const bool pauses = reason_ == Reason::kStop && context_.observer.CheckpointRequested() &&
                        context_.reports.is_telling();
    if (pauses && Now() - decided_ < context_.stop_grace) return;
    context_.process.Terminate();
    terminated_ = Now();
  } else if (!killed_ && Now() - *terminated_ >= context_.stop_grace) {
    context_.process.Kill();
    killed_ = true;
  }
}

ProgramRun::Reason ProgramRun::JudgeOwnEnd(const Process::End& end, bool asked) const {
  // What ends the worker may have ended the program first, which then saved and exited with
  // whatever code. One that had come to its end at that very moment comes to it again.
  if (context_.reports.told() || asked) return Reason::kStop;
  if (!end.signalled && !WasTerminated(end)) return Reason::kItself;
  for (const absl::Time last = Now() + kSignalTravels; Now() < last;) {
    if (context_.observer.StopRequested()) return Reason::kStop;
    absl::SleepFor(absl::Milliseconds(kLookMillis));
  }
  return Reason::kItself;
}

}  // namespace caviar::command
