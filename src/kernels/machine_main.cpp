// sanctum-machine: what this machine's memory and cores could give at best, for the bench.
//
// Prints one line of JSON: {"isa": ..., "threads": ..., "read_gb_s": ..., "int8_gop_s": ...}. The
// first rate is the best of several plain reads of memory that no cache holds, in large pages as
// weights are; the second the best of the instruction that the chosen path multiplies bytes with,
// its sums included, from registers; 0 on the portable path.
//
// sanctum-machine read BYTES TIMES prints {"read_s": ...}: seconds that one plain read of so much
// memory takes all cores, the mean of TIMES reads one after the other.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "kernels/isa.h"
#include "kernels/machine_peak.h"
#include "platform/cores.h"
#include "platform/pages.h"

namespace {

using namespace sanctum::kernels;

constexpr std::size_t kReadBytes = std::size_t{1} << 30;
constexpr std::size_t kReadBytesMax = std::size_t{1} << 36;
constexpr std::size_t kReadTimesMax = 100'000;
constexpr std::size_t kLine = 8;  // numbers of eight bytes in a cache line
constexpr int kRounds = 5;
constexpr std::int64_t kSteps = 20'000'000;  // of kPeakChains products each

// Seconds that `work(thread)` takes on all threads.
double seconds_of(int threads, const std::function<void(int)>& work) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> all;
  all.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) all.emplace_back(work, i);
  for (std::thread& thread : all) thread.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double best_of(int threads, const std::function<void(int)>& work) {
  double best = seconds_of(threads, work);
  for (int i = 1; i < kRounds; ++i) best = std::min(best, seconds_of(threads, work));
  return best;
}

// Memory in equal parts, one a thread.
class PlainRead {
 public:
  PlainRead(std::size_t bytes, int threads)
      : part_(bytes / sizeof(std::uint64_t) / static_cast<std::size_t>(threads) / kLine * kLine),
        numbers_(part_ * static_cast<std::size_t>(threads)),
        pages_(bytes),
        sums_(static_cast<std::size_t>(threads) * kLine) {
    pages_.use_large();
    std::fill_n(data(), numbers_, 1);
  }

  std::size_t bytes() const { return numbers_ * sizeof(std::uint64_t); }

  void read_part(int thread) {
    const std::uint64_t* at = data() + static_cast<std::size_t>(thread) * part_;
    std::uint64_t sum[kLine] = {};
    for (std::size_t i = 0; i < part_; i += kLine)
      for (std::size_t k = 0; k < kLine; ++k) sum[k] ^= at[i + k];
    // Kept, or the reads would be left out.
    for (std::size_t k = 0; k < kLine; ++k)
      sums_[static_cast<std::size_t>(thread) * kLine + k] = sum[k];
    asm volatile("" : : "r"(sums_.data()) : "memory");
  }

 private:
  std::uint64_t* data() const { return reinterpret_cast<std::uint64_t*>(pages_.data()); }

  std::size_t part_, numbers_;
  sanctum::platform::Pages pages_;
  std::vector<std::uint64_t> sums_;
};

double read_gb_per_second(int threads) {
  PlainRead read(kReadBytes, threads);
  const double seconds = best_of(threads, [&](int thread) { read.read_part(thread); });
  return static_cast<double>(read.bytes()) / seconds / 1e9;
}

double read_seconds(int threads, std::size_t bytes, std::size_t times) {
  PlainRead read(bytes, threads);
  const double seconds = seconds_of(threads, [&](int thread) {
    for (std::size_t i = 0; i < times; ++i) read.read_part(thread);
  });
  return seconds / static_cast<double>(times);
}

std::optional<std::size_t> count(std::string_view text, std::size_t most) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > most)
    return std::nullopt;
  return value;
}

double int8_gop_per_second(int threads, Isa isa) {
  const int products = byte_products(isa);
  if (products == 0) return 0;
  const double seconds = best_of(threads, [&](int) { multiply_bytes(isa, kSteps); });
  return 2.0 * products * kPeakChains * static_cast<double>(kSteps) * threads / seconds / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = sanctum::platform::cores_to_use();
  if (argc == 4 && argv[1] == std::string_view("read")) {
    const auto bytes = count(argv[2], kReadBytesMax), times = count(argv[3], kReadTimesMax);
    if (bytes && times) {
      std::printf("{\"read_s\": %.9f}\n", read_seconds(threads, *bytes, *times));
      return 0;
    }
  }
  if (argc != 1) {
    std::fprintf(stderr, "usage: sanctum-machine [read BYTES TIMES]; at most %zu and %zu\n",
                 kReadBytesMax, kReadTimesMax);
    return 2;
  }
  const Isa isa = chosen_isa();
  std::printf("{\"isa\": \"%s\", \"threads\": %d, \"read_gb_s\": %.1f, \"int8_gop_s\": %.0f}\n",
              to_string(isa), threads, read_gb_per_second(threads),
              int8_gop_per_second(threads, isa));
}
