// Which web pages may use this server, and by which names it is called.
//
// A browser sends what any page asks of it, to any address that it reaches: a page whose name was
// made to point here (DNS rebinding) shows that name as Host, and any other page shows itself as
// Origin. A pure function of the settings and of a request's head; `peer` says by which listener it
// came:
//   control  everything is served: no browser opens a socket of the file system.
//   TLS      any Host: a name that the certificate has not got is the browser's to refuse.
//   plain    Host (and the authority of a target in absolute form) must be the listener's own
//            address, `localhost` or a name of the settings. Ports are not looked at, because a
//            tunnel changes them and rebinding cannot use them. A listener on all addresses takes
//            every literal address: nothing has to be resolved for one, so that none can be
//            rebound. A request without Host is of HTTP/1.0, and of no browser.
// On both, a foreign Origin is refused, allowed ones get all of CORS, and what a browser posts must
// be JSON: everything else it may send without asking first. Credentials that a browser adds by
// itself (Access-Control-Allow-Credentials) are not for other origins.
#pragma once

#include <string>
#include <vector>

#include "gateway/host_and_origin.h"
#include "gateway/http_message.h"

namespace sanctum::gateway {

inline constexpr int kPreflightMaxAgeS = 600;

struct OriginSettings {
  std::vector<std::string> hosts;  // lower case, beyond the listener's own
  bool any_host = false;
  std::vector<Origin> origins;  // beyond localhost's and our own
  bool any_origin = false;
  bool null_origin = false;  // sandboxed frames and files
};
// One of `--allow-host` or `--allow-origin`; "*" allows all. Each throws Error(kInvalid) that calls
// it `name`.
void allow_host(OriginSettings& settings, const std::string& text, const std::string& name);
void allow_origin(OriginSettings& settings, const std::string& text, const std::string& name);
OriginSettings origin_settings(const std::vector<std::string>& hosts,
                               const std::vector<std::string>& origins);

struct OriginVerdict {
  int status = 0;  // 0: to be served; 204: a preflight is answered; 403, 415: refused
  std::string message;
  std::string code;                 // of the error
  std::vector<HeaderLine> headers;  // of whatever is answered
};
OriginVerdict judge_origin(const OriginSettings& settings, const HttpRequest& head);

}  // namespace sanctum::gateway
