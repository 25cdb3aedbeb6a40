// Kept answers in a database of their own: responses.db in the state directory.
//
// Contract: of gateway::AnswerStore. One thread works on the file, in the order of the calls; a
// call beyond kCallsMax that wait is refused at once. What the disk refuses is told to whoever
// asked, and once in the log; serving goes on. A damaged file is moved aside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gateway/answer_store.h"

namespace sanctum::answers {

inline constexpr std::size_t kCallsMax = 256;              // that wait
inline constexpr std::size_t kCallsBytesMax = 128u << 20;  // that those hold

struct KeptLimits {
  std::uint64_t bytes_max = 256u << 20;  // of all; the oldest go first
  int days_max = 30;
};

class KeptAnswers : public gateway::AnswerStore {
 public:
  // `damaged` is told, on its thread, where a file was moved that was damaged; a new one is begun.
  KeptAnswers(const std::string& state_directory, KeptLimits limits,
              std::function<void(const std::string& moved_to)> damaged = {});
  // Ends what was called before.
  ~KeptAnswers() override;
  // Removes all that was ever kept there: nothing is to be kept any more.
  static void forget(const std::string& state_directory);

  void keep(gateway::KeptAnswer answer, std::function<void(bool kept)> done) override;
  void find(const std::string& id, const std::string& owner,
            gateway::Answered<std::optional<gateway::KeptAnswer>> done) override;
  void conversation(const std::string& id, const std::string& owner,
                    gateway::Answered<std::string> done) override;
  void remove(const std::string& id, const std::string& owner,
              gateway::Answered<bool> done) override;

 private:
  class Keeper;
  const std::uint64_t bytes_max_;  // of one answer
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace sanctum::answers
