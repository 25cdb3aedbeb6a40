#include "client/status_table.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/json.h"
#include "base/size_text.h"
#include "client/printable.h"

namespace sanctum::client {
namespace {

constexpr std::size_t kValueCharactersMax = 4000;  // longer than any path or failure of ours
constexpr const char* kNotSanctum =
    "not Sanctum: it answers OpenAI's API and has no /status, so this is all that it tells";

using Rows = std::vector<std::pair<std::string, std::string>>;

// The members of /status by their paths.
class Told {
 public:
  explicit Told(const std::string& status_json) {
    for (auto& [name, value] : flattened(status_json)) values_.emplace(name, std::move(value));
  }
  bool has(const std::string& name) const { return values_.count(name) > 0; }
  // `before` + value + `after`; nothing where it is not told.
  std::string part(const std::string& name, const std::string& before = "",
                   const std::string& after = "") const {
    const auto it = values_.find(name);
    const bool told = it != values_.end() && !it->second.empty();
    return told ? before + it->second + after : std::string();
  }

  // A size of so many bytes, for people.
  std::string size(const std::string& name, const std::string& before = "") const {
    const std::uint64_t bytes = count(name);
    return bytes == 0 ? std::string() : before + size_text(bytes);
  }
  std::uint64_t count(const std::string& name) const {
    const auto it = values_.find(name);
    if (it == values_.end()) return 0;
    const double value = std::strtod(it->second.c_str(), nullptr);
    return value > 0 && value < 1e18 ? static_cast<std::uint64_t>(value) : 0;
  }

  // Of the members whose paths begin with `prefix`, the rest of the path of those with that value.
  std::string members_that_are(const std::string& prefix, const std::string& value) const {
    std::string all;
    for (auto it = values_.lower_bound(prefix); it != values_.end(); ++it) {
      if (!it->first.starts_with(prefix)) break;
      if (it->second == value) all += (all.empty() ? "" : ", ") + it->first.substr(prefix.size());
    }
    return all;
  }

