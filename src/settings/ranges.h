// What the numbers of both programs may be: by flag, by variable, in the configuration file.
#pragma once

#include <string>
#include <vector>

namespace sanctum::settings {

inline const std::vector<std::string> kKernels{"auto", "cpu", "mlx"};
inline constexpr const char* kKvInt8 = "int8";
inline const std::vector<std::string> kKvTypes{"stored", kKvInt8};

inline const std::vector<std::string> kActivations{"auto", "8", "16"};

inline const std::vector<std::string> kLogLevels{"debug", "info", "warn", "error"};
inline const std::vector<std::string> kSwitch{"on", "off"};

struct Range {
  int low;
  int high;
};
inline constexpr Range kMaxSequences{1, 256};   // requests that decode together
inline constexpr Range kQueue{0, 65536};        // requests that wait beyond those
inline constexpr Range kStepTokens{16, 65536};  // prompt and decode tokens of one step
inline constexpr Range kStepMs{1, 60000};
inline constexpr Range kThreads{0, 256};  // 0: one for each core
inline constexpr Range kReadyTimeoutS{1, 86400};
inline constexpr Range kDrainS{0, 3600};
inline constexpr Range kStoredDays{1, 3650};
inline constexpr Range kReportedContext{0, 1 << 24};  // tokens

}  // namespace sanctum::settings
