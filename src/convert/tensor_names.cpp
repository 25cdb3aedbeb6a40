#include "convert/tensor_names.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "base/error.h"

namespace sanctum::convert {
namespace {

using Renames = std::vector<std::pair<std::string, std::string>>;

struct Row {
  std::string model_type;
  std::string experts = {};  // before an expert's number
  std::string stacked = {};  // what stands in its place
  Renames projections = {};
  std::string router = {};  // which mlx_lm keeps at 8 bits in groups of 64
};

const std::vector<Row>& table() {
  static const Renames kept{
      {"gate_proj", "gate_proj"}, {"up_proj", "up_proj"}, {"down_proj", "down_proj"}};
  static const std::vector<Row> rows{
      {"llama"},
      {"mistral"},
      {"mixtral",
       ".block_sparse_moe.experts.",
       ".block_sparse_moe.switch_mlp.",
       {{"w1", "gate_proj"}, {"w3", "up_proj"}, {"w2", "down_proj"}}},
      {"phi3"},
      {"qwen2"},
      {"qwen3"},
      {"qwen3_moe", ".mlp.experts.", ".mlp.switch_mlp.", kept, "mlp.gate"},
      {"smollm3"},
  };
  return rows;
}

const Row& row_of(const std::string& architecture) {
  for (const Row& row : table())
    if (row.model_type == architecture) return row;
  throw Error(ErrorCode::kInvalid,
              "'config.json.model_type' is '" + architecture +
                  "', which cannot be converted; these can: " + convertible_architectures(),
              "model_type");
}

// The stacked name of "...experts.12.w1.weight", and 12.
struct Expert {
  std::string name;
  std::size_t number = 0;
};
bool read_expert(const Row& row, const std::string& stored, Expert& expert) {
  const std::size_t at = row.experts.empty() ? std::string::npos : stored.find(row.experts);
  if (at == std::string::npos) return false;
  const char* digits = stored.data() + at + row.experts.size();
  const char* end = stored.data() + stored.size();
  const auto read = std::from_chars(digits, end, expert.number);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != '.' || expert.number >= kExpertsMax)
    return false;
  const std::string rest(read.ptr + 1, end);
  for (const auto& [theirs, ours] : row.projections) {
    if (!rest.starts_with(theirs + ".")) continue;
    expert.name = stored.substr(0, at) + row.stacked + ours + rest.substr(theirs.size());
    return true;
  }
  return false;
}

bool is_left_out(const std::string& name, bool tied) {
  return name.find("rotary_emb.inv_freq") != std::string::npos ||
         (tied && name.starts_with("lm_head."));
}

}  // namespace

std::vector<std::uint64_t> NamedTensor::shape() const {
  std::vector<std::uint64_t> all = parts.front()->shape;
  if (stacked) all.insert(all.begin(), parts.size());
  return all;
}

std::string NamedTensor::path() const {
  return name.substr(0, name.rfind('.'));
}

bool NamedTensor::is_matrix() const {
  return name.ends_with(".weight") && parts.front()->shape.size() >= 2;
}

std::vector<NamedTensor> named_tensors(const std::vector<StoredTensor>& stored,
                                       const std::string& architecture, bool tied) {
  const Row& row = row_of(architecture);
  std::vector<NamedTensor> all;
  std::map<std::string, std::map<std::size_t, const StoredTensor*>> experts;
  for (const StoredTensor& tensor : stored) {
    Expert expert;
    if (is_left_out(tensor.name, tied)) continue;
    if (read_expert(row, tensor.name, expert)) {
      if (!experts[expert.name].emplace(expert.number, &tensor).second)
        throw Error(ErrorCode::kCorrupt, tensor.name + " is stored twice", "path");
      continue;
    }
    if (!row.experts.empty() && tensor.name.find(row.experts) != std::string::npos)
      throw Error(ErrorCode::kInvalid,
                  "tensor " + tensor.name +
                      " has experts in a form that cannot be converted: convert a model that has "
                      "each by itself (" +
                      row.experts.substr(1) + "0." + row.projections.front().first + ".weight)",
                  "path");
    all.push_back({tensor.name, {&tensor}});
  }
  for (const auto& [name, by_number] : experts) {
    NamedTensor tensor{name, {}, true};
    for (const auto& [number, part] : by_number) {
      if (number != tensor.parts.size())
        throw Error(ErrorCode::kCorrupt,
                    "of " + name + " expert " + std::to_string(tensor.parts.size()) + " is missing",
                    "path");
      if (!tensor.parts.empty() && (part->shape != tensor.parts.front()->shape ||
                                    part->dtype != tensor.parts.front()->dtype))
        throw Error(ErrorCode::kCorrupt, part->name + " is not like the experts before it", "path");
      if (part->shape.empty() || part->shape.size() > 2)
        throw Error(ErrorCode::kCorrupt,
                    part->name + " has " + std::to_string(part->shape.size()) +
                        " dimensions; an expert's have 1 or 2",
                    "path");
      tensor.parts.push_back(part);
    }
    all.push_back(std::move(tensor));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

OwnChoice own_choice(const std::string& architecture, const std::string& path) {
  const Row& row = row_of(architecture);
  if (row.router.empty() || !path.ends_with(row.router)) return {};
  return {true, {8, 64}};
}

std::string convertible_architectures() {
  std::string all;
  for (const Row& row : table()) all += (all.empty() ? "" : ", ") + row.model_type;
  return all;
}

}  // namespace sanctum::convert
