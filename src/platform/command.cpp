#include "platform/command.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "base/clock.h"
#include "base/error.h"
#include "platform/process.h"

namespace sanctum::platform {
namespace {

constexpr std::chrono::milliseconds kKilledWithin{1000}, kCancelCheck{100};
constexpr const char* kPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

}  // namespace

std::string program_in_path(const std::string& word) {
  if (word.find('/') != std::string::npos) return word;
  const char* path = std::getenv("PATH");
  std::istringstream places(path != nullptr && *path != '\0' ? path : kPath);
  for (std::string place; std::getline(places, place, ':');) {
    const std::string candidate = place + "/" + word;
    if (!place.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  throw Error(ErrorCode::kNotFound, "there is no program '" + word + "'");
}

CommandResult run_command(const std::vector<std::string>& words, std::chrono::milliseconds limit,
                          const std::vector<std::pair<std::string, std::string>>& environment,
                          const std::atomic<bool>* cancelled) {
  ProcessOptions options;
  options.path = program_in_path(words.front());
  options.environment = environment;
  options.arguments.assign(words.begin() + 1, words.end());
  options.speaks_to_socket = true;
  Process process(options);
  const int socket = process.take_socket();
  const Instant deadline = Clock::now() + limit;
  const auto left = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  };
  CommandResult result;
  char bytes[4096];
  const auto given_up = [&] { return cancelled != nullptr && *cancelled; };
  while (result.output.size() < kCommandOutputMax && left().count() > 0 && !given_up()) {
    pollfd readable{socket, POLLIN, 0};
    const auto wait = cancelled == nullptr ? left() : std::min(left(), kCancelCheck);
    if (::poll(&readable, 1, static_cast<int>(wait.count())) <= 0) continue;
    const ssize_t count = ::read(socket, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    result.output.append(bytes, static_cast<std::size_t>(count));
  }
  ::close(socket);
  if (given_up()) {
    process.end_or_leave(kKilledWithin);
    throw Error(ErrorCode::kCancelled, "'" + words.front() + "' was given up");
  }
  const auto status = process.wait(std::max(left(), std::chrono::milliseconds(0)));
  if (!status) {
    process.end_or_leave(kKilledWithin);
    throw Error(ErrorCode::kDeadline, "'" + words.front() + "' took longer than " +
                                          std::to_string(limit.count()) + " ms");
  }
  result.status = *status;
  return result;
}

}  // namespace sanctum::platform
