#include "platform/pages.h"

#include <gtest/gtest.h>

#include <limits>
#include <new>

namespace sanctum::platform {
namespace {

TEST(Pages, AreZerosThatCanBeWritten) {
  constexpr std::size_t kBytes = (5u << 20) + 3;
  Pages pages(kBytes);
  pages.use_large();
  for (std::size_t i = 0; i < kBytes; i += 4096) {
    ASSERT_EQ(pages.data()[i], std::byte{0});
    pages.data()[i] = std::byte{7};
  }
  pages.data()[kBytes - 1] = std::byte{8};
  const Pages moved = std::move(pages);
  EXPECT_EQ(moved.data()[4096], std::byte{7});
  EXPECT_EQ(moved.data()[kBytes - 1], std::byte{8});
}

TEST(Pages, MoreThanThereCanBeIsRefused) {
  EXPECT_THROW(Pages(std::numeric_limits<std::size_t>::max() / 2), std::bad_alloc);
}

TEST(Pages, NoneIsAllowed) {
  EXPECT_NE(Pages(0).data(), nullptr);
}

}  // namespace
}  // namespace sanctum::platform
