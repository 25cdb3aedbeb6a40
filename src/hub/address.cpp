#include "hub/address.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace sanctum::hub {
namespace {

constexpr std::string_view kUnreserved = "-._~";

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string api_of(const std::string& endpoint, const std::string& model) {
  return endpoint + "/api/models/" + percent_encoded(model, true);
}

}  // namespace

std::string percent_encoded(const std::string& text, bool slashes) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char letter : text) {
    const auto c = static_cast<unsigned char>(letter);
    if (std::isalnum(c) || kUnreserved.find(letter) != std::string_view::npos ||
        (slashes && letter == '/')) {
      out += letter;
    } else {
      out += '%';
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    }
  }
  return out;
}

std::string list_url(const std::string& endpoint, const std::string& model,
                     const std::string& revision) {
  return api_of(endpoint, model) + "/revision/" + percent_encoded(revision, false) + "?blobs=true";
}

std::string file_url(const std::string& endpoint, const std::string& model,
                     const std::string& commit, const std::string& path) {
  return endpoint + "/" + percent_encoded(model, true) + "/resolve/" +
         percent_encoded(commit, false) + "/" + percent_encoded(path, true);
}

Origin origin_of(const std::string& url) {
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  return {part_of(parsed.get(), CURLUPART_SCHEME), part_of(parsed.get(), CURLUPART_HOST),
          part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
}

std::string host_text(const Origin& origin) {
  const bool own = origin.port == (origin.scheme == "https" ? "443" : "80");
  return origin.host + (own || origin.port.empty() ? "" : ":" + origin.port);
}

std::string redirect_refusal(const std::string& from, const std::string& to, int followed) {
  const Origin here = origin_of(from), there = origin_of(to);
  if (there.host.empty() || (there.scheme != "http" && there.scheme != "https"))
    return "it sends us to what is no http or https address";
  if (here.scheme == "https" && there.scheme == "http")
    return "it sends us from https to http (" + there.host + "), which is not followed";
  if (followed >= kRedirectsMax)
    return "it sends us on more than " + std::to_string(kRedirectsMax) + " times";
  return {};
}

}  // namespace sanctum::hub
