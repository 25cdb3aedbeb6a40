#include "gateway/proofs.h"

#include <algorithm>

namespace sanctum::gateway {

std::vector<std::string> modalities(const wire::ModelInfo& model) {
  std::vector<std::string> all{"text"};
  // Pictures come in chats.
  if (model.vision && model.no_chat.empty()) all.emplace_back("vision");
  return all;
}

void Proofs::add(const Proof& proof, Instant now) {
  const std::lock_guard lock(mutex_);
  const std::pair key(proof.model, proof.modality);
  if (records_.size() >= kProofsMax && records_.count(key) == 0) return;
  ProofRecord& record = records_[key];
  record.model = proof.model;
  record.modality = proof.modality;
  if (proof.passed) {
    record.proven = now;
    record.by = proof.by;
    record.last_said.reset();
  } else {
    record.last_said = proof.detail;
  }
}

std::vector<ProofRecord> Proofs::of(const std::vector<wire::ModelInfo>& models) const {
  const std::lock_guard lock(mutex_);
  std::vector<ProofRecord> out;
  for (const auto& model : models) {
    if (model.state != wire::ModelStage::kReady) continue;
    for (const auto& modality : modalities(model)) {
      const auto found = records_.find({model.model, modality});
      out.push_back(found != records_.end() ? found->second
                                            : ProofRecord{model.model, modality, {}, {}, {}});
    }
  }
  return out;
}

std::optional<std::string> unproven(const std::vector<ProofRecord>& records, Instant now,
                                    std::chrono::seconds age_max) {
  for (const auto& record : records) {
    const std::string what = "'" + record.model + "' in " + record.modality;
    const std::string since = record.last_said ? "; since then: " + *record.last_said : "";
    if (!record.proven) return what + " has not been proven to work yet" + since;
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - *record.proven);
    if (age > age_max)
      return what + " was last proven to work " + std::to_string(age.count()) +
             " s ago; the limit is " + std::to_string(age_max.count()) + " s" + since;
  }
  return std::nullopt;
}

Instant oldest(const std::vector<ProofRecord>& records) {
  Instant oldest = Instant::max();
  for (const auto& record : records) oldest = std::min(oldest, record.proven.value());
  return oldest;
}

}  // namespace sanctum::gateway
