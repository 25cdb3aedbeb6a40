// What an engine says of itself without being asked, in memory that its supervisor shares.
//
// The engine writes, the supervisor reads, at any time and also when the engine is gone: every
// field is one atomic word, and none depends on another. It tells work from rest (`phase`),
// movement from standstill (`progress`), and which requests the device is busy with, should it die
// of one.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sanctum::wire {

inline constexpr std::uint32_t kHeartbeatLayout = 2;
inline constexpr std::size_t kSuspectsMax = 256;  // requests of one step
inline constexpr std::size_t kTextThreadsMax = 16;

enum class Phase : std::uint32_t { kIdle, kLoad, kImage, kPrefill, kDecode };
std::string_view to_string(Phase phase);

struct Heartbeat {
  std::atomic<std::uint32_t> layout;     // kHeartbeatLayout once the engine has it
  std::atomic<Phase> phase;              // of the device thread
  std::atomic<std::uint64_t> beats;      // by a thread that does nothing else
  std::atomic<std::uint64_t> progress;   // pieces of work that the device thread has done
  std::atomic<std::uint32_t> in_flight;  // requests taken and worked on, not completed
  std::atomic<std::uint32_t> loads;      // that the device thread has, begun or waiting
  std::atomic<std::uint32_t> suspects;   // how many of the next the device is busy with
  std::array<std::atomic<std::uint64_t>, kSuspectsMax> suspect;  // request_key() of each
  std::array<std::atomic<std::uint64_t>, kTextThreadsMax>
      text;  // and of each text thread's; 0: none
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<Phase>::is_always_lock_free);

// What a request is known by there: FNV-1a, 64 bits, of its name.
std::uint64_t request_key(std::string_view request);

// By the device thread, around every piece of its work. A null heartbeat is one that nobody reads.
void begin_work(Heartbeat* heartbeat, Phase phase, std::span<const std::uint64_t> suspects);
void progress(Heartbeat* heartbeat);  // a piece is done
void rest(Heartbeat* heartbeat);      // and there is no other
// By whoever gives it a load, and by itself when that is over.
void load_given(Heartbeat* heartbeat);
void load_over(Heartbeat* heartbeat);

// By a text thread, while it works on a request.
class TextWork {
 public:
  TextWork(Heartbeat* heartbeat, std::string_view request);
  ~TextWork();
  TextWork(const TextWork&) = delete;
  TextWork& operator=(const TextWork&) = delete;

 private:
  std::atomic<std::uint64_t>* slot_ = nullptr;
};

// By the supervisor.
struct Pulse {
  bool begun = false;  // the engine has the page
  Phase phase = Phase::kIdle;
  std::uint64_t beats = 0;
  std::uint64_t progress = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t loads = 0;
};
Pulse read_pulse(const Heartbeat& heartbeat);
std::vector<std::uint64_t> read_suspects(const Heartbeat& heartbeat);

}  // namespace sanctum::wire
