#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::log {
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = std::make_shared<spdlog::logger>(
        "sanctum", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    created->flush_on(spdlog::level::debug);
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

}  // namespace sanctum::log
