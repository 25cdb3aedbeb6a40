// One GET of somebody else's file on the public internet, for a person who named it by URL.
//
// Contract: only http and https; every address that is connected to, the first and those of
// redirects, is asked about when it is known, so that neither a redirect nor a name that changes
// its address leads into a network of ours. No proxy, no cookies, no credentials. What goes wrong
// is told, not thrown. Blocks. Thread rule: any thread.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "base/clock.h"

namespace sanctum::client {

struct PublicFetchLimits {
  Clock::time_point until = Clock::now() + std::chrono::seconds(20);
  std::size_t bytes_max = 32u << 20;
  int redirects_max = 3;
  // Asked about once a second, and whenever something comes: nobody waits for it any more.
  std::function<bool()> given_up = {};
  // Whether an address may be connected to; empty: those that are public and of no network that
  // this machine is in.
  std::function<bool(const sockaddr&)> allowed = {};
};

struct PublicFetch {
  std::string bytes;
  std::string why;  // it did not come, for a person; empty where it did
};

PublicFetch fetch_public(const std::string& url, const PublicFetchLimits& limits = {});

}  // namespace sanctum::client
