#include "server/metrics/exposition.h"

#include <exception>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "server/metrics/status_collector.h"

namespace caviar::metrics {
namespace {

constexpr size_t kThreads = 2;

}  // namespace

absl::StatusOr<std::unique_ptr<Exposition>> Exposition::Start(
    const std::string& address, const Recorder& recorder, coordinator::Coordinator& coordinator) {
  std::unique_ptr<prometheus::Exposer> exposer;
  try {
    exposer = std::make_unique<prometheus::Exposer>(address, kThreads);
  } catch (const std::exception& error) {
    return absl::UnavailableError(
        absl::StrCat("cannot serve metrics at ", address, ": ", error.what(),
                     "; it takes an IP address of this machine and a free port"));
  }
  auto exposition = absl::WrapUnique(new Exposition(std::move(exposer)));
  exposition->recorded_ = recorder.collectable();
  exposition->status_ = std::make_shared<StatusCollector>(coordinator);
  exposition->exposer_->RegisterCollectable(exposition->recorded_);
  exposition->exposer_->RegisterCollectable(exposition->status_);
  return exposition;
}

}  // namespace caviar::metrics
