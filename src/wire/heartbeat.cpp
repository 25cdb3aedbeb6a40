#include "wire/heartbeat.h"

#include <algorithm>

namespace sanctum::wire {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::kIdle:
      return "idle";
    case Phase::kLoad:
      return "load";
    case Phase::kImage:
      return "image";
    case Phase::kPrefill:
      return "prefill";
    case Phase::kDecode:
      return "decode";
  }
  return "idle";
}

std::uint64_t request_key(std::string_view request) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : request) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

void begin_work(Heartbeat* heartbeat, Phase phase, std::span<const std::uint64_t> suspects) {
  if (heartbeat == nullptr) return;
  const std::size_t count = std::min(suspects.size(), kSuspectsMax);
  for (std::size_t i = 0; i < count; ++i) heartbeat->suspect[i].store(suspects[i], kRelaxed);
  heartbeat->suspects.store(static_cast<std::uint32_t>(count), std::memory_order_release);
  heartbeat->phase.store(phase, kRelaxed);
}

void progress(Heartbeat* heartbeat) {
  if (heartbeat != nullptr) heartbeat->progress.fetch_add(1, kRelaxed);
}

void rest(Heartbeat* heartbeat) {
  if (heartbeat == nullptr) return;
  heartbeat->suspects.store(0, kRelaxed);
  heartbeat->phase.store(Phase::kIdle, kRelaxed);
}

void load_given(Heartbeat* heartbeat) {
  if (heartbeat != nullptr) heartbeat->loads.fetch_add(1, kRelaxed);
}

void load_over(Heartbeat* heartbeat) {
  if (heartbeat != nullptr) heartbeat->loads.fetch_sub(1, kRelaxed);
}

TextWork::TextWork(Heartbeat* heartbeat, std::string_view request) {
  if (heartbeat == nullptr) return;
  const std::uint64_t key = request_key(request);
  for (auto& slot : heartbeat->text) {
    std::uint64_t none = 0;
    if (!slot.compare_exchange_strong(none, key)) continue;
    slot_ = &slot;
    return;
  }
}

TextWork::~TextWork() {
  if (slot_ != nullptr) slot_->store(0);
}

Pulse read_pulse(const Heartbeat& heartbeat) {
  Pulse pulse;
  pulse.begun = heartbeat.layout.load(kRelaxed) == kHeartbeatLayout;
  pulse.phase = heartbeat.phase.load(kRelaxed);
  pulse.beats = heartbeat.beats.load(kRelaxed);
  pulse.progress = heartbeat.progress.load(kRelaxed);
  pulse.in_flight = heartbeat.in_flight.load(kRelaxed);
  pulse.loads = heartbeat.loads.load(kRelaxed);
  return pulse;
}

// The writer may be another program's fault away: nothing in it is trusted.
std::vector<std::uint64_t> read_suspects(const Heartbeat& heartbeat) {
  const std::size_t count =
      std::min<std::size_t>(heartbeat.suspects.load(std::memory_order_acquire), kSuspectsMax);
  std::vector<std::uint64_t> out;
  out.reserve(count + std::size(heartbeat.text));
  for (std::size_t i = 0; i < count; ++i) out.push_back(heartbeat.suspect[i].load(kRelaxed));
  for (const auto& slot : heartbeat.text) {
    if (const std::uint64_t key = slot.load(kRelaxed); key != 0) out.push_back(key);
  }
  return out;
}

}  // namespace sanctum::wire
