// What the first process of `serve` and its parts tell each other. Pure.
//
// Contract: a message is one line of JSON, whatever it is made of: no text that comes from
// elsewhere (a probe's name, a peer's error) can add a second one, and one that is too long is cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sanctum::serve {

inline constexpr std::size_t kKeeperTextBytesMax = 4096;          // of one text in a message
inline constexpr std::size_t kKeeperNamedMax = 8;                 // models, of each kind
inline constexpr std::size_t kKeeperMessageBytesMax = 64 * 1024;  // of a whole one

namespace keeper_message {

// Of the gateway.
struct Listens {
  std::string plain, mtls;  // addresses in force; "off"
};
struct Ready {                                  // every model that was loaded was proven to work
  std::string urls;                             // for people, after the word `ready`
  std::vector<std::string> failed = {};         // models that could not be loaded
  std::vector<std::string> prompts_alone = {};  // that answer no chats
};
struct Drains {  // it ends, and waits for these
  int requests = 0;
};
struct CannotServe {  // not one model could be loaded
  std::string reason;
};
struct EngineIs {
  int pid = 0;
};
struct FallbackIs {
  int pid = 0;  // which leads a group of its own; 0: gone
};
struct RestartIsPlanned {};
struct RunProbe {  // on to the probes
  std::string probe;
};

// Of the probes.
struct Beat {};
struct ReplaceGateway {
  std::string reason;
};

// Of the keeper, to the probes.
struct Restarting {
  bool so = false;
};

}  // namespace keeper_message

using KeeperMessage =
    std::variant<keeper_message::Listens, keeper_message::Ready, keeper_message::Drains,
                 keeper_message::CannotServe, keeper_message::EngineIs, keeper_message::FallbackIs,
                 keeper_message::RestartIsPlanned, keeper_message::RunProbe, keeper_message::Beat,
                 keeper_message::ReplaceGateway, keeper_message::Restarting>;

// Ends with a newline.
std::string keeper_line(const KeeperMessage& message);
// Throws Error(kCorrupt) for a line that is none.
KeeperMessage read_keeper_line(std::string_view line);

}  // namespace sanctum::serve
