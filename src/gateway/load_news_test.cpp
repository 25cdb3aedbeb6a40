#include "gateway/load_news.h"

#include <gtest/gtest.h>

namespace sanctum::gateway {
namespace {

Instant at(int ms) {
  return Instant(std::chrono::seconds(1000)) + std::chrono::milliseconds(ms);
}

TEST(LoadNews, AreToldEveryTwoSecondsAndNotOfAShortLoad) {
  LoadNews news;
  EXPECT_EQ(news.heard({"m", "config", 0, 0}, at(0)), std::nullopt);
  EXPECT_EQ(news.heard({"m", "weights", 5, 200}, at(1900)), std::nullopt);
  EXPECT_EQ(news.heard({"other", "weights", 1, 2}, at(2000)), std::nullopt);
  EXPECT_EQ(news.heard({"m", "weights", 50, 200}, at(2100)), 25);
  EXPECT_EQ(news.heard({"m", "weights", 60, 200}, at(4000)), std::nullopt);
  EXPECT_EQ(news.heard({"m", "weights", 199, 200}, at(4100)), 99);
  EXPECT_EQ(news.heard({"m", "ready", 200, 200}, at(6200)), std::nullopt);
  // Another load of the same model begins anew.
  EXPECT_EQ(news.heard({"m", "weights", 10, 200}, at(9000)), std::nullopt);
  EXPECT_EQ(news.heard({"m", "weights", 20, 200}, at(11000)), 10);
}

TEST(LoadNews, ALoadWhoseEngineDiedIsForgotten) {
  LoadNews news;
  news.heard({"m", "config", 0, 0}, at(0));
  news.heard({"m", "config", 0, 0}, at(5000));
  EXPECT_EQ(news.heard({"m", "weights", 1, 200}, at(5100)), std::nullopt);
}

// Until the sizes of its files are known.
TEST(LoadNews, NoShareOfNothing) {
  LoadNews news;
  news.heard({"m", "tokenizer", 0, 0}, at(0));
  EXPECT_EQ(news.heard({"m", "tokenizer", 0, 0}, at(5000)), std::nullopt);
}

}  // namespace
}  // namespace sanctum::gateway
