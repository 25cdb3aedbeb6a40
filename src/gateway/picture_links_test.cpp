#include "gateway/picture_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "gateway/test_gateway.h"

namespace sanctum::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kPixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

std::vector<std::string> paths(const std::string& text) {
  const json::Document document(text);
  std::vector<std::string> all;
  for (const auto& link : picture_links(document.root())) all.push_back(link.path);
  return all;
}

TEST(PictureLinks, AreFoundInEachDialect) {
  EXPECT_THAT(
      paths(
          R"({"messages":[{"content":[{"type":"image_url","image_url":{"url":"https://a/b"}},{"type":"image_url","image_url":"HTTP://c"}]}]})"),
      ElementsAre("messages[0].content[0].image_url.url", "messages[0].content[1].image_url"));
  EXPECT_THAT(
      paths(
          R"({"messages":[{"content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"url","url":"https://a"}}]}]}]})"),
      ElementsAre("messages[0].content[0].content[0].source.url"));
  EXPECT_THAT(paths(R"({"input":[{"content":[{"type":"input_image","image_url":"https://a"}]}]})"),
              ElementsAre("input[0].content[0].image_url"));
}

TEST(PictureLinks, NothingElseIsOne) {
  EXPECT_THAT(
      paths(
          R"({"messages":[{"content":"https://a"},{"content":[{"type":"text","text":"https://b"},{"image_url":"data:image/png;base64,"}]}],"tools":[{"url":"https://c","type":"url"}],"image_url":"https://d"})"),
      ElementsAre());
  EXPECT_THAT(paths("[]"), ElementsAre());
}

TEST(PictureLinks, AreReplacedAndNothingElse) {
  const std::string text =
      R"({"messages":[{"content":[{"image_url":{"url":"https://a"}},{"text":"https://a"}]}],"n":2})";
  const json::Document document(text);
  EXPECT_EQ(
      with_pictures(document.root(), {{"https://a", "data:x"}}),
      R"({"messages":[{"content":[{"image_url":{"url":"data:x"}},{"text":"https://a"}]}],"n":2})");
}

class PixelFetcher : public PictureFetcher {
 public:
  void fetch(std::vector<std::string> urls, std::shared_ptr<const std::atomic<bool>>,
             std::function<void(FetchedPictures)> done) override {
    FetchedPictures came;
    for (std::size_t i = 0; i < urls.size(); ++i) {
      if (urls[i].ends_with("inside"))
        came.failure = {ErrorCode::kInvalid, "it leads to an address that is not public", i};
      came.bytes.push_back(*base64_decode(kPixel));
    }
    done(std::move(came));
  }
};

TEST(PictureLinks, AreFetchedWhereThatIsAllowed) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  const auto ask = [&](const std::string& url) {
    client.post(
        "/v1/chat/completions",
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" +
            url + R"("}}]}]})");
  };
  ask("https://there");
  EXPECT_THAT(client.reply().body, HasSubstr("--fetch-pictures"));
  PixelFetcher fetcher;
  gateway.services.pictures = &fetcher;
  ask("https://inside");
  HttpReply reply = client.reply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr(R"("param":"messages[0].content[0].image_url.url")"));
  ask("https://there");
  const auto request = gateway.engine.next_request();
  EXPECT_THAT(request.images, ElementsAre(*base64_decode(kPixel)));
  gateway.engine.accept(request.request);
  gateway.engine.complete(request.request);
  EXPECT_EQ(client.reply().status, 200);
}

}  // namespace
}  // namespace sanctum::gateway
