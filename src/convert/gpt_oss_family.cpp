#include <algorithm>
#include <string_view>

#include "convert/family.h"

namespace sanctum::convert {
namespace {

constexpr std::string_view kExperts = ".mlp.experts.";
constexpr std::uint64_t kWordBytes = 4;

// As MLX has blocks of 16 bytes: the words of a row.
void in_words(NamedTensor& blocks) {
  const std::uint64_t bytes = blocks.shape.back();
  blocks.shape.pop_back();
  blocks.shape.back() *= bytes / kWordBytes;
  blocks.dtype = "U32";
}

struct End {
  std::string_view theirs, ours;
  std::size_t dimensions;
};
constexpr End kEnds[]{{"_blocks", ".weight", 4}, {"_scales", ".scales", 3}, {"_bias", ".bias", 2}};

bool split_gpt_oss(const std::string& name, const StoredTensor& stored,
                   std::vector<NamedTensor>& to) {
  const std::size_t at = name.find(kExperts);
  if (at == std::string::npos) return false;
  const std::string before = name.substr(0, at + kExperts.size());
  const std::string inside = name.substr(before.size());
  for (const End& end : kEnds) {
    const bool both = inside == "gate_up_proj" + std::string(end.theirs);
    if (!both && inside != "down_proj" + std::string(end.theirs)) continue;
    const bool blocks = end.theirs == "_blocks";
    if (stored.shape.size() != end.dimensions ||
        (blocks && (stored.dtype != "U8" || stored.shape.back() % kWordBytes != 0)))
      refuse_tensor(stored.name,
                    "experts' blocks are bytes of 4 dimensions, their scales have 3, "
                    "their biases 2");
    const auto named = [&](std::string_view projection) {
      return before + std::string(projection) + std::string(end.ours);
    };
    const std::size_t first = to.size();
    if (both) {
      auto halves = gate_and_up(stored, GateUpLie::kByTurns, named("gate_proj"), named("up_proj"));
      to.push_back(std::move(halves.gate));
      to.push_back(std::move(halves.up));
    } else {
      to.push_back(as_it_is(named("down_proj"), stored));
    }
    if (blocks) std::for_each(to.begin() + static_cast<std::ptrdiff_t>(first), to.end(), in_words);
    return true;
  }
  if (inside == "gate_up_proj" || inside == "down_proj")
    refuse_tensor(stored.name,
                  "mlx_lm takes a gpt_oss whose experts are in blocks of MXFP4 "
                  "(gate_up_proj_blocks, gate_up_proj_scales), as its makers have it");
  return false;
}

void finish_gpt_oss(Names& names, const json::Node& config) {
  if (config.get("quantization_config")) return;
  for (const NamedTensor& tensor : names.tensors)
    if (tensor.stored().dtype == "U8" && tensor.name.find(kExperts) != std::string::npos)
      refuse_tensor(tensor.stored().name,
                    "config.json has no quantization_config that calls it mxfp4");
}

}  // namespace

std::vector<Family> gpt_oss_families() {
  return {{.model_type = "gpt_oss",
           .split = split_gpt_oss,
           .finish = finish_gpt_oss,
           .routers = {"router"},
           .keeps_head = true,
           .stored_mxfp4 = true}};
}

}  // namespace sanctum::convert
