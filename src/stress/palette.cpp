#include "stress/palette.h"

#include <cctype>

namespace sanctum::stress {

const std::vector<Color>& palette() {
  // Twelve basic colours at shades nobody argues about.
  static const std::vector<Color> colors = {
      {{255, 0, 0}, {"red"}},
      {{0, 128, 0}, {"green"}},
      {{0, 0, 255}, {"blue"}},
      {{255, 255, 0}, {"yellow"}},
      {{0, 0, 0}, {"black"}},
      {{255, 255, 255}, {"white"}},
      {{255, 150, 0}, {"orange"}},
      {{128, 0, 128}, {"purple", "violet"}},
      {{255, 170, 195}, {"pink"}},
      {{130, 65, 22}, {"brown"}},
      {{128, 128, 128}, {"gray", "grey"}},
      {{0, 255, 255}, {"cyan", "aqua", "turquoise"}},
  };
  return colors;
}

int first_color_named(std::string_view text) {
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const auto c = i < text.size() ? static_cast<unsigned char>(text[i]) : '\0';
    if (std::isalpha(c)) {
      word += static_cast<char>(std::tolower(c));
      continue;
    }
    for (std::size_t color = 0; color < palette().size(); ++color) {
      for (const auto name : palette()[color].names) {
        if (word == name) return static_cast<int>(color);
      }
    }
    word.clear();
  }
  return -1;
}

}  // namespace sanctum::stress
