#include "serve/keeper_message.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::serve {
namespace {

using namespace keeper_message;

std::string cut(const std::string& text) {
  return text.substr(0, kKeeperTextBytesMax);
}

struct Write {
  json::Writer& w;
  void operator()(const Listens& m) const {
    w.field("is", "listens").field("plain", cut(m.plain)).field("mtls", cut(m.mtls));
  }
  void operator()(const Ready& m) const {
    w.field("is", "ready").field("urls", cut(m.urls));
    write_names("failed", m.failed);
    write_names("prompts_alone", m.prompts_alone);
  }
  void operator()(const Drains& m) const { w.field("is", "drains").field("requests", m.requests); }
  void operator()(const CannotServe& m) const {
    w.field("is", "cannot_serve").field("reason", cut(m.reason));
  }
  void operator()(const EngineIs& m) const { w.field("is", "engine").field("pid", m.pid); }
  void write_names(const char* member, const std::vector<std::string>& names) const {
    w.key(member).begin_array();
    for (std::size_t i = 0; i < std::min(names.size(), kKeeperNamedMax); ++i)
      w.value(cut(names[i]));
    w.end_array();
  }
  void operator()(const FallbackIs& m) const { w.field("is", "fallback").field("pid", m.pid); }
  void operator()(const RestartIsPlanned&) const { w.field("is", "restart"); }
  void operator()(const RunProbe& m) const { w.field("is", "run").field("probe", cut(m.probe)); }
  void operator()(const Beat&) const { w.field("is", "beat"); }
  void operator()(const ReplaceGateway& m) const {
    w.field("is", "replace_gateway").field("reason", cut(m.reason));
  }
  void operator()(const Restarting& m) const { w.field("is", "restarting").field("so", m.so); }
};

int count_of(const json::Node& node, const char* what) {
  return static_cast<int>(node.at(what).as_int(0, std::numeric_limits<int>::max()));
}

std::vector<std::string> names_in(const json::Node& node) {
  std::vector<std::string> names;
  for (const auto& name : node.as_array(kKeeperNamedMax)) names.push_back(name.as_string());
  return names;
}

int pid_of(const json::Node& node) {
  return count_of(node, "pid");
}

KeeperMessage read(const json::Node& node) {
  const std::string is = node.at("is").as_string();
  if (is == "listens") return Listens{node.at("plain").as_string(), node.at("mtls").as_string()};
  if (is == "ready") {
    return Ready{node.at("urls").as_string(), names_in(node.at("failed")),
                 names_in(node.at("prompts_alone"))};
  }
  if (is == "drains") return Drains{count_of(node, "requests")};
  if (is == "cannot_serve") return CannotServe{node.at("reason").as_string()};
  if (is == "engine") return EngineIs{pid_of(node)};
  if (is == "fallback") return FallbackIs{pid_of(node)};
  if (is == "restart") return RestartIsPlanned{};
  if (is == "run") return RunProbe{node.at("probe").as_string()};
  if (is == "beat") return Beat{};
  if (is == "replace_gateway") return ReplaceGateway{node.at("reason").as_string()};
  if (is == "restarting") return Restarting{node.at("so").as_bool()};
  throw Error(ErrorCode::kCorrupt, "there is no message '" + is + "'");
}

}  // namespace

std::string keeper_line(const KeeperMessage& message) {
  json::Writer w;
  w.begin_object();
  std::visit(Write{w}, message);
  w.end_object();
  return w.take() + '\n';
}

KeeperMessage read_keeper_line(std::string_view line) {
  try {
    const json::Document document(line);
    return read(document.root());
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt,
                std::string("no message of a part of serve's: ") + error.what());
  }
}

}  // namespace sanctum::serve
