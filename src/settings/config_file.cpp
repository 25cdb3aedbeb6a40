#include "settings/config_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/size_text.h"
#include "settings/path_words.h"

namespace sanctum::settings {
namespace {

constexpr std::uint64_t kConfigBytesMax = 1 << 20;

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  // Returns the keys that the table sets.
  std::vector<std::string> read(const toml::table& table, const std::vector<Setting>& settings,
                                const std::vector<std::string>& decided) const {
    std::vector<std::string> keys;
    for (const auto& [name, node] : table) {
      const std::string spelled(name.str()), key = with_underscores(spelled);
      const auto setting = std::find_if(settings.begin(), settings.end(),
                                        [&](const Setting& s) { return s.key == key; });
      if (setting == settings.end())
        fail(name.source(), spelled,
             "unknown key '" + spelled + "'" + did_you_mean(spelled, keys_of(settings)));
      if (std::find(keys.begin(), keys.end(), key) != keys.end())
        fail(name.source(), spelled, "'" + spelled + "' is set twice, as '" + key + "' too");
      keys.push_back(key);
      const bool takes = std::find(decided.begin(), decided.end(), key) == decided.end();
      const bool right =
          std::visit([&, &node = node](const auto& type) { return is_taken(node, type, takes); },
                     setting->type);
      if (!right) fail(node.source(), key, "'" + key + "' must be " + limits_of(*setting));
      check(node, *setting);
    }
    return keys;
  }

 private:
  static std::string with_underscores(std::string key) {
    std::replace(key.begin(), key.end(), '-', '_');
    return key;
  }
  static std::vector<std::string> keys_of(const std::vector<Setting>& settings) {
    std::vector<std::string> keys;
    keys.reserve(settings.size());
    for (const Setting& setting : settings) keys.push_back(setting.key);
    return keys;
  }

  [[noreturn]] void fail(const toml::source_region& where, const std::string& key,
                         const std::string& what) const {
    throw Error(ErrorCode::kInvalid, path_ + ":" + std::to_string(where.begin.line) + ": " + what,
                key);
  }

  // A value that is of the setting's type.
  void check(const toml::node& node, const Setting& setting) const {
    if (const auto* text = std::get_if<Text>(&setting.type)) check(node, setting.key, text->check);
    if (const auto* texts = std::get_if<Texts>(&setting.type))
      for (const auto& each : *node.as_array()) check(each, setting.key, texts->check);
  }
  void check(const toml::node& node, const std::string& key, const TextCheck& rule) const {
    if (!rule) return;
    try {
      const auto number = node.value_exact<std::int64_t>();
      rule(number ? std::to_string(*number) : *node.value_exact<std::string>(), "'" + key + "'");
    } catch (const Error& error) {
      fail(node.source(), key, error.what());
    }
  }

