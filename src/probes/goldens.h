// What a model answered when it was first loaded: the answers it has to go on giving.
//
// Contract: an answer is recorded once, in a file of its own below the state directory: for a
// digest of the weights and a question, together with the terms on which it was given. The same
// weights must give it again on the same terms; other weights have none yet, and on other terms
// they may say something else. A file that makes no sense is moved aside, told of, and recorded
// anew. Thread rule: one owner.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace sanctum::probes {

struct Golden {
  std::string answer;
  // All that may change it besides the weights, in words: with which arithmetic it was computed
  // (wire::ModelInfo::numbers), and exactly what was asked.
  std::string terms;
};

class Goldens {
 public:
  using Damaged = std::function<void(const std::string& moved_to)>;
  // `directory` is made when the first answer is recorded.
  explicit Goldens(std::string directory, Damaged damaged = {})
      : directory_(std::move(directory)), damaged_(std::move(damaged)) {}

  // Throws Error for a file that cannot be read, which says nothing about its content.
  std::optional<Golden> find(const std::string& digest, const std::string& question) const;
  // In the place of what was recorded before. Throws Error when the disk refuses.
  void record(const std::string& digest, const std::string& question, const Golden& golden);

 private:
  std::string path_of(const std::string& digest, const std::string& question) const;

  std::string directory_;
  Damaged damaged_;
};

}  // namespace sanctum::probes
