#include "settings/setting_options.h"

#include <CLI/CLI.hpp>

#include "base/invariant.h"
#include "settings/size_option.h"

namespace sanctum::settings {
namespace {

struct Add {
  CLI::App& command;
  const Setting& setting;

  CLI::Option* operator()(const Text& text) const {
    auto* option = one(*text.value);
    if (!text.choices.empty()) option->check(CLI::IsMember(text.choices));
    return option;
  }
  CLI::Option* operator()(const Path& path) const { return one(*path.value); }
  CLI::Option* operator()(const Texts& texts) const {
    auto* option = command.add_option(setting.flag, *texts.value, setting.what);
    if (is_flag(setting)) option->delimiter(',')->allow_extra_args(false);
    return option;
  }
  CLI::Option* operator()(const Number& number) const {
    return one(*number.value)->check(CLI::Range(number.range.low, number.range.high));
  }
  CLI::Option* operator()(const Bytes& bytes) const {
    return one(*bytes.value)->transform(size_validator());
  }
  CLI::Option* operator()(const Rows&) const {
    SANCTUM_INVARIANT(false, "tables are set in the file alone");
    return nullptr;
  }

 private:
  template <class T>
  CLI::Option* one(T& value) const {
    return command.add_option(setting.flag, value, setting.what)->take_last();
  }
};

}  // namespace

CLI::Option* add_option(CLI::App& command, const Setting& setting) {
  CLI::Option* option = std::visit(Add{command, setting}, setting.type)->capture_default_str();
  if (const auto* bytes = std::get_if<Bytes>(&setting.type))
    option->default_str(exact_size_text(*bytes->value));
  if (!setting.variable.empty()) option->envname(setting.variable);
  if (!setting.placeholder.empty()) option->type_name(setting.placeholder);
  if (!setting.group.empty()) option->group(setting.group);
  return option;
}

}  // namespace sanctum::settings
