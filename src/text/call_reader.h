// Reads one tool call, byte by byte, from behind the marker that opens it: what a format has of its
// own.
//
// Contract: until begun() nothing is decided, and whoever feeds it keeps what it fed. A call has
// begun once its name is known, whether or not it was offered, and its arguments have begun; it
// stays one whatever follows. From then on take_arguments() gives the arguments as they come: of
// arguments that the model wrote as JSON its own text, verbatim even where it is broken; of those
// it wrote in another way JSON that is made of them. Byte by byte so that nothing depends on where
// the text was cut. One owner at a time, no locks.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "text/offered_tools.h"

namespace sanctum::text {

inline constexpr std::size_t kNameBytesMax = 256;  // a tool's name, with what stands around it

class CallReader {
 public:
  enum class Status {
    kMore,
    kDone,    // the byte was the call's last
    kBefore,  // the call ended before this byte; begun() only
    kNoCall,  // not begun() only
  };

  explicit CallReader(const OfferedTools& tools) : tools_(tools) {}
  virtual ~CallReader() = default;

  virtual Status push(char c) = 0;
  // Whether a marker would be text here, because an argument's string is open.
  virtual bool in_string() const = 0;
  // A marker that ends it came before its end.
  virtual void close() {}
  // The output ended; nothing follows.
  virtual void cut() {}
  // Behind a call: what separates it from the next, what closes all of them (empty: the format's
  // closing marker), and whether a { begins another one without a marker.
  struct Behind {
    std::string_view separators, closing;
    bool bare = false;
  };
  virtual Behind behind() const { return {}; }

  bool begun() const { return begun_; }
  const std::string& name() const { return name_; }
  std::string take_arguments() { return std::exchange(arguments_, {}); }
  // Whether the arguments came to their end.
  bool complete() const { return complete_; }

 protected:
  const OfferedTools& tools() const { return tools_; }

  bool begun_ = false;
  bool complete_ = false;
  std::string name_;
  std::string arguments_;

 private:
  const OfferedTools& tools_;
};

}  // namespace sanctum::text
