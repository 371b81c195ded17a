// A program that speaks to its worker by the socket.
#ifndef CAVIAR_TESTS_WORKER_TRAINING_COMMAND_REPORTING_PROGRAM_H_
#define CAVIAR_TESTS_WORKER_TRAINING_COMMAND_REPORTING_PROGRAM_H_

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace caviar::command {

inline constexpr char kReportFlag[] = "--report";

// Sends a line and returns the answer without its end; "": there is none.
inline std::string Ask(int socket, const std::string& line) {
  const std::string text = line + "\n";
  if (write(socket, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return "";
  std::string answer;
  for (char byte = 0; read(socket, &byte, 1) == 1 && byte != '\n';) answer.push_back(byte);
  return answer;
}

inline int ConnectToWorker() {
  const char* variable = std::getenv("CAVIAR_REPORT_ADDRESS");
  const std::string address = variable == nullptr ? "" : variable;
  sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  if (address.rfind("unix:", 0) != 0 || address.size() - 5 >= sizeof(to.sun_path)) return -1;
  std::memcpy(to.sun_path, address.data() + 5, address.size() - 5);
  const int connection = socket(AF_UNIX, SOCK_STREAM, 0);
  return connect(connection, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0 ? connection
                                                                                      : -1;
}

// PROGRAM --report LINE...: sends each line and prints "answer: ..." for each; after "pause" it
// writes a checkpoint named as the environment variable PAUSE_AT says, and ends; after "stop", too.
// At the end it prints what the worker says that it left out.
inline std::optional<int> RunReportingProgram(int argc, char** argv) {
  if (argc < 2 || std::strcmp(argv[1], kReportFlag) != 0) return std::nullopt;
  const int connection = ConnectToWorker();
  if (connection < 0) return 4;
  for (int i = 2; i < argc; ++i) {
    const std::string answer = Ask(connection, argv[i]);
    std::printf("answer: %s\n", answer.c_str());
    std::fflush(stdout);
    if (answer == "pause") {
      const std::filesystem::path folder = std::getenv("CAVIAR_CHECKPOINT_DIR");
      std::ofstream(folder / "unfinished") << "state";
      std::filesystem::rename(folder / "unfinished", folder / std::getenv("PAUSE_AT"));
    }
    if (answer == "pause" || answer == "stop") return 0;
  }
  shutdown(connection, SHUT_WR);
  for (char byte = 0; read(connection, &byte, 1) == 1;) std::putchar(byte);
  return 0;
}

}  // namespace caviar::command

#endif  // CAVIAR_TESTS_WORKER_TRAINING_COMMAND_REPORTING_PROGRAM_H_
