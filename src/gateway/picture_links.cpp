#include "gateway/picture_links.h"

#include <algorithm>
#include <functional>

#include "gateway/http_headers.h"
#include "wire/messages.h"

namespace sanctum::gateway {
namespace {

// Called with each text that names a picture by URL.
using Visit = std::function<void(const json::Node&)>;

// {"image_url": "..."}, {"image_url": {"url": "..."}}, {"type": "url", "url": "..."}.
void visit_links(const json::Node& node, const Visit& visit) {
  if (node.is_array()) {
    for (const auto& each : node.as_array()) visit_links(each, visit);
    return;
  }
  if (!node.is_object()) return;
  for (const auto& [key, value] : node.members()) {
    if (value.is_string() && is_link(value.as_string())) {
      const bool named = key == "image_url";
      const bool source = key == "url" && node.has("type") && node.at("type").is_string() &&
                          node.at("type").as_string() == "url";
      if (named || source) visit(value);
    } else if (key == "image_url" && value.is_object()) {
      const auto url = value.get("url");
      if (url && url->is_string() && is_link(url->as_string())) visit(*url);
    } else if (key == "content" || key == "source" || key == "output") {
      visit_links(value, visit);
    }
  }
}

void visit_request(const json::Node& request, const Visit& visit) {
  if (!request.is_object()) return;
  for (const char* member : {"messages", "input"})
    if (const auto said = request.get(member)) visit_links(*said, visit);
}

void write(json::Writer& w, const json::Node& node,
           const std::map<std::string, std::string>& by_path) {
  if (node.is_object()) {
    w.begin_object();
    for (const auto& [key, value] : node.members()) {
      w.key(key);
      write(w, value, by_path);
    }
    w.end_object();
  } else if (node.is_array()) {
    w.begin_array();
    for (const auto& each : node.as_array()) write(w, each, by_path);
    w.end_array();
  } else if (const auto found = by_path.find(node.path()); found != by_path.end()) {
    w.value(found->second);
  } else {
    w.raw(node.dump());
  }
}

}  // namespace

bool is_link(std::string_view url) {
  const std::string scheme = lower_case(url.substr(0, std::min(url.find(':'), url.size())));
  return scheme == "http" || scheme == "https";
}

std::vector<PictureLink> picture_links(const json::Node& request) {
  std::vector<PictureLink> all;
  visit_request(request, [&](const json::Node& node) {
    if (all.size() <= wire::kImagesMax) all.push_back({node.as_string(), node.path()});
  });
  return all;
}

std::string with_pictures(const json::Node& request, const std::map<std::string, std::string>& of) {
  std::map<std::string, std::string> by_path;
  visit_request(request, [&](const json::Node& node) {
    if (const auto found = of.find(node.as_string()); found != of.end())
      by_path[node.path()] = found->second;
  });
  json::Writer w;
  write(w, request, by_path);
  return w.take();
}

}  // namespace sanctum::gateway
