#include "image/resize.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"
#include "image/decode.h"

namespace sanctum::image {
namespace {

// 8 bits of result and two of headroom: negative lobes push sums below 0 and over 255.
constexpr int kFractionBits = 32 - 8 - 2;
constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);

double triangle(double x) {
  return std::max(0.0, 1.0 - std::abs(x));
}

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) {
  return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

struct Kernel {
  double (*weight)(double);
  double support;  // half width, in source pixels at scale 1
};

Kernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::kBilinear:
      return {triangle, 1.0};
    case Filter::kLanczos:
      return {lanczos, 3.0};
    case Filter::kBicubic:
      break;
  }
  return {cubic, 2.0};
}

// For each output position, the run of source positions it reads and their fixed-point weights.
struct Taps {
  struct Run {
    int first;
    int count;
    std::size_t weights;  // index of the first weight
  };
  std::vector<Run> runs;
  std::vector<std::int32_t> weights;
};

std::int32_t fixed_point(double weight) {
  const double scaled = weight * (1 << kFractionBits);
  return static_cast<std::int32_t>(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

// Operations and their order are Pillow's: another order moves the last bit of a weight.
Taps taps_for(int from, int to, const Kernel& kernel) {
  const double scale = static_cast<double>(from) / to;
  const double stretch = std::max(scale, 1.0);
  const double support = kernel.support * stretch;
  const double inverse = 1.0 / stretch;
  Taps taps;
  taps.runs.reserve(to);
  std::vector<double> exact;
  for (int position = 0; position < to; ++position) {
    const double center = (position + 0.5) * scale;
    // NOLINTBEGIN(bugprone-incorrect-roundings): truncated as Pillow truncates
    const int first = std::max(0, static_cast<int>(center - support + 0.5));
    const int end = std::min(from, static_cast<int>(center + support + 0.5));
    // NOLINTEND(bugprone-incorrect-roundings)
    exact.clear();
    double sum = 0.0;
    for (int i = 0; i < end - first; ++i) {
      exact.push_back(kernel.weight((i + first - center + 0.5) * inverse));
      sum += exact.back();
    }
    taps.runs.push_back({first, end - first, taps.weights.size()});
    for (const double weight : exact) {
      taps.weights.push_back(fixed_point(sum != 0.0 ? weight / sum : weight));
    }
  }
  return taps;
}

std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

Picture stretch_rows(const Picture& in, int width, const Kernel& kernel) {
  const Taps taps = taps_for(in.width, width, kernel);
  Picture out{width, in.height, {}};
  out.rgb.resize(static_cast<std::size_t>(width) * in.height * 3);
  for (int y = 0; y < in.height; ++y) {
    std::uint8_t* to = out.at(0, y);
    for (const Taps::Run& run : taps.runs) {
      const std::uint8_t* from = in.at(run.first, y);
      const std::int32_t* weight = taps.weights.data() + run.weights;
      std::int32_t red = kHalf;
      std::int32_t green = kHalf;
      std::int32_t blue = kHalf;
      for (int i = 0; i < run.count; ++i, from += 3) {
        red += from[0] * weight[i];
        green += from[1] * weight[i];
        blue += from[2] * weight[i];
      }
      *to++ = rounded(red);
      *to++ = rounded(green);
      *to++ = rounded(blue);
    }
  }
  return out;
}

Picture stretch_columns(const Picture& in, int height, const Kernel& kernel) {
  const Taps taps = taps_for(in.height, height, kernel);
  const std::size_t row = static_cast<std::size_t>(in.width) * 3;
  Picture out{in.width, height, {}};
  out.rgb.resize(row * height);
  std::vector<std::int32_t> sums(row);
  for (int y = 0; y < height; ++y) {
    const Taps::Run& run = taps.runs[y];
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int i = 0; i < run.count; ++i) {
      const std::uint8_t* from = in.at(0, run.first + i);
      const std::int32_t weight = taps.weights[run.weights + i];
      for (std::size_t x = 0; x < row; ++x) sums[x] += from[x] * weight;
    }
    std::transform(sums.begin(), sums.end(), out.at(0, y), rounded);
  }
  return out;
}

// Pillow 13's choice of the cheaper order. Rounding between the passes makes it visible.
bool columns_first(const Picture& picture, int width, int height) {
  const int shrink = picture.height - height;
  return shrink > 0 && shrink > (picture.width - width) * 2;
}

}  // namespace

Picture resize(const Picture& picture, int width, int height, Filter filter) {
  if (width < 1 || height < 1 || width > kSideMax || height > kSideMax) {
    throw Error(ErrorCode::kInvalid,
                "cannot resize a picture to " + std::to_string(width) + "x" +
                    std::to_string(height) + " pixels",
                "image");
  }
  const Kernel kernel = kernel_of(filter);
  Picture out;
  const Picture* from = &picture;
  const auto rows = [&] {
    if (width == picture.width) return;
    out = stretch_rows(*from, width, kernel);
    from = &out;
  };
  const auto columns = [&] {
    if (height == picture.height) return;
    out = stretch_columns(*from, height, kernel);
    from = &out;
  };
  if (columns_first(picture, width, height)) {
    columns();
    rows();
  } else {
    rows();
    columns();
  }
  if (from == &picture) return picture;
  return out;
}

}  // namespace sanctum::image
