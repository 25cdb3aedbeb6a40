#include "gateway/fetched_pictures.h"

#include <map>
#include <utility>

#include "base/base64.h"
#include "gateway/picture_links.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

using Then = std::function<void(const std::optional<wire::Failure>&, std::string)>;

wire::Failure told(const FetchedPictures::Failure& failure, const std::vector<PictureLink>& links) {
  if (failure.code == ErrorCode::kBusy) return {failure.code, failure.why, {}};
  const std::string& path = links[failure.which].path;
  return {failure.code, "'" + path + "' is a picture that could not be fetched: " + failure.why,
          path};
}

std::string with_fetched(const std::string& body, const std::vector<PictureLink>& links,
                         std::vector<std::string> pictures) {
  std::map<std::string, std::string> urls;
  for (std::size_t i = 0; i < links.size(); ++i) {
    urls[links[i].url] = "data:image/x;base64," + base64_encode(pictures[i]);
    pictures[i].clear();
  }
  const json::Document document(body);
  return with_pictures(document.root(), urls);
}

}  // namespace

void fetch_pictures(Services& services, const std::shared_ptr<Exchange>& exchange, std::string body,
                    const Then& then) {
  if (services.pictures == nullptr) return then({}, std::move(body));
  std::vector<PictureLink> links;
  try {
    const json::Document document(body);
    links = picture_links(document.root());
  } catch (const Error& error) {
    return then(wire::to_failure(error), {});
  }
  if (links.empty()) return then({}, std::move(body));
  if (links.size() > wire::kImagesMax)
    return then(wire::Failure{ErrorCode::kInvalid,
                              "the request names more pictures than the " +
                                  std::to_string(wire::kImagesMax) + " allowed",
                              links.back().path},
                {});
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  exchange->on_gone([gone] { *gone = true; });
  std::vector<std::string> urls;
  urls.reserve(links.size());
  for (const PictureLink& link : links) urls.push_back(link.url);
  const auto whole = std::make_shared<const std::string>(std::move(body));
  services.pictures->fetch(std::move(urls), gone, [=](FetchedPictures came) {
    const auto pictures = std::make_shared<FetchedPictures>(std::move(came));
    exchange->post([=] {
      if (*gone) return;
      if (pictures->failure) return then(told(*pictures->failure, links), {});
      then({}, with_fetched(*whole, links, std::move(pictures->bytes)));
    });
  });
}

}  // namespace sanctum::gateway
