#include "base/log.h"

#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>

#include "base/error.h"
#include "base/json.h"
#include "base/line_writer.h"

namespace sanctum::log {
namespace {

constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";

std::unique_ptr<spdlog::formatter> line_formatter() {
  return std::make_unique<spdlog::pattern_formatter>(kPattern, spdlog::pattern_time_type::utc);
}

std::string log_dropped(std::uint64_t lines) {
  spdlog::memory_buf_t text;
  const std::string what = "log_dropped lines=" + std::to_string(lines) +
                           " reason=\"nobody read standard error, or it could not be written\"";
  line_formatter()->format(spdlog::details::log_msg("sanctum", spdlog::level::warn, what), text);
  return std::string(text.data(), text.size());
}

// Never destroyed: lines may come until the very end.
LineWriter& writer() {
  static LineWriter& instance = []() -> LineWriter& {
    auto* made = new LineWriter(STDERR_FILENO, kLogBytesMax, log_dropped);
    std::atexit([] { flush(); });
    return *made;
  }();
  return instance;
}

class WriterSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    spdlog::details::log_msg line = message;
    line.time = spdlog::log_clock::now();  // here, with the lock: or lines of threads swap
    formatter_->format(line, text);
    writer().push(std::string(text.data(), text.size()));
  }
  void flush_() override {}
};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = std::make_shared<spdlog::logger>("sanctum", std::make_shared<WriterSink>());
    created->set_formatter(line_formatter());
    return created;
  }();
  return *instance;
}

bool plain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || static_cast<unsigned char>(c) >= 0x7f)
      return false;
  }
  return true;
}

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void set_level(std::string_view name) {
  for (const auto& [spelling, level] : {std::pair{"debug", Level::kDebug},
                                        {"info", Level::kInfo},
                                        {"warn", Level::kWarn},
                                        {"error", Level::kError}}) {
    if (name == spelling) return logger().set_level(level_of(level));
  }
  throw Error(ErrorCode::kInvalid,
              "log level must be debug, info, warn or error, not '" + std::string(name) + "'",
              "log_level");
}

void write(Level level, std::string_view event, const std::vector<Field>& fields) {
  if (!logger().should_log(level_of(level))) return;
  std::string line(event);
  for (const Field& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    line += plain(field.value) ? field.value : json::quote(field.value);
  }
  logger().log(level_of(level), "{}", line);
}

void flush() {
  writer().flush(kLastWordsLimit);
}

void last_words(std::string_view text) {
  flush();
  std::string line = std::string(text) + "\n";
  // Names and other programs' words are in it: a terminal is to show them, not to obey.
  for (char& c : line)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == 0x7F) c = '?';
  pollfd writable{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&writable, 1, static_cast<int>(kLastWordsLimit.count())) <= 0) return;
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace sanctum::log
