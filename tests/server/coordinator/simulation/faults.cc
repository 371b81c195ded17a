#include "tests/server/coordinator/simulation/faults.h"

#include "absl/strings/str_cat.h"
#include "tests/server/coordinator/simulation/inspection.h"

namespace caviar::coordinator::simulation {

void Faults::Start() {
  world_.disk.before = [this] { return BeforeCommit(); };
  world_.disk.after = [this] { AfterCommit(); };
  world_.process.on_died = [this] { ComeUpAgain(); };
  ComeUp();
  armed_ = true;
  if (world_.plan.kill > 0) KillNowAndThen(world_.time.Uniform(200));
  if (world_.plan.freezes) StallNowAndThen();
  if (world_.plan.jumps) JumpNowAndThen();
}

void Faults::End() {
  over_ = true;
  armed_ = false;
  if (!world_.process.up()) ComeUp();
}

absl::Status Faults::BeforeCommit() {
  if (!armed_) return absl::OkStatus();
  if (++commits_ == world_.plan.kill_at && !world_.plan.kill_after) throw Killed();
  KillPerhaps();
  if (world_.time.Chance(world_.plan.stall)) {
    world_.time.clock().Advance(absl::Seconds(20 + world_.time.Uniform(120)));
  }
  if (!world_.time.Chance(world_.plan.fail)) return absl::OkStatus();
  switch (static_cast<int>(world_.time.Uniform(6))) {
    case 0:
      return absl::InvalidArgumentError("simulated bad row");
    case 1:
      return absl::ResourceExhaustedError("simulated full disk");
    case 2:
      return absl::DataLossError("simulated failed sync");
    default:
      return absl::UnavailableError("simulated I/O error");
  }
}

void Faults::AfterCommit() {
  if (!armed_) return;
  if (commits_ == world_.plan.kill_at) throw Killed();
  KillPerhaps();
}

void Faults::KillPerhaps() {
  if (world_.plan.kill_in_commits && world_.time.Chance(world_.plan.kill / 2)) throw Killed();
}

void Faults::KillNowAndThen(double later) {
  world_.time.Later(later, [this] {
    if (over_) return;
    KillNowAndThen(20 + world_.time.Uniform(300));
    if (!world_.process.up()) return;
    const bool idle = world_.process.idle();
    const std::string before = DescribeMemory(world_.process.core().state());
    world_.process.Kill();
    if (world_.time.Chance(0.5)) return ComeUpAgain();
    ComeUp();
    if (idle && world_.process.up() && DescribeMemory(world_.process.core().state()) != before) {
      world_.Fault(absl::StrCat("read again from the store, the state is another: ", before,
                                " became ", DescribeMemory(world_.process.core().state())));
    }
  });
}

void Faults::ComeUpAgain() {
  if (over_) return ComeUp();
  world_.time.Later(world_.time.Chance(0.7) ? 0 : world_.time.Uniform(100), [this] {
    if (!world_.process.up()) ComeUp();
  });
}

void Faults::ComeUp() {
  const absl::Status started = world_.process.Start();
  if (!started.ok()) world_.Fault(absl::StrCat("does not start: ", started.ToString()));
}

// Renewals are due every ten seconds, and the TTL is a minute.
void Faults::StallNowAndThen() {
  world_.time.Later(100 + world_.time.Uniform(900), [this] {
    if (over_) return;
    const bool runs = world_.process.up() && world_.process.stalled_until() <= world_.time.now();
    if (runs) world_.process.Stall(20 + world_.time.Uniform(200));
    StallNowAndThen();
  });
}

void Faults::JumpNowAndThen() {
  world_.time.Later(world_.time.Uniform(60), [this] {
    if (over_) return;
    const double size = world_.time.Chance(0.2) ? 86'400 : 14;
    world_.time.clock().JumpWall(absl::Seconds(size * (1 - world_.time.Uniform(2))));
    JumpNowAndThen();
  });
}

}  // namespace caviar::coordinator::simulation
