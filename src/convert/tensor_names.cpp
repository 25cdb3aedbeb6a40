#include "convert/tensor_names.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"

namespace sanctum::convert {
namespace {

bool is_head(std::string_view name) {
  constexpr std::string_view kInside = "language_model.";
  if (name.starts_with(kInside)) name.remove_prefix(kInside.size());
  return name.starts_with("lm_head.");
}

// As many as config.json says, where it does: the last ones may be missing.
void refuse_other_count(const std::vector<NamedTensor>& stacked, const json::Node& config) {
  for (const char* key : {"num_experts", "num_local_experts"})
    if (const auto told = config.get(key))
      for (const NamedTensor& stack : stacked)
        if (stack.parts.size() != told->as_uint64())
          throw Error(
              ErrorCode::kCorrupt,
              "of " + stack.name + " there are " + std::to_string(stack.parts.size()) +
                  " experts, where config.json's " + key + " is " +
                  std::to_string(told->as_uint64()) +
                  ": weights are missing, or it is another model's; download or copy both again",
              "path");
}

}  // namespace

Names named_tensors(const std::vector<StoredTensor>& stored, const Family& family,
                    const json::Node& config) {
  const bool tied = !family.keeps_head && text_of(config).as_bool_or("tie_word_embeddings", false);
  Names names;
  Stacks stacks(family.experts);
  for (const StoredTensor& tensor : stored) {
    if (tensor.name.find("rotary_emb.inv_freq") != std::string::npos) continue;
    const Renamed to = family.rename == nullptr ? Renamed{tensor.name} : family.rename(tensor.name);
    if (!to.left_out.empty())
      ++names.left_out[to.left_out];
    else if (!(tied && is_head(to.name)) && !stacks.take(to.name, tensor) &&
             !(family.split != nullptr && family.split(to.name, tensor, names.tensors)))
      names.tensors.push_back(as_it_is(to.name, tensor));
  }
  auto stacked = stacks.finish();
  refuse_other_count(stacked, config);
  std::move(stacked.begin(), stacked.end(), std::back_inserter(names.tensors));
  if (family.finish != nullptr) family.finish(names, config);
  for (NamedTensor& tensor : names.tensors)
    tensor.cast = family.not_cast.empty() || !tensor.name.ends_with(family.not_cast);
  std::sort(names.tensors.begin(), names.tensors.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return names;
}

bool is_router(const Family& family, const std::string& path) {
  return std::any_of(family.routers.begin(), family.routers.end(),
                     [&](const std::string& end) { return path.ends_with(end); });
}

}  // namespace sanctum::convert
