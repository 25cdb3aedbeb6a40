#include "convert/total_parameters.h"

#include <set>

namespace sanctum::convert {

std::uint64_t total_parameters(const std::vector<gguf::OutTensor>& tensors,
                               const std::map<std::string, int>& bits_of) {
  constexpr std::uint64_t kWordBits = 32;
  std::set<std::string> paths;
  for (const auto& tensor : tensors) paths.insert(tensor.name.substr(0, tensor.name.rfind('.')));
  std::uint64_t sum = 0;
  for (const auto& tensor : tensors) {
    const std::size_t dot = tensor.name.rfind('.');
    const std::string path = tensor.name.substr(0, dot), kind = tensor.name.substr(dot + 1);
    const auto inside = paths.lower_bound(path + ".");
    if (inside != paths.end() && inside->starts_with(path + ".")) continue;
    std::uint64_t numbers = 1;
    for (const std::uint64_t extent : tensor.shape) numbers *= extent;
    const auto bits = bits_of.find(path);
    if (bits == bits_of.end())
      sum += numbers;
    else if (kind == "weight")
      sum += numbers * kWordBits / static_cast<std::uint64_t>(bits->second);
    else if (kind == "bias")
      sum += numbers;
  }
  return sum;
}

}  // namespace sanctum::convert