  // Each: false for a value that is not of the type. It is checked also when it is not taken.
  bool is_taken(const toml::node& node, const Text& text, bool takes) const {
    auto value = node.value_exact<std::string>();
    if (const auto number = node.value_exact<std::int64_t>(); number)
      value = std::to_string(*number);  // a port, or a choice that is one
    const auto& known = text.choices;
    if (!value || (!known.empty() && std::find(known.begin(), known.end(), *value) == known.end()))
      return false;
    if (takes) *text.value = *value;
    return true;
  }
  bool is_taken(const toml::node& node, const Path& path, bool takes) const {
    if (!node.is_string() || !is_taken(node, Text{path.value}, takes)) return false;
    if (takes) *path.value = path_from(directory(), *path.value);
    return true;
  }
  bool is_taken(const toml::node& node, const Texts& texts, bool takes) const {
    const auto* array = node.as_array();
    if (array == nullptr) return false;
    std::vector<std::string> values, aliases;
    for (const auto& item : *array) {
      const auto value = item.value_exact<std::string>();
      if (value)
        values.push_back(texts.models ? model_from(directory(), *value) : *value);
      else if (texts.aliases != nullptr && item.is_table())
        values.push_back(model_of(*item.as_table(), aliases));
      else
        return false;
    }
    if (!takes) return true;
    *texts.value = values;
    if (texts.aliases != nullptr)
      texts.aliases->insert(texts.aliases->end(), aliases.begin(), aliases.end());
    return true;
  }
  // A [[models]] of the file, as [NAME=]MODEL.
  std::string model_of(const toml::table& table, std::vector<std::string>& aliases) const {
    std::string model, name;
    std::vector<std::string> others;
    const std::vector<Setting> settings{{.key = "model", .type = Text{&model}},
                                        {.key = "name", .type = Text{&name}},
                                        {.key = "aliases", .type = Texts{&others}}};
    read(table, settings, {});
    if (model.empty()) fail(table.source(), "models", "a [[models]] needs its 'model'");
    const std::string word = model_from(directory(), name.empty() ? model : name + "=" + model);
    for (const auto& other : others)
      if (other.empty() || other.find('=') != std::string::npos)
        fail(table.source(), "models", "'" + other + "' cannot be an alias");
    for (const auto& other : others) aliases.push_back(other + "=" + (name.empty() ? word : name));
    return word;
  }
  bool is_taken(const toml::node& node, const Number& number, bool takes) const {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < number.range.low || *value > number.range.high) return false;
    if (takes) *number.value = static_cast<int>(*value);
    return true;
  }
  bool is_taken(const toml::node& node, const Bytes& bytes, bool takes) const {
    std::string text;
    if (const auto value = node.value_exact<std::int64_t>()) text = std::to_string(*value);
    if (const auto words = node.value_exact<std::string>()) text = *words;
    const auto size = read_size(text);
    if (size && takes) *bytes.value = *size;
    return size.has_value();
  }
  bool is_taken(const toml::node& node, const Rows& rows, bool takes) const {
    const auto* array = node.as_array();
    if (array == nullptr || !array->is_array_of_tables() || array->size() > rows.max) return false;
    if (!takes) return true;
    rows.clear();
    for (const auto& item : *array) read(*item.as_table(), rows.add(), {});
    return true;
  }

  // Paths in a file are relative to it.
  std::string directory() const { return std::filesystem::absolute(path_).parent_path().string(); }

  const std::string& path_;
};

std::string quoted(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ", ") + json::quote(text);
  return "[" + all + "]";
}

struct Literal {
  std::string operator()(const Text& text) const { return json::quote(*text.value); }
  std::string operator()(const Path& path) const { return json::quote(*path.value); }
  std::string operator()(const Texts& texts) const { return quoted(*texts.value); }
  std::string operator()(const Number& number) const { return std::to_string(*number.value); }
  std::string operator()(const Bytes& bytes) const {
    const std::string text = exact_size_text(*bytes.value);
    return text.ends_with("B") ? json::quote(text) : text;
  }
  std::string operator()(const Rows&) const { return {}; }
};

}  // namespace

std::vector<std::string> read_config_file(const std::string& path,
                                          const std::vector<std::string>& decided,
                                          const std::vector<Setting>& settings) {
  try {
    return Reader(path).read(toml::parse(read_file(path, kConfigBytesMax), path), settings,
                             decided);
  } catch (const toml::parse_error& error) {
    // A size without its quotes.
    const bool letters = error.description().find("expected digit, saw") != std::string_view::npos;
    throw Error(ErrorCode::kInvalid,
                path + ":" + std::to_string(error.source().begin.line) + ": " +
                    std::string(error.description()) +
                    (letters ? "; a size with a unit stands in quotes: \"2GiB\"" : ""),
                "config");
  }
}

std::string as_toml(const std::vector<Setting>& settings,
                    const std::function<std::string(const Setting&)>& remark) {
  std::string text, tables;  // these come last, or what follows would be part of them
  for (const Setting& setting : settings) {
    if (const auto* rows = std::get_if<Rows>(&setting.type)) {
      for (const auto& row : rows->bound())
        tables += "\n[[" + setting.key + "]]\n" + as_toml(row, [](const Setting&) { return ""; });
      continue;
    }
    text += setting.key + " = " + std::visit(Literal(), setting.type);
    const std::string behind = remark(setting);
    text += (behind.empty() ? "" : "  # " + behind) + "\n";
  }
  return text + tables;
}

}  // namespace sanctum::settings
