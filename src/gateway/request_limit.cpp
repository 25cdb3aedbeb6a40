#include "gateway/request_limit.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::gateway {

std::chrono::milliseconds request_limit(const HttpHeaders& headers) {
  const std::string_view text = trimmed(headers.get(kDeadlineHeader));
  if (!headers.has(kDeadlineHeader)) return kRequestLimit;
  double seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (fault != std::errc() || end != text.data() + text.size() || !std::isfinite(seconds) ||
      seconds <= 0)
    throw Error(ErrorCode::kInvalid,
                std::string("the header ") + kDeadlineHeader +
                    " must be a number of seconds above 0, such as 2.5",
                kDeadlineHeader);
  const double most = std::chrono::duration<double>(kRequestLimit).count();
  return std::chrono::milliseconds(
      std::max<std::int64_t>(1, std::llround(std::min(seconds, most) * 1e3)));
}

std::string in_seconds(std::chrono::milliseconds limit) {
  return json::number(std::chrono::duration<double>(limit).count()) + " s";
}

}  // namespace sanctum::gateway
