// What a model answered when it was first loaded: the answers it has to go on giving.
//
// Contract: an answer is recorded once, bound to a digest of the weights, in a file of its own
// below the state directory; the same weights must give it again, other weights have none yet. A
// file that makes no sense is moved aside, told of, and recorded anew. Thread rule: one owner.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace sanctum::probes {

class Goldens {
 public:
  using Damaged = std::function<void(const std::string& moved_to)>;
  // `directory` is made when the first answer is recorded.
  explicit Goldens(std::string directory, Damaged damaged = {})
      : directory_(std::move(directory)), damaged_(std::move(damaged)) {}

  std::optional<std::string> find(const std::string& digest, const std::string& question) const;
  // Throws Error when the disk refuses.
  void record(const std::string& digest, const std::string& question, const std::string& answer);

 private:
  std::string path_of(const std::string& digest, const std::string& question) const;

  std::string directory_;
  Damaged damaged_;
};

}  // namespace sanctum::probes
