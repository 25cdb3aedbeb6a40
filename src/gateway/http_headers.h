// The header lines of a request or an answer, in their order; names compare without case.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sanctum::gateway {

inline constexpr std::size_t kHeaderLinesMax = 200;  // of a request; its bytes have their own limit

using HeaderLine = std::pair<std::string, std::string>;

class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<HeaderLine> lines) : lines_(lines) {}

  void add(std::string name, std::string value);
  // The value of the first such line; empty when there is none.
  std::string_view get(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool has(std::string_view name) const { return count(name) > 0; }
  const std::vector<HeaderLine>& lines() const { return lines_; }

 private:
  std::vector<HeaderLine> lines_;
};

// ASCII letters without regard to case, as in names of headers, hosts and media types.
bool same_without_case(std::string_view a, std::string_view b);
std::string lower_case(std::string_view text);
// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace sanctum::gateway
