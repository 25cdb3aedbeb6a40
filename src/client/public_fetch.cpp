#include "client/public_fetch.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "platform/own_networks.h"
#include "platform/public_address.h"

namespace sanctum::client {
namespace {

struct Fetching {
  const PublicFetchLimits& limits;
  std::string bytes = {};
  bool refused = false;    // an address
  bool too_large = false;  // what comes
};

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& fetching = *static_cast<Fetching*>(user);
  if (fetching.bytes.size() + size * count > fetching.limits.bytes_max) {
    fetching.too_large = true;
    return 0;
  }
  fetching.bytes.append(bytes, size * count);
  return size * count;
}

bool is_elsewhere(const sockaddr& address) {
  return platform::is_public(address) && !platform::is_of_own_network(address);
}

// The address is the one that is connected to, whatever its name is said to mean elsewhere.
curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* to) {
  auto& fetching = *static_cast<Fetching*>(user);
  const auto& allowed = fetching.limits.allowed;
  if (!(allowed ? allowed(to->addr) : is_elsewhere(to->addr))) {
    fetching.refused = true;
    errno = EACCES;
    return CURL_SOCKET_BAD;
  }
  const int opened = ::socket(to->family, to->socktype, to->protocol);
  if (opened >= 0) ::fcntl(opened, F_SETFD, FD_CLOEXEC);
  return opened;
}

int ask_whether_to_go_on(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& given_up = static_cast<Fetching*>(user)->limits.given_up;
  return given_up && given_up() ? 1 : 0;
}

std::string why_not(const Fetching& fetching, CURLcode code, long status,
                    const PublicFetchLimits& limits) {
  if (fetching.refused && code != CURLE_OK)
    return "it leads to an address that is not of the public internet";
  if (fetching.too_large || code == CURLE_FILESIZE_EXCEEDED)
    return "it has more than " + std::to_string(limits.bytes_max) + " bytes";
  if (code == CURLE_OPERATION_TIMEDOUT) return "it did not come in time";
  if (code == CURLE_ABORTED_BY_CALLBACK) return "nobody waits for it any more";
  if (code == CURLE_TOO_MANY_REDIRECTS)
    return "it is redirected more than " + std::to_string(limits.redirects_max) + " times";
  if (code != CURLE_OK) return curl_easy_strerror(code);
  if (status != 200) return "its server answers with " + std::to_string(status);
  return {};
}

}  // namespace

PublicFetch fetch_public(const std::string& url, const PublicFetchLimits& limits) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(limits.until - Clock::now());
  if (left.count() <= 0) return {{}, "it did not come in time"};
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(),
                                                                 curl_easy_cleanup);
  if (!easy) return {{}, "there is no memory for it"};
  Fetching fetching{limits};
  CURL* const curl = easy.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // an address behind one is nobody's to ask about
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, static_cast<long>(limits.redirects_max));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  // A name server that is silent keeps a thread of libcurl's; it is not waited for.
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, ask_whether_to_go_on);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &fetching);
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(limits.bytes_max));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "sanctum");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &fetching);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &fetching);
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  std::string why = why_not(fetching, code, status, limits);
  if (!why.empty()) return {{}, std::move(why)};
  return {std::move(fetching.bytes), {}};
}

}  // namespace sanctum::client
