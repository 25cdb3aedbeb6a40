// Addresses on a hub, and which redirects are followed. Pure.
#pragma once

#include <string>

namespace sanctum::hub {

inline constexpr int kRedirectsMax = 5;

// `text` as part of a URL's path; a '/' stays only where `slashes`.
std::string percent_encoded(const std::string& text, bool slashes);

// GET: what is in `model` ("org/name") at `revision`.
std::string list_url(const std::string& endpoint, const std::string& model,
                     const std::string& revision);
std::string file_url(const std::string& endpoint, const std::string& model,
                     const std::string& commit, const std::string& path);

// Who is spoken to. The token is for the hub's own origin alone.
struct Origin {
  std::string scheme, host, port;
  bool operator==(const Origin&) const = default;
};
// Of an absolute URL; empty members for what is none.
Origin origin_of(const std::string& url);

// "host", or "host:8080" where its port is another than the scheme's own.
std::string host_text(const Origin& origin);

// Why a redirect from one URL to the other is not followed; empty: it is. `followed`: how many were
// before it.
std::string redirect_refusal(const std::string& from, const std::string& to, int followed);

}  // namespace sanctum::hub
