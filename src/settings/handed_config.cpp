#include "settings/handed_config.h"

#include <sys/stat.h>

#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/json.h"
#include "settings/serve_settings.h"

namespace sanctum::settings {
namespace {

constexpr std::size_t kDocumentBytesMax = 8 << 20;
constexpr std::size_t kDocumentPage = 1 << 14;  // a whole number of the system's pages

void write_all(json::Writer& w, const std::vector<Setting>& settings);

struct Write {
  json::Writer& w;
  void operator()(const Text& text) const { w.value(*text.value); }
  void operator()(const Path& path) const { w.value(*path.value); }
  void operator()(const Texts& texts) const {
    w.begin_array();
    for (const auto& item : *texts.value) w.value(item);
    w.end_array();
  }
  void operator()(const Number& number) const { w.value(*number.value); }
  void operator()(const Bytes& bytes) const { w.value(*bytes.value); }
  void operator()(const Rows& rows) const {
    w.begin_array();
    for (const auto& row : rows.bound()) write_all(w, row);
    w.end_array();
  }
};

void write_all(json::Writer& w, const std::vector<Setting>& settings) {
  w.begin_object();
  for (const Setting& setting : settings) {
    w.key(setting.key);
    std::visit(Write{w}, setting.type);
  }
  w.end_object();
}

void read_all(const json::Node& node, const std::vector<Setting>& settings);

struct Read {
  const json::Node& node;
  void operator()(const Text& text) const { *text.value = node.as_string(); }
  void operator()(const Path& path) const { *path.value = node.as_string(); }
  void operator()(const Texts& texts) const {
    texts.value->clear();
    for (const auto& item : node.as_array()) texts.value->push_back(item.as_string());
  }
  void operator()(const Number& number) const {
    *number.value = static_cast<int>(
        node.as_int(std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
  }
  void operator()(const Bytes& bytes) const { *bytes.value = node.as_uint64(); }
  void operator()(const Rows& rows) const {
    rows.clear();
    for (const auto& row : node.as_array()) read_all(row, rows.add());
  }
};

void read_all(const json::Node& node, const std::vector<Setting>& settings) {
  for (const Setting& setting : settings) {
    if (const auto value = node.get(setting.key)) std::visit(Read{*value}, setting.type);
  }
}

}  // namespace

std::string encode(const ServeConfig& config) {
  ServeConfig value = config;
  json::Writer w;
  w.begin_object().key("settings");
  write_all(w, serve_settings(value));
  w.field("file", config.file).key("arguments").begin_array();
  for (const auto& word : config.arguments) w.value(word);
  w.end_array().key("found_models").begin_array();
  for (const auto& model : config.found_models)
    w.begin_object().field("model", model.model).field("path", model.path).end_object();
  w.end_array().end_object();
  return w.take();
}

ServeConfig decode_config(const std::string& document) {
  const json::Document parsed(document);
  const json::Node root = parsed.root();
  ServeConfig config;
  read_all(root.at("settings"), serve_settings(config));
  config.file = root.at("file").as_string();
  for (const auto& word : root.at("arguments").as_array())
    config.arguments.push_back(word.as_string());
  for (const auto& model : root.at("found_models").as_array())
    config.found_models.push_back({model.at("model").as_string(), model.at("path").as_string()});
  return config;
}

std::unique_ptr<platform::SharedPage> hand_down(const ServeConfig& config) {
  const std::string document = encode(config);
  const std::size_t pages = (document.size() + kDocumentPage - 1) / kDocumentPage;
  auto page = std::make_unique<platform::SharedPage>(pages * kDocumentPage);
  std::memset(page->data(), ' ', pages * kDocumentPage);  // which JSON passes over
  std::memcpy(page->data(), document.data(), document.size());
  return page;
}

ServeConfig handed_down(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || status.st_size <= 0 ||
      status.st_size > static_cast<off_t>(kDocumentBytesMax))
    throw Error(ErrorCode::kInvalid, "this is a part of `serve`, which starts it by itself");
  const auto bytes = static_cast<std::size_t>(status.st_size);
  const platform::SharedPage page(descriptor, bytes);
  return decode_config(std::string(static_cast<const char*>(page.data()), bytes));
}

}  // namespace sanctum::settings
