#include "engine/constraint.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"

namespace sanctum::engine {

struct Constraint::Shared {
  enum class Stage { kDue, kComputing, kReady };

  std::unique_ptr<text::GrammarState> state;  // of whoever made it kComputing
  std::mutex mutex;                           // guards the next five
  std::condition_variable changed;
  Stage stage = Stage::kReady;
  int token = 0;  // taken, and not in `state` yet; with kDue
  std::vector<std::uint32_t> mask;
  std::optional<Error> error;

  // Unless another thread does, or did.
  void compute() {
    {
      const std::lock_guard lock(mutex);
      if (stage != Stage::kDue) return;
      stage = Stage::kComputing;
    }
    std::vector<std::uint32_t> next;
    std::optional<Error> wrong;
    try {
      if (state->take({&token, 1}) != 1)
        throw Error(ErrorCode::kInternal,
                    "token " + std::to_string(token) + " does not stand in the grammar");
      next = state->mask();
    } catch (const Error& thrown) {
      wrong = thrown;
    }
    const std::lock_guard lock(mutex);
    mask = std::move(next);
    error = std::move(wrong);
    stage = Stage::kReady;
    changed.notify_one();
  }

  // Returns once there is a mask or an error.
  void finish() {
    compute();
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return stage == Stage::kReady; });
  }
};

Constraint::Constraint(std::unique_ptr<text::GrammarState> state)
    : shared_(std::make_shared<Shared>()) {
  shared_->state = std::move(state);
  shared_->mask = shared_->state->mask();
}

void Constraint::take(int token) {
  shared_->finish();
  const std::lock_guard lock(shared_->mutex);
  if (shared_->error) return;
  shared_->token = token;
  shared_->stage = Shared::Stage::kDue;
}

void Constraint::compute_by(MaskWorkers& workers) {
  workers.run([shared = shared_] { shared->compute(); });
}

std::span<const std::uint32_t> Constraint::mask() {
  shared_->finish();
  if (shared_->error) throw *shared_->error;
  return shared_->mask;
}

}  // namespace sanctum::engine
