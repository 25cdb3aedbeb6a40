#include "kernels/attention.h"

#include <cmath>

#include "base/invariant.h"
#include "kernels/half.h"
#include "kernels/kernel_table.h"

namespace sanctum::kernels {
namespace {

// One group's integers, `stride` bytes from one another, and its scale.
void write_group(const float* x, std::uint8_t* to, int stride, std::uint8_t* scale) {
  constexpr float kNothing = 1e-30f;  // as for the activations: no scale is denormal
  float top = 0;
  bool finite = true;
  for (int i = 0; i < kKvGroup; ++i) {
    top = std::fmax(top, std::fabs(x[i]));
    finite = finite && std::isfinite(x[i]);
  }
  const bool some = finite && top > kNothing;
  from_float(some ? top / 127 : finite ? 0.0f : std::nanf(""), scale, kBfloat16);
  const float stored =
      to_float(scale, kBfloat16);  // off by less than a 256th: 127.5 is not reached
  for (int i = 0; i < kKvGroup; ++i) {
    const float q = some ? std::nearbyintf(x[i] / stored) : 0.0f;
    to[i * stride] = static_cast<std::uint8_t>(static_cast<std::int8_t>(q));
  }
}

void write_integers(const float* key, const float* value, int head_size, int slot,
                    std::uint8_t* keys, std::uint8_t* values) {
  const int groups = head_size / kKvGroup, numbers = kKeysPerBlock * head_size;
  for (int g = 0; g < groups; ++g) {
    const int first = g * kKvGroup;
    write_group(key + first, keys + first * kKeysPerBlock + slot, kKeysPerBlock,
                keys + numbers + 2 * (g * kKeysPerBlock + slot));
    write_group(value + first, values + slot * head_size + first, 1,
                values + numbers + 2 * (slot * groups + g));
  }
}

AttentionArguments checked(AttentionArguments arguments) {
  SANCTUM_INVARIANT(arguments.head_size > 0 && arguments.head_size % 32 == 0 &&
                        arguments.head_size <= kHeadSizeMax,
                    "size of a head");
  SANCTUM_INVARIANT(arguments.keys >= (arguments.causal ? arguments.rows : 1), "keys for rows");
  arguments.block_bytes =
      kv_head_bytes(static_cast<KvType>(arguments.kv_type), arguments.head_size);
  return arguments;
}

// One span of an attention, or all of it.
struct Item {
  AttentionArguments attention;
  int spans, span;
  std::size_t parts;  // where those of its spans begin
};

// The first span that a row sees.
int first_span(const AttentionArguments& a) {
  const int least = a.causal ? a.keys - a.rows + 1 : a.keys;  // what the first row sees, and before
  return a.window > 0 && least > a.window ? (least - a.window) / kSpanKeys : 0;
}

std::size_t part_numbers(const AttentionArguments& a) {
  return static_cast<std::size_t>(a.rows) * static_cast<std::size_t>(a.group) *
         part_row(a.head_size);
}

}  // namespace

void attend(const AttentionArguments& arguments, Isa isa) {
  kernels_of(isa).attend(checked(arguments));
}

void attend_all(Runtime& runtime, const std::vector<AttentionArguments>& all) {
  // With as many for each thread none waits long for another, and spans need not be shared.
  constexpr std::size_t kPerThread = 4;
  const bool few = all.size() < kPerThread * static_cast<std::size_t>(runtime.pool().threads());
  std::vector<Item> items;
  std::size_t numbers = 0;  // of all parts
  for (const AttentionArguments& a : all) {
    const int spans = (a.keys + kSpanKeys - 1) / kSpanKeys, first = first_span(a);
    const std::size_t wanted = static_cast<std::size_t>(spans) * part_numbers(a);
    if (!few || spans - first <= 1 || numbers + wanted > Runtime::kSpanPartsMax) {
      items.push_back({checked(a), 1, 0, 0});
      continue;
    }
    for (int span = first; span < spans; ++span)
      items.push_back({checked(a), spans, span, numbers});
    numbers += wanted;
  }
  float* const parts = runtime.span_parts(numbers);
  runtime.pool().run(static_cast<int>(items.size()), [&](int at) {
    Item& item = items[static_cast<std::size_t>(at)];
    if (item.spans > 1) {
      item.attention.part =
          parts + item.parts + static_cast<std::size_t>(item.span) * part_numbers(item.attention);
      item.attention.span = item.span;
    }
    kernels_of(runtime.isa()).attend(item.attention);
  });
  std::erase_if(items, [](const Item& item) {
    return item.spans == 1 || item.span > first_span(item.attention);
  });
  runtime.pool().run(static_cast<int>(items.size()), [&](int at) {
    const Item& item = items[static_cast<std::size_t>(at)];
    kernels_of(runtime.isa()).join_spans({item.attention, parts + item.parts, item.spans});
  });
}

void write_key_value(const float* key, const float* value, int head_size, int slot, void* key_block,
                     void* value_block, KvType type) {
  SANCTUM_INVARIANT(slot >= 0 && slot < kKeysPerBlock, "slot of a block");
  auto* keys = static_cast<std::uint8_t*>(key_block);
  auto* values = static_cast<std::uint8_t*>(value_block);
  if (type == kKvInt8) return write_integers(key, value, head_size, slot, keys, values);
  const auto number = static_cast<NumberType>(type);
  const std::size_t size = bytes_of(number);
  for (int d = 0; d < head_size; ++d) {
    from_float(key[d], keys + static_cast<std::size_t>(d * kKeysPerBlock + slot) * size, number);
    from_float(value[d], values + static_cast<std::size_t>(slot * head_size + d) * size, number);
  }
}

}  // namespace sanctum::kernels
