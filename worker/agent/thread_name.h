// Names for threads, as debuggers and `top -H` show them.
#ifndef CAVIAR_WORKER_AGENT_THREAD_NAME_H_
#define CAVIAR_WORKER_AGENT_THREAD_NAME_H_

#include <pthread.h>

#include <string>

namespace caviar::agent {

// The kernel keeps 15 bytes.
inline void NameThisThread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_THREAD_NAME_H_
