#include "gateway/model_names.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/joined.h"

namespace sanctum::gateway {
namespace {

constexpr std::string_view kLatest = ":latest";

// The model that an alias stands for; empty for none.
std::string aliased(const std::string& name, const std::vector<ModelAlias>& aliases) {
  const ModelAlias* best = nullptr;
  for (const auto& one : aliases) {
    if (one.alias == name) return one.model;
    const bool begins_so =
        one.alias.ends_with('*') && name.starts_with(one.alias.substr(0, one.alias.size() - 1));
    if (begins_so && (best == nullptr || one.alias.size() > best->alias.size())) best = &one;
  }
  return best == nullptr ? std::string() : best->model;
}

// Without the provider before its first slash; nothing where that is no name ("../qwen").
std::optional<std::string> without_provider(const std::string& name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos || slash == 0) return std::nullopt;
  const bool plain =
      std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(slash), [](char c) {
        const auto letter = static_cast<unsigned char>(c);
        return std::isalnum(letter) != 0 || c == '-' || c == '_' || c == '.';
      });
  if (!plain || name.front() == '.') return std::nullopt;
  return name.substr(slash + 1);
}

}  // namespace

std::string meant_model(const std::string& asked, const std::vector<std::string>& served,
                        const std::vector<ModelAlias>& aliases) {
  if (asked.empty()) {
    if (served.size() == 1) return served.front();
    throw Error(
        ErrorCode::kInvalid,
        "'model' is missing" +
            (served.empty() ? "" : ", and several are served; name one of " + joined(served)),
        "model");
  }
  const auto is_served = [&](const std::string& name) {
    return std::find(served.begin(), served.end(), name) != served.end();
  };
  // A provider's provider may stand before, too.
  for (std::optional<std::string> name = asked; name; name = without_provider(*name)) {
    if (is_served(*name)) return *name;
    const std::string other = name->ends_with(kLatest)
                                  ? name->substr(0, name->size() - kLatest.size())
                                  : *name + std::string(kLatest);
    if (is_served(other)) return other;
  }
  for (std::optional<std::string> name = asked; name; name = without_provider(*name))
    if (const std::string other = aliased(*name, aliases); !other.empty()) return other;
  return asked;
}

}  // namespace sanctum::gateway
