#include "platform/shared_page.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "base/error.h"

namespace sanctum::platform {
namespace {

TEST(SharedPage, BothSidesSeeOneMemory) {
  const SharedPage mine(4096);
  auto* here = static_cast<std::atomic<int>*>(mine.data());
  EXPECT_EQ(here->load(), 0);
  {
    const SharedPage theirs(::dup(mine.descriptor()), 4096);
    ASSERT_NE(theirs.data(), mine.data());
    static_cast<std::atomic<int>*>(theirs.data())->store(7);
  }
  EXPECT_EQ(here->load(), 7) << "it outlives the other side";
}

TEST(SharedPage, ADescriptorOfSomethingElseIsRefused) {
  const SharedPage small(4096);
  EXPECT_THROW(SharedPage(::dup(small.descriptor()), 8192), Error);
  EXPECT_THROW(SharedPage(-1, 4096), Error);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_THROW(SharedPage(ends[0], 4096), Error);
  ::close(ends[1]);
}

}  // namespace
}  // namespace sanctum::platform