 private:
  std::map<std::string, std::string> values_;
};

void add(Rows& rows, const std::string& name, const std::string& value) {
  if (!value.empty()) rows.emplace_back(name, value);
}

std::string threads_text(const Told& told) {
  const auto threads = told.count("engine.stats.threads");
  return threads == 0   ? ""
         : threads == 1 ? " with 1 thread"
                        : " with " + std::to_string(threads) + " threads";
}

std::string model_text(const Told& told, const std::string& at) {
  const std::string name = told.part(at + ".model");
  const bool unproven = told.has("unproven." + name);
  std::string text = name + (unproven ? ": unproven" : told.part(at + ".state", ": "));
  if (const auto all = told.count(at + ".load_bytes"); all > 0)
    text += ", " + std::to_string(told.count(at + ".loaded_bytes") * 100 / all) + " % of" +
            told.size(at + ".load_bytes", " ");
  text += told.part(at + ".architecture", ", ");
  const bool plain = told.part(at + ".quantization") == "none";
  text += plain ? ", not quantized" : told.part(at + ".quantization", ", ");
  text += told.part(at + ".kernels", ", kernels ");
  const bool ready = told.part(at + ".state") == "ready";  // else it is not known yet
  if (ready && told.part(at + ".same_under_load") == "false")
    text += " (answers may change under load)";
  text += told.part(at + ".context_tokens", ", context ", " tokens");
  text += told.part(at + ".own_context_tokens", " of ", ", as --kv-bytes has room for");
  if (told.part(at + ".vision") == "true") text += ", vision";
  text += told.part(at + ".no_chat", ", chat: no, ", ": /v1/completions");
  return text + told.part(at + ".failure.message", ": ");
}

std::string proof_text(const Told& told, const std::string& at) {
  std::string text = told.part(at + ".model") + told.part(at + ".modality", ", ");
  if (told.part(at + ".proven") == "true") {
    text += told.part(at + ".age_s", ": proved ", " s ago") + told.part(at + ".by", " by ");
  } else {
    text += ": not proved yet";
  }
  return text + told.part(at + ".failed_since", "; failed since: ");
}

std::string incident_text(const Told& told, const std::string& at) {
  return told.part(at + ".level", "", ": ") + told.part(at + ".what") +
         told.part(at + ".key", " (", ")");
}

std::string speed_text(const Told& told) {
  if (!told.has("speed.window_s")) return {};
  std::string text = told.part("speed.tokens_per_s", "", " tokens/s") +
                     told.part("speed.window_s", " over the last ", " s");
  std::string last = told.part("speed.last_decode_per_s", "", " tokens/s");
  const std::string prompt = told.part("speed.last_prompt_per_s", "prompt ", " tokens/s");
  if (!prompt.empty()) last += (last.empty() ? "" : ", ") + prompt;
  return text + (last.empty() ? "" : "; the last answer " + last);
}

std::string memory_text(const Told& told) {
  const std::string stats = "engine.stats.";
  const std::string footprint = told.size(stats + "footprint_bytes");
  if (footprint.empty()) return {};
  std::uint64_t weights = 0;
  for (std::size_t i = 0; told.has("models[" + std::to_string(i) + "].model"); ++i)
    weights += told.count("models[" + std::to_string(i) + "].weight_bytes");
  return footprint + " by the engine" + (weights == 0 ? "" : "; weights " + size_text(weights)) +
         told.size(stats + "kv_bytes", ", keys and values ") +
         told.size(stats + "prefix_bytes", ", prefix cache ");
}

// One row for each member of an array.
void add_each(Rows& rows, const Told& told, const std::string& name, const std::string& array,
              const std::string& key, std::string (*text)(const Told&, const std::string&)) {
  for (std::size_t i = 0;; ++i) {
    const std::string at = array + "[" + std::to_string(i) + "]";
    if (!told.has(at + key)) return;
    add(rows, name, text(told, at));
  }
}

Rows details(const Told& told) {
  Rows rows;
  add(rows, "version", told.part("version") + told.part("uptime_s", ", up ", " s"));
  add(rows, "engine",
      told.part("engine.state") +
          (told.count("engine.pid") == 0 ? "" : told.part("engine.pid", ", pid ")) +
          told.part("engine.restarts", ", ",
                    told.count("engine.restarts") == 1 ? " restart" : " restarts") +
          told.part("engine.stats.device", ", on ") + threads_text(told));
  add(rows, "last exit", told.part("engine.last_exit"));
  add(rows, "requests",
      told.part("requests.running", "", " running") + told.part("requests.running_max", " of ") +
          told.part("requests.waiting", ", ", " waiting") +
          told.part("requests.waiting_max", " of "));
  add(rows, "speed", speed_text(told));
  add(rows, "memory", memory_text(told));
  add(rows, "switched off", told.members_that_are("engine.stats.switches.", "false"));
  if (told.has("fallback.where")) {
    const bool answers = told.part("fallback.answers") == "true";
    add(rows, "fallback",
        told.part("fallback.where") +
            (answers ? " answers in our engine's place" : ": our engine answers") +
            told.part("fallback.mode", ", mode ") + told.part("fallback.failure", "; "));
  }
  add_each(rows, told, "model", "models", ".model", model_text);
  add_each(rows, told, "proof", "proofs", ".model", proof_text);
  add_each(rows, told, "incident", "incidents", ".key", incident_text);
  if (told.has("engine.state") && !told.has("incidents[0].key"))
    add(rows, "incidents", "none is open");
  add(rows, "http", told.part("listen.http"));
  add(rows, "mtls", told.part("listen.mtls"));
  return rows;
}

std::string_view spelled(Readiness readiness) {
  switch (readiness) {
    case Readiness::kReady:
      return "ready";
    case Readiness::kUp:
      return "up";
    case Readiness::kUnreachable:
      return "unreachable";
  }
  return "unreachable";
}

}  // namespace

std::string status_table(const ServerStatus& status) {
  Rows rows;
  add(rows, "server", status.url);
  add(rows, "state", std::string(to_string(status.readiness)));
  add(rows, "reason", status.reason);
  if (status.is_sanctum == false) add(rows, "kind", kNotSanctum);
  const Told told(status.status_json);
  for (auto& row : details(told)) rows.push_back(std::move(row));
  if (!told.has("models[0].model")) {
    for (const auto& model : status.models) add(rows, "model", model);
  }
  std::size_t width = 0;
  for (const auto& [name, value] : rows) width = std::max(width, name.size());
  std::string out;
  for (const auto& [name, value] : rows) {
    out += name + std::string(width - name.size() + 2, ' ') +
           printable_line(value, kValueCharactersMax) + "\n";
  }
  return out;
}

std::string status_json(const ServerStatus& status) {
  json::Writer w;
  w.begin_object().field("url", status.url).field("readiness", spelled(status.readiness));
  w.field("reason", status.reason).key("models").begin_array();
  for (const auto& model : status.models) w.value(model);
  w.end_array().key("status");
  if (status.status_json.empty()) {
    w.null();
  } else {
    w.raw(status.status_json);
  }
  w.end_object();
  return w.take();
}

}  // namespace sanctum::client
