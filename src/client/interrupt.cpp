#include "client/interrupt.h"

namespace sanctum::client {
namespace {

std::atomic<bool> raised{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only set such a flag");

void on_signal(int) {
  raised.store(true);
}

}  // namespace

Interrupt::Interrupt(const std::vector<int>& signals) {
  raised.store(false);
  struct sigaction action{};
  action.sa_handler = on_signal;  // without SA_RESTART: a wait for a line has to end
  sigemptyset(&action.sa_mask);
  for (const int signal : signals) {
    before_.push_back({signal, {}});
    sigaction(signal, &action, &before_.back().action);
  }
}

Interrupt::~Interrupt() {
  for (const Former& former : before_) sigaction(former.signal, &former.action, nullptr);
}

const std::atomic<bool>* Interrupt::flag() const {
  return &raised;
}
bool Interrupt::take() {
  return raised.exchange(false);
}

}  // namespace sanctum::client
