// What the numbers of both programs may be: by flag, by variable, in the configuration file.
#pragma once

namespace sanctum {

struct Range {
  int low;
  int high;
};
inline constexpr Range kMaxSequences{1, 256};  // requests that decode together
inline constexpr Range kQueue{0, 65536};       // requests that wait beyond those
inline constexpr Range kReadyTimeoutS{1, 86400};
inline constexpr Range kDrainS{0, 3600};

}  // namespace sanctum
