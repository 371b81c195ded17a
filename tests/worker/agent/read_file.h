// A file's bytes, for tests.
#ifndef CAVIAR_TESTS_WORKER_AGENT_READ_FILE_H_
#define CAVIAR_TESTS_WORKER_AGENT_READ_FILE_H_

#include <fstream>
#include <iterator>
#include <string>

namespace caviar::agent {

// Empty where there is none.
inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace caviar::agent

#endif  // CAVIAR_TESTS_WORKER_AGENT_READ_FILE_H_
