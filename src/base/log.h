// One line per event on standard error: `2026-11-20T20:11:43.123Z info request id=... model=...`.
//
// Contract: values are quoted when they hold spaces or control characters, so that no field can
// forge a second line; prompts and keys are never logged. Thread rule: any thread, any time.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sanctum::log {

enum class Level { kDebug, kInfo, kWarn, kError };

class Field {
 public:
  Field(std::string_view name, std::string_view value) : name(name), value(value) {}
  Field(std::string_view name, const char* value) : name(name), value(value) {}
  Field(std::string_view name, const std::string& value) : name(name), value(value) {}
  Field(std::string_view name, bool value) : name(name), value(value ? "true" : "false") {}
  template <class T>
    requires std::is_arithmetic_v<T>
  Field(std::string_view name, T value) : name(name), value(std::to_string(value)) {}
  std::string name;
  std::string value;
};

// "debug", "info", "warn" or "error"; anything else throws Error(kInvalid).
void set_level(std::string_view name);
void write(Level level, std::string_view event, const std::vector<Field>& fields = {});

inline void debug(std::string_view event, const std::vector<Field>& fields = {}) {
  write(Level::kDebug, event, fields);
}
inline void info(std::string_view event, const std::vector<Field>& fields = {}) {
  write(Level::kInfo, event, fields);
}
inline void warn(std::string_view event, const std::vector<Field>& fields = {}) {
  write(Level::kWarn, event, fields);
}
inline void error(std::string_view event, const std::vector<Field>& fields = {}) {
  write(Level::kError, event, fields);
}

}  // namespace sanctum::log
