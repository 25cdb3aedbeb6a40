// sanctum-machine: what this machine's memory and cores could give at best, for the bench.
//
// Prints one line of JSON: {"isa": ..., "threads": ..., "read_gb_s": ..., "int8_gop_s": ...}. The
// first is the best of several plain reads of memory that no cache holds; the second the best rate
// of the instruction that the chosen path multiplies bytes with, its sums included, from registers;
// 0 on the portable path.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include "kernels/isa.h"
#include "kernels/machine_peak.h"
#include "platform/cores.h"

namespace {

using namespace sanctum::kernels;

constexpr std::size_t kReadBytes = std::size_t{1} << 30;
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

double read_gb_per_second(int threads) {
  const std::vector<std::uint64_t> data(kReadBytes / sizeof(std::uint64_t), 1);
  const std::size_t part = data.size() / static_cast<std::size_t>(threads) / 8 * 8;
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(threads) * 8);
  const double seconds = best_of(threads, [&](int thread) {
    const std::uint64_t* at = data.data() + static_cast<std::size_t>(thread) * part;
    std::uint64_t sum[8] = {};
    for (std::size_t i = 0; i < part; i += 8)
      for (std::size_t k = 0; k < 8; ++k) sum[k] ^= at[i + k];
    for (std::size_t k = 0; k < 8; ++k) sums[static_cast<std::size_t>(thread) * 8 + k] = sum[k];
  });
  std::uint64_t all = 0;
  for (const std::uint64_t sum : sums) all ^= sum;
  if (all == 42) std::puts("");  // or the reads would be left out
  return static_cast<double>(part * sizeof(std::uint64_t)) * threads / seconds / 1e9;
}

double int8_gop_per_second(int threads, Isa isa) {
  const int products = byte_products(isa);
  if (products == 0) return 0;
  const double seconds = best_of(threads, [&](int) { multiply_bytes(isa, kSteps); });
  return 2.0 * products * kPeakChains * static_cast<double>(kSteps) * threads / seconds / 1e9;
}

}  // namespace

int main() {
  const Isa isa = chosen_isa();
  const int threads = sanctum::platform::cores_to_use();
  std::printf("{\"isa\": \"%s\", \"threads\": %d, \"read_gb_s\": %.1f, \"int8_gop_s\": %.0f}\n",
              to_string(isa), threads, read_gb_per_second(threads),
              int8_gop_per_second(threads, isa));
}
