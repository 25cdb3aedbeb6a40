// Damaged and malicious files: every one ends in a picture or an Error, never in anything else.
// What it must not do besides (leak, overrun) is the sanitizers' to say.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "image/decode.h"
#include "image/test_picture.h"

namespace sanctum::image {
namespace {

constexpr DecodeLimits kSmall{.side_max = 512, .pixels_max = 1 << 16, .working_bytes_max = 4 << 20};

// True when the bytes were read as a picture.
bool survives(const std::string& bytes) {
  try {
    const Picture picture = decode(bytes, kSmall);
    EXPECT_EQ(picture.rgb.size(), static_cast<std::size_t>(picture.width) * picture.height * 3);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    EXPECT_EQ(error.field(), "image");
    EXPECT_STRNE(error.what(), "");
    return false;
  }
}

std::vector<std::string> picture_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(testdata("pictures"))) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Hostile, HeaderBombsAreRefusedFromTheHeader) {
  int bombs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(testdata("hostile"))) {
    SCOPED_TRACE(entry.path().filename().string());
    const std::string bytes = read_file(entry.path().string());
    EXPECT_LT(bytes.size(), 20'000u);
    EXPECT_THROW(decode(bytes), Error);
    ++bombs;
  }
  EXPECT_EQ(bombs, 14);
}

TEST(Hostile, NoPixelDataIsEverInvented) {
  // Half a file must not pass for a picture, whatever the format.
  for (const std::string& name : picture_names()) {
    SCOPED_TRACE(name);
    const std::string bytes = read_file(testdata("pictures/" + name));
    EXPECT_FALSE(survives(bytes.substr(0, bytes.size() / 2)));
  }
}

TEST(Hostile, EveryTruncation) {
  for (const std::string& name : picture_names()) {
    SCOPED_TRACE(name);
    const std::string bytes = read_file(testdata("pictures/" + name));
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 150);
    for (std::size_t size = 0; size < bytes.size(); size += step) survives(bytes.substr(0, size));
  }
}

TEST(Hostile, DamagedBytes) {
  std::uint32_t state = 7;
  const auto draw = [&state](std::size_t below) {
    state = state * 1664525u + 1013904223u;
    return static_cast<std::size_t>((static_cast<std::uint64_t>(state) * below) >> 32);
  };
  for (const std::string& name : picture_names()) {
    SCOPED_TRACE(name);
    const std::string bytes = read_file(testdata("pictures/" + name));
    for (int round = 0; round < 60; ++round) {
      std::string damaged = bytes;
      for (std::size_t i = 0; i <= draw(4); ++i) {
        damaged[draw(damaged.size())] = static_cast<char>(draw(256));
      }
      survives(damaged);
    }
  }
}

}  // namespace
}  // namespace sanctum::image
