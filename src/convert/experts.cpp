#include "convert/experts.h"

#include <charconv>

#include "base/error.h"

namespace sanctum::convert {
namespace {

[[noreturn]] void corrupt(const std::string& what) {
  throw Error(ErrorCode::kCorrupt, what, "path");
}

}  // namespace

ExpertsApart experts_in_mlp() {
  return {".mlp.experts.",
          ".mlp.switch_mlp.",
          {{"gate_proj", "gate_proj"}, {"up_proj", "up_proj"}, {"down_proj", "down_proj"}}};
}

bool Stacks::read(const std::string& name, Expert& expert) const {
  const std::size_t at = names_.before.empty() ? std::string::npos : name.find(names_.before);
  if (at == std::string::npos) return false;
  const char* digits = name.data() + at + names_.before.size();
  const char* end = name.data() + name.size();
  const auto [after, error] = std::from_chars(digits, end, expert.number);
  if (error != std::errc() || after == end || *after != '.' || expert.number >= kExpertsMax)
    return false;
  const std::string rest(after + 1, end);
  for (const auto& [theirs, ours] : names_.projections) {
    if (!rest.starts_with(theirs + ".")) continue;
    expert.name = name.substr(0, at) + names_.stacked + ours + rest.substr(theirs.size());
    return true;
  }
  return false;
}

bool Stacks::take(const std::string& name, const StoredTensor& stored) {
  Expert expert;
  if (read(name, expert)) {
    if (!stacks_[expert.name].emplace(expert.number, &stored).second)
      corrupt(stored.name + " is stored twice");
    return true;
  }
  if (!names_.before.empty() && name.find(names_.before) != std::string::npos)
    throw Error(ErrorCode::kInvalid,
                "tensor " + stored.name +
                    " has experts in a form that cannot be converted: convert a model that has "
                    "each by itself (" +
                    names_.before.substr(1) + "0." + names_.projections.front().first + ".weight)",
                "path");
  return false;
}

std::vector<NamedTensor> Stacks::finish() const {
  std::vector<NamedTensor> all;
  for (const auto& [name, by_number] : stacks_) {
    const StoredTensor& first = *by_number.begin()->second;
    NamedTensor stack{name, {}, first.shape, first.dtype};
    stack.shape.insert(stack.shape.begin(), by_number.size());
    for (const auto& [number, part] : by_number) {
      if (number != stack.parts.size())
        corrupt("of " + name + " expert " + std::to_string(stack.parts.size()) + " is missing");
      if (part->shape != first.shape || part->dtype != first.dtype)
        corrupt(part->name + " is not like the experts before it");
      if (part->shape.empty() || part->shape.size() > 2)
        corrupt(part->name + " has " + std::to_string(part->shape.size()) +
                " dimensions; an expert's have 1 or 2");
      stack.parts.push_back(whole(*part));
    }
    all.push_back(std::move(stack));
  }
  return all;
}

GateUp gate_and_up(const StoredTensor& stored, GateUpLie lie, std::string gate, std::string up) {
  if (stored.shape.size() < 2 || stored.shape[1] % 2 != 0)
    corrupt(stored.name + " has no gate and up of each expert in its second dimension");
  const std::uint64_t experts = stored.shape[0], rows = stored.shape[1], inner = rows / 2;
  std::uint64_t row = 1;
  for (std::size_t i = 2; i < stored.shape.size(); ++i) row *= stored.shape[i];
  auto shape = stored.shape;
  shape[1] = inner;
  const auto of = [&](std::string name, std::uint64_t which) {
    const Part part = lie == GateUpLie::kHalves
                          ? Part{&stored, which * inner * row, inner * row, rows * row, experts}
                          : Part{&stored, which * row, row, 2 * row, experts * inner};
    return NamedTensor{std::move(name), {part}, shape, stored.dtype};
  };
  return {of(std::move(gate), 0), of(std::move(up), 1)};
}

}  // namespace sanctum::convert
