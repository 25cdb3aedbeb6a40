// What `serve` says to a person on a terminal. Pure.
#pragma once

#include <string>
#include <vector>

namespace sanctum::serve {

struct Greeting {
  std::string version;
  std::vector<std::string> models;       // the first is the default
  std::string urls;                      // as after the word `ready`
  std::string certificates;              // their directory
  bool alone = true;                     // of this user's servers: commands find it by themselves
  std::vector<std::string> failed = {};  // models that could not be loaded
  std::vector<std::string> prompts_alone = {};  // those of `models` that answer no chats
  std::vector<std::string> left_out = {};       // "'NAME': what of it is not served"
};

// Several lines: what is served, where, a first line to try, how to stop.
std::string greeting(const Greeting& about);

// Of the first Ctrl-C, when requests still run.
std::string waits_for(int requests, int drain_s);

}  // namespace sanctum::serve
