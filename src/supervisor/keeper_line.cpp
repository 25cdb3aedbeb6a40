#include "supervisor/keeper_line.h"

#include <algorithm>

namespace sanctum::supervisor {

std::string keeper_line(std::string_view text) {
  std::string line(text.substr(0, kKeeperLineBytesMax - 1));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line + '\n';
}

}  // namespace sanctum::supervisor
