// Transparent pixels over white, which is what the models' own preprocessing, vLLM and Ollama show
// them on; rounded as Pillow's `white.paste(picture, mask=alpha)`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sanctum::image {

inline std::uint8_t over_white(unsigned value, unsigned alpha) {
  const unsigned sum = value * alpha + 255 * (255 - alpha) + 128;
  return static_cast<std::uint8_t>(((sum >> 8) + sum) >> 8);
}

// `count` pixels of four bytes to as many of three.
inline void over_white(const std::uint8_t* rgba, std::size_t count, std::uint8_t* rgb) {
  for (; count > 0; --count, rgba += 4, rgb += 3) {
    for (int channel = 0; channel < 3; ++channel) rgb[channel] = over_white(rgba[channel], rgba[3]);
  }
}

}  // namespace sanctum::image
