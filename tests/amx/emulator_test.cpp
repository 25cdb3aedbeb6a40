// What the emulator makes a program believe, and that it refuses what a processor refuses.
#include <gtest/gtest.h>
#include <immintrin.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "kernels/amx_permission.h"
#include "kernels/isa.h"
#include "kernels/test_matrices.h"
#include "kernels/tile_panel.h"

extern "C" [[gnu::weak]] long sanctum_amx_instructions_executed();

namespace sanctum::kernels {
namespace {

long executed() {
  return sanctum_amx_instructions_executed == nullptr ? -1 : sanctum_amx_instructions_executed();
}
bool emulated() {
  return executed() >= 0;
}

// Tiles 0, 1 and 2 fit a product: 3 rows of 5 sums, from rows of 8 bytes and weights of depth 2.
constexpr TileShapes kShapes{.palette = 1,
                             .start_row = 0,
                             .reserved = {},
                             .row_bytes = {20, 8, 20, 64},
                             .rows = {3, 3, 2, 16}};

void configure(const std::function<void(TileShapes&)>& change = [](TileShapes&) {}) {
  TileShapes shapes = kShapes;
  change(shapes);
  _tile_loadconfig(&shapes);
}

class AmxEmulatorDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!emulated()) GTEST_SKIP() << "the processor has tiles: it refuses with other words";
    ASSERT_TRUE(amx_permitted());
  }
};

TEST_F(AmxEmulatorDeathTest, AConfigurationThatFaults) {
  EXPECT_DEATH(configure([](auto& s) { s.palette = 2; }), "LDTILECFG: #GP: .*palette");
  EXPECT_DEATH(configure([](auto& s) { s.reserved[13] = 1; }), "LDTILECFG: #GP: .*reserved");
  EXPECT_DEATH(configure([](auto& s) { s.row_bytes[8] = 64; }), "LDTILECFG: #GP: .*reserved");
  EXPECT_DEATH(configure([](auto& s) { s.rows[15] = 1; }), "LDTILECFG: #GP: .*reserved");
  EXPECT_DEATH(configure([](auto& s) { s.rows[3] = 17; }), "LDTILECFG: #GP: .*too many rows");
  EXPECT_DEATH(configure([](auto& s) { s.row_bytes[3] = 68; }), "LDTILECFG: #GP: .*too long rows");
  EXPECT_DEATH(configure([](auto& s) { s.rows[3] = 0; }), "LDTILECFG: #GP: .*bytes without rows");
}

TEST_F(AmxEmulatorDeathTest, TilesThatAreNotThere) {
  std::uint8_t memory[kTileBytes] = {};
  EXPECT_DEATH(_tile_zero(0), "TILEZERO: #UD: no tiles");
  EXPECT_DEATH((configure(), _tile_release(), _tile_zero(0)), "TILEZERO: #UD: no tiles");
  EXPECT_DEATH((configure(), _tile_zero(4)), "TILEZERO: #UD: .*leaves out");
  EXPECT_DEATH((configure(), _tile_loadd(4, memory, 64)), "TILELOADD: #UD: .*leaves out");
  EXPECT_DEATH((configure(), _tile_stored(4, memory, 64)), "TILESTORED: #UD: .*leaves out");
  EXPECT_DEATH((configure([](auto& s) { s.row_bytes[1] = 7; }), _tile_loadd(1, memory, 64)),
               "TILELOADD: #UD: .*multiple of 4");
}

TEST_F(AmxEmulatorDeathTest, AProductOfTilesThatDoNotFit) {
  // TDPBSSD of tiles 0, 1 and 1, which the compiler does not let through.
  EXPECT_DEATH(configure();
               asm volatile(".byte 0xc4, 0xe2, 0x73, 0x5e, 0xc1"), "TDPBSSD: #UD: one tile twice");
  EXPECT_DEATH((configure(), _tile_dpbsud(0, 3, 2)), "TDPBSUD: #UD: .*differ in rows");
  EXPECT_DEATH((configure(), _tile_dpbusd(0, 1, 3)), "TDPBUSD: #UD: .*differ in a row's bytes");
  EXPECT_DEATH((configure([](auto& s) { s.rows[2] = 3; }), _tile_dpbuud(0, 1, 2)),
               "TDPBUUD: #UD: .*differ in depth");
}

TEST_F(AmxEmulatorDeathTest, AThreadThatKeepsItsTiles) {
  EXPECT_DEATH((configure(), configure()), "LDTILECFG: .*TILERELEASE is missing");
  EXPECT_DEATH((configure(), std::exit(0)), "end: a thread keeps its tiles");
  EXPECT_EXIT((configure(), _tile_release(), std::exit(0)), testing::ExitedWithCode(0), "released");
}

