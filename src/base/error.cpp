#include "base/error.h"

#include <array>
#include <utility>

namespace sanctum {
namespace {
constexpr std::array<std::pair<ErrorCode, std::string_view>, 10> kSpellings{{
    {ErrorCode::kInvalid, "invalid"},
    {ErrorCode::kNotFound, "not_found"},
    {ErrorCode::kDenied, "denied"},
    {ErrorCode::kTooLong, "too_long"},
    {ErrorCode::kBusy, "busy"},
    {ErrorCode::kUnavailable, "unavailable"},
    {ErrorCode::kDeadline, "deadline"},
    {ErrorCode::kCancelled, "cancelled"},
    {ErrorCode::kCorrupt, "corrupt"},
    {ErrorCode::kInternal, "internal"},
}};
}  // namespace

std::string_view to_string(ErrorCode code) {
  for (const auto& [value, spelling] : kSpellings) {
    if (value == code) return spelling;
  }
  return "internal";
}

ErrorCode error_code(std::string_view spelling) {
  for (const auto& [value, text] : kSpellings) {
    if (text == spelling) return value;
  }
  return ErrorCode::kInternal;
}

}  // namespace sanctum
