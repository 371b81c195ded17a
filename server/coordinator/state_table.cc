#include "server/coordinator/state_table.h"

namespace caviar::coordinator {

using v1::Study;
using v1::Trial;

bool MayMove(Trial::State from, Trial::State to) {
  switch (from) {
    case Trial::WAITING:
      return to == Trial::RUNNING || to == Trial::FAILED || to == Trial::CANCELLED;
    case Trial::RUNNING:
      return to == Trial::WAITING || to == Trial::PAUSED || IsFinal(to);
    case Trial::PAUSED:
      return to == Trial::WAITING || to == Trial::PRUNED || to == Trial::CANCELLED;
    default:
      return false;
  }
}

bool MayMove(Study::State from, Study::State to) {
  switch (from) {
    case Study::ACTIVE:
      return to == Study::STOPPED || to == Study::ENDED;
    case Study::STOPPED:
      return to == Study::ACTIVE || to == Study::ENDED;
    case Study::ENDED:
      return to == Study::ACTIVE;  // by an update
    default:
      return false;
  }
}

}  // namespace caviar::coordinator
