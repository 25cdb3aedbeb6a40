#include "settings/setting.h"

#include "base/size_text.h"

namespace sanctum::settings {
namespace {

struct Values {
  std::vector<std::string> operator()(const Text& text) const { return {*text.value}; }
  std::vector<std::string> operator()(const Path& path) const { return {*path.value}; }
  std::vector<std::string> operator()(const Texts& texts) const { return *texts.value; }
  std::vector<std::string> operator()(const Number& n) const { return {std::to_string(*n.value)}; }
  std::vector<std::string> operator()(const Bytes& b) const { return {exact_size_text(*b.value)}; }
  std::vector<std::string> operator()(const Rows&) const { return {}; }
};

struct Limits {
  std::string operator()(const Text& text) const {
    if (text.choices.empty()) return "a string";
    std::string known;
    for (const std::string& choice : text.choices) known += (known.empty() ? "" : ", ") + choice;
    return "one of " + known;
  }
  std::string operator()(const Path&) const { return "a string"; }
  std::string operator()(const Texts&) const { return "an array of strings"; }
  std::string operator()(const Number& number) const {
    return "an integer from " + std::to_string(number.range.low) + " to " +
           std::to_string(number.range.high);
  }
  std::string operator()(const Bytes&) const { return "a size such as \"2GiB\""; }
  std::string operator()(const Rows& rows) const {
    return "up to " + std::to_string(rows.max) + " tables";
  }
};

}  // namespace

std::vector<std::string> words_of(const Setting& setting) {
  return std::visit(Values(), setting.type);
}

std::string limits_of(const Setting& setting) {
  return std::visit(Limits(), setting.type);
}

}  // namespace sanctum::settings
