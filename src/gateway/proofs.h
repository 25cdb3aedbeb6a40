// What was last proven to work: each model in each of its modalities, by real questions through the
// public path. Thread rule: any thread.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "wire/messages.h"

namespace sanctum::gateway {

inline constexpr std::size_t kProofsMax = 1000;  // models times modalities
inline constexpr std::chrono::seconds kProofAgeMax{1500};

struct Proof {
  std::string model;
  std::string modality;  // text, vision
  bool passed = false;
  std::string by;      // who asked
  std::string detail;  // why it failed
};

struct ProofRecord {
  std::string model, modality, by;
  std::optional<Instant> proven;         // the last time it was right
  std::optional<std::string> last_said;  // of a check that failed since
};

std::vector<std::string> modalities(const wire::ModelInfo& model);

class Proofs {
 public:
  void add(const Proof& proof, Instant now);
  // One record for each modality of each model that is ready, proven or not.
  std::vector<ProofRecord> of(const std::vector<wire::ModelInfo>& models) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, ProofRecord> records_;
};

// What is wrong with the proofs; nothing when each is younger than `age_max`.
std::optional<std::string> unproven(const std::vector<ProofRecord>& records, Instant now,
                                    std::chrono::seconds age_max);
// When the oldest of them was made; each is proven, and there is one.
Instant oldest(const std::vector<ProofRecord>& records);

}  // namespace sanctum::gateway
