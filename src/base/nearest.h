// "Did you mean": which known word is near one that nobody knows.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sanctum {

// Letters to put in, take away, replace or swap with their neighbour until `a` is `b`; the upper
// and the lower case of a letter, '-' and '_' are the same.
std::size_t distance_between(std::string_view a, std::string_view b);

// The nearest, when it is near enough to be meant: a third of its letters may differ, one at least.
// Empty for none. Of several that are as near, the first.
std::string nearest(std::string_view word, std::span<const std::string> known);

// "; did you mean 'x'?", or nothing; with what follows: "; did you mean 'x'? THEN", or "; THEN".
std::string did_you_mean(std::string_view word, std::span<const std::string> known,
                         const std::string& then = {});

}  // namespace sanctum
