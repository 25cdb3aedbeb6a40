// Experts' matrices in MLX's form, all of a layer in one tensor for gate, up and down each, of the
// forms in which models' makers store them: each expert by itself, or gate and up in one tensor.
//
// Throws Error naming the tensor. Pure; one thread a Stacks.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "convert/named_tensor.h"

namespace sanctum::convert {

inline constexpr std::size_t kExpertsMax = 4096;  // of a layer

// How tensors of experts that are stored each by itself are called; none are where it is empty.
struct ExpertsApart {
  std::string before = {};   // an expert's number: ".mlp.experts."
  std::string stacked = {};  // in its place: ".mlp.switch_mlp."
  std::vector<std::pair<std::string, std::string>> projections = {};
};
ExpertsApart experts_in_mlp();  // of ".mlp", whose names are MLX's

// Experts that are stored each by itself, one after another in the order of their numbers.
class Stacks {
 public:
  explicit Stacks(const ExpertsApart& names) : names_(names) {}
  // False for what is no expert's.
  bool take(const std::string& name, const StoredTensor& stored);
  // Throws kCorrupt for experts that are not all there, not alike, or neither a matrix nor a vector
  // each.
  std::vector<NamedTensor> finish() const;

 private:
  struct Expert {
    std::string name;  // of the stack
    std::size_t number = 0;
  };
  bool read(const std::string& name, Expert& expert) const;

  const ExpertsApart& names_;
  std::map<std::string, std::map<std::size_t, const StoredTensor*>> stacks_;
};

// Of gate_up [experts, 2 * inner, ...]: one after the other in each expert, or row by row by turns.
enum class GateUpLie { kHalves, kByTurns };
struct GateUp {
  NamedTensor gate, up;
};
GateUp gate_and_up(const StoredTensor& stored, GateUpLie lie, std::string gate, std::string up);

}  // namespace sanctum::convert