TEST(AmxEmulatorUnpermittedDeathTest, ATileInstructionBeforePermissionIsAskedFor) {
  if (!emulated()) GTEST_SKIP() << "the kernel refuses with other words";
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a process that has not asked
  EXPECT_DEATH(configure(), "permission: .*before ARCH_REQ_XCOMP_PERM");
}

// Products by the definition, of all four signs, from and to rows that are not adjacent.
TEST(AmxEmulator, AProductIsTheSumOfItsFourByteProducts) {
  constexpr int kRows = 3, kColumns = 5, kDepth = 2, kStride = 24;
  ASSERT_TRUE(amx_permitted());
  std::uint8_t first[kRows * kStride], second[kDepth * kStride];
  for (std::size_t i = 0; i < sizeof first; ++i) first[i] = static_cast<std::uint8_t>(i * 37 + 9);
  for (std::size_t i = 0; i < sizeof second; ++i) second[i] = static_cast<std::uint8_t>(i * 91 + 5);
  constexpr std::int32_t kBefore = 0x7ffffff0;  // from which the sums wrap
  const auto value = [](std::uint8_t byte, bool is_signed) {
    return is_signed ? static_cast<std::int8_t>(byte) : static_cast<int>(byte);
  };
  for (int signs = 0; signs < 4; ++signs) {
    std::int32_t sums[kRows][kStride / 4];
    std::fill_n(&sums[0][0], kRows * kStride / 4, kBefore);
    configure();
    _tile_loadd(0, sums, kStride);
    _tile_loadd(1, first, kStride);
    _tile_loadd(2, second, kStride);
    if (signs == 0) _tile_dpbuud(0, 1, 2);
    if (signs == 1) _tile_dpbusd(0, 1, 2);
    if (signs == 2) _tile_dpbsud(0, 1, 2);
    if (signs == 3) _tile_dpbssd(0, 1, 2);
    _tile_stored(0, sums, kStride);
    _tile_release();
    for (int row = 0; row < kRows; ++row) {
      for (int column = 0; column < kColumns; ++column) {
        auto expected = static_cast<std::uint32_t>(kBefore);
        for (int i = 0; i < 4 * kDepth; ++i)
          expected += static_cast<std::uint32_t>(
              value(first[row * kStride + i], signs / 2 == 1) *
              value(second[i / 4 * kStride + 4 * column + i % 4], signs % 2 == 1));
        EXPECT_EQ(static_cast<std::uint32_t>(sums[row][column]), expected) << "signs " << signs;
      }
      EXPECT_EQ(sums[row][kColumns], kBefore) << "beyond the tile";
    }
  }
}

TEST(AmxEmulator, TheProgramFindsTilesAndIsGivenThem) {
  EXPECT_TRUE(__builtin_cpu_supports("amx-tile"));
  EXPECT_TRUE(__builtin_cpu_supports("amx-int8"));
  EXPECT_TRUE(amx_permitted());
}

TEST(AmxEmulator, ThePathForTestsUsesTiles) {
  if (!emulated()) GTEST_SKIP() << "nobody counts the instructions of a processor that has tiles";
  constexpr int kRows = kTileRows, kOutputs = kPanelRows, kColumns = 32;
  const TestMatrix made = test_matrix(1, kOutputs, kColumns, 4, kColumns, kBfloat16);
  const PackedMatrix w(made.source(), kOutputs, kColumns, 4, kColumns, kBfloat16);
  const TestRows q(test_rows(2, kRows, kColumns), kRows, kColumns, w.block(), 8, Isa::kPortable);
  std::vector<float> y(kRows * kOutputs);
  const long before = executed();
  multiply(q.view, w, y.data(), kOutputs, {0, w.panels(), 0, kRows}, Isa::kPortableTiles);
  // The configuration; a clear, two loads and a product of the one block; four stores; the release.
  EXPECT_EQ(executed() - before, 10);
}

// The other tests of this program then compare that path, too, bit for bit.
TEST(AmxEmulator, TheProductsOwnPathIsChosenWhereItsVectorsAre) {
  const std::vector<Isa> here = available_isas();
  const auto has = [&](Isa isa) { return std::find(here.begin(), here.end(), isa) != here.end(); };
  if (!has(Isa::kAvx512Vnni))
    GTEST_SKIP() << "without AVX-512 VNNI only the path portable-tiles uses AMX's instructions";
  EXPECT_TRUE(has(Isa::kAmx));
  EXPECT_EQ(fastest_of(here), Isa::kAmx);
}

}  // namespace
}  // namespace sanctum::kernels
