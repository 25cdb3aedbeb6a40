#include "supervisor/service_unit.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "supervisor/gateway_restart_policy.h"

namespace sanctum::supervisor {
namespace {

constexpr int kWatchdogSeconds = 60;

[[noreturn]] void starts_nothing() {
  throw Error(ErrorCode::kCorrupt, "the unit file starts nothing");
}

// A line of its own would be another directive.
void check_unit_word(const std::string& word, ErrorCode code) {
  const bool clean =
      std::none_of(word.begin(), word.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
  if (!clean)
    throw Error(code, "a service's unit holds no control characters, and there is one in " +
                          json::quote(word));
}

// What was read can be written.
ServiceUnit checked(ServiceUnit unit) {
  if (unit.arguments.empty()) starts_nothing();
  for (const auto& word : unit.arguments) check_unit_word(word, ErrorCode::kCorrupt);
  for (const auto& [name, value] : unit.environment)
    check_unit_word(name + value, ErrorCode::kCorrupt);
  return unit;
}

// systemd.service(5), "Command lines": quotes and backslashes as in C, % doubled, and $ where
// variables are expanded.
std::string systemd_word(const std::string& word, bool expanded = true) {
  check_unit_word(word, ErrorCode::kInvalid);
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '%' || (c == '$' && expanded)) out += c;
    out += c;
  }
  return out + "\"";
}

std::vector<std::string> systemd_words(std::string_view line, bool expanded = true) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false, any = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      inside = !inside;
      any = true;
    } else if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
    } else if ((c == '%' || (c == '$' && expanded)) && i + 1 < line.size() && line[i + 1] == c) {
      word += c;
      ++i;
    } else if ((c == ' ' || c == '\t') && !inside) {
      if (any || !word.empty()) words.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += c;
    }
  }
  if (any || !word.empty()) words.push_back(word);
  return words;
}

void add_assignments(const std::vector<std::string>& words, ServiceUnit& unit) {
  for (const auto& word : words) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos)
      unit.environment.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
}

std::string escaped(const std::string& text) {
  check_unit_word(text, ErrorCode::kInvalid);
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string unescaped(std::string text) {
  for (const auto& [from, to] :
       {std::pair("&lt;", "<"), std::pair("&gt;", ">"), std::pair("&quot;", "\""),
        std::pair("&apos;", "'"), std::pair("&amp;", "&")}) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1))
      text.replace(at, std::string_view(from).size(), to);
  }
  return text;
}

// What stands between the key's element and the end of the one that follows it.
std::optional<std::string_view> value_of(std::string_view text, std::string_view key) {
  const std::string mark = "<key>" + std::string(key) + "</key>";
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t begin = text.find('<', at + mark.size());
  if (begin == std::string_view::npos) return std::nullopt;
  return text.substr(begin);
}

// The texts of all elements of that name.
std::vector<std::string> elements(std::string_view text, const std::string& name) {
  const std::string open = "<" + name + ">", close = "</" + name + ">";
  std::vector<std::string> all;
  for (std::size_t at = text.find(open); at != std::string_view::npos; at = text.find(open, at)) {
    const std::size_t begin = at + open.size(), end = text.find(close, begin);
    if (end == std::string_view::npos) break;
    all.push_back(unescaped(std::string(text.substr(begin, end - begin))));
    at = end;
  }
  return all;
}

bool is_true(std::string_view text, std::string_view key) {
  const auto value = value_of(text, key);
  return value && value->starts_with("<true/>");
}

}  // namespace

std::string systemd_unit(const ServiceUnit& unit, bool system) {
  std::ostringstream out;
  out << "# Written by `sanctum service install`.\n"
      << "[Unit]\nDescription=Sanctum, an inference server for local models\nAfter=network.target\n"
      << "\n[Service]\nType=notify\nNotifyAccess=main\nExecStart=";
  for (std::size_t i = 0; i < unit.arguments.size(); ++i)
    out << (i > 0 ? " " : "") << systemd_word(unit.arguments[i]);
  out << "\n";
  for (const auto& [name, value] : unit.environment)
    out << "Environment=" << systemd_word(name + "=" + value, false) << "\n";
  if (unit.restarts) out << "Restart=always\nRestartSec=" << kServiceRestartAfter.count() << "\n";
  out << "WatchdogSec=" << kWatchdogSeconds << "\nSuccessExitStatus=" << kExitCut
      << "\nKillMode=mixed\nTimeoutStopSec=" << unit.stop_limit.count() << "\n";
  if (unit.starts_at_boot)
    out << "\n[Install]\nWantedBy=" << (system ? "multi-user.target" : "default.target") << "\n";
  return out.str();
}

ServiceUnit parse_systemd_unit(std::string_view text) {
  ServiceUnit unit;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (line.empty() || line[0] == '#' || equals == std::string::npos) continue;
    const std::string key = line.substr(0, equals), value = line.substr(equals + 1);
    if (key == "ExecStart") unit.arguments = systemd_words(value);
    if (key == "Environment") add_assignments(systemd_words(value, false), unit);
    if (key == "Restart") unit.restarts = value == "always" || value == "on-failure";
    if (key == "WantedBy") unit.starts_at_boot = true;
    if (key == "TimeoutStopSec") {
      int seconds = 0;
      std::from_chars(value.data(), value.data() + value.size(), seconds);
      unit.stop_limit = std::chrono::seconds(seconds);
    }
  }
  return checked(std::move(unit));
}

std::string launchd_plist(const ServiceUnit& unit) {
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      << "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
         "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
      << "<plist version=\"1.0\">\n<dict>\n  <key>Label</key>\n  <string>" << kServiceLabel
      << "</string>\n  <key>ProgramArguments</key>\n  <array>\n";
  for (const auto& argument : unit.arguments)
    out << "    <string>" << escaped(argument) << "</string>\n";
  out << "  </array>\n  <key>EnvironmentVariables</key>\n  <dict>\n";
  for (const auto& [name, value] : unit.environment)
    out << "    <key>" << escaped(name) << "</key>\n    <string>" << escaped(value)
        << "</string>\n";
  out << "  </dict>\n  <key>KeepAlive</key>\n  <" << (unit.restarts ? "true" : "false")
      << "/>\n  <key>RunAtLoad</key>\n  <" << (unit.starts_at_boot ? "true" : "false")
      << "/>\n  <key>ExitTimeOut</key>\n  <integer>" << unit.stop_limit.count()
      << "</integer>\n</dict>\n</plist>\n";
  return out.str();
}

ServiceUnit parse_launchd_plist(std::string_view text) {
  ServiceUnit unit;
  const auto arguments = value_of(text, "ProgramArguments");
  if (!arguments) starts_nothing();
  unit.arguments = elements(arguments->substr(0, arguments->find("</array>")), "string");
  if (const auto set = value_of(text, "EnvironmentVariables")) {
    const std::string_view variables = set->substr(0, set->find("</dict>"));
    const auto names = elements(variables, "key"), values = elements(variables, "string");
    for (std::size_t i = 0; i < names.size() && i < values.size(); ++i)
      unit.environment.emplace_back(names[i], values[i]);
  }
  unit.restarts = is_true(text, "KeepAlive");
  unit.starts_at_boot = is_true(text, "RunAtLoad");
  if (const auto limit = value_of(text, "ExitTimeOut"); limit && limit->starts_with("<integer>")) {
    int seconds = 0;
    const std::string_view digits = limit->substr(9);
    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    unit.stop_limit = std::chrono::seconds(seconds);
  }
  return checked(std::move(unit));
}

}  // namespace sanctum::supervisor
