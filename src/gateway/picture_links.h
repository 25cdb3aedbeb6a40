// Where a request names pictures by URL, whichever dialect it speaks. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace sanctum::gateway {

bool is_link(std::string_view url);  // http: or https:
struct PictureLink {
  std::string url;
  std::string path;  // where it is named
};
// Of the parts of messages and of items, in their order, one that is named again again: what they
// come to is bounded as they are fetched. At most one more than wire::kImagesMax.
std::vector<PictureLink> picture_links(const json::Node& request);
// The same request with what each link is replaced by.
std::string with_pictures(const json::Node& request, const std::map<std::string, std::string>& of);

}  // namespace sanctum::gateway
