#include "client/conversation.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::client {
namespace {

TEST(Conversation, TurnsInOrderUnderTheSystemPrompt) {
  Conversation talk("be brief");
  talk.user("hi \"you\"");
  talk.assistant("hello");
  EXPECT_EQ(talk.messages_json(),
            R"([{"role":"system","content":"be brief"},{"role":"user","content":"hi \"you\""},)"
            R"({"role":"assistant","content":"hello"}])");
  talk.forget_last();
  talk.forget_last();
  talk.forget_last();
  EXPECT_EQ(talk.messages_json(), R"([{"role":"system","content":"be brief"}])");
}

TEST(Conversation, APictureGoesWithTheNextUserTurnOnly) {
  const TestDirectory directory;
  directory.write("picture.png", "\x89PNG\r\n\x1a\nrest");
  Conversation talk;
  talk.attach(directory.path("picture.png"));
  EXPECT_EQ(talk.attached(), 1u);
  talk.user("what?");
  EXPECT_EQ(talk.attached(), 0u);
  talk.user("and?");
  EXPECT_EQ(talk.messages_json(),
            R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":)"
            R"("data:image/png;base64,iVBORw0KGgpyZXN0"}},{"type":"text","text":"what?"}]},)"
            R"({"role":"user","content":"and?"}])");
  talk.reset();
  EXPECT_EQ(talk.messages_json(), "[]");
}

TEST(Conversation, OnlyPicturesAreTaken) {
  EXPECT_EQ(picture_data_url("\xFF\xD8\xFF").substr(0, 16), "data:image/jpeg;");
  EXPECT_EQ(picture_data_url("RIFF1234WEBPrest").substr(0, 16), "data:image/webp;");
  EXPECT_EQ(picture_data_url("GIF89a rest").substr(0, 15), "data:image/gif;");
  EXPECT_EQ(picture_data_url("BM rest").substr(0, 15), "data:image/bmp;");
  EXPECT_THROW(picture_data_url("GIF88a"), Error);
  EXPECT_THROW(picture_data_url(""), Error);
  Conversation talk;
  EXPECT_THROW(talk.attach("/nonexistent.png"), Error);
}

}  // namespace
}  // namespace sanctum::client
