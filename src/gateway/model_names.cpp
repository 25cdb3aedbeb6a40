#include "gateway/model_names.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"

namespace sanctum::gateway {
namespace {

constexpr std::string_view kLatest = ":latest";

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace

std::string meant_model(const std::string& asked, const std::vector<std::string>& served) {
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
  if (is_served(asked)) return asked;
  const std::string other = asked.ends_with(kLatest)
                                ? asked.substr(0, asked.size() - kLatest.size())
                                : asked + std::string(kLatest);
  return is_served(other) ? other : asked;
}

}  // namespace sanctum::gateway
