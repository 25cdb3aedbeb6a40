// One line per event on standard error: `2026-11-20T20:11:43.123Z info request id=... model=...`.
//
// Contract: values are quoted when they hold spaces or control characters, so that no field can
// forge a second line; prompts and keys are never logged. Writing a line never waits for who reads
// standard error: kLogBytesMax of lines wait for a reader that is slow, and what comes beyond them
// is dropped and counted by a line `log_dropped lines=...`. What waits is written at a normal exit,
// and before `last_words`, if somebody reads within kLastWordsLimit. Thread rule: any thread, any
// time.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sanctum::log {

inline constexpr std::size_t kLogBytesMax = 256 * 1024;           // of lines not yet written
inline constexpr std::chrono::milliseconds kLastWordsLimit{500};  // for who reads them

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

// To be called before the process ends otherwise than by exit(): writes what waits.
void flush();
// `text` as it is, as the last line before the process ends; waits for no reader longer than
// kLastWordsLimit.
void last_words(std::string_view text);

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
