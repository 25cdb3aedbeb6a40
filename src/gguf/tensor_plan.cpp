#include "gguf/tensor_plan.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <utility>

#include "base/error.h"
#include "gguf/affine.h"
#include "gguf/half.h"

namespace sanctum::gguf {
namespace {

[[noreturn]] void refuse(const Source& source, const Tensor& tensor, const std::string& why) {
  throw Error(ErrorCode::kInvalid, source.name() + ": tensor " + tensor.name + " " + why,
              tensor.name);
}

// By bits, so that a NaN and the sign of a zero count too.
bool same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

// The narrowest form that holds every number of a float32 tensor.
Form narrowest(const Source& source, const Tensor& tensor, float offset, Look look) {
  bool float16 = true, bfloat16 = true;
  std::vector<float> numbers;
  const std::uint64_t end = look == Look::kAll ? tensor.bytes : std::min(kPieceBytes, tensor.bytes);
  for (std::uint64_t at = 0; at < end && (float16 || bfloat16); at += kPieceBytes) {
    const std::uint64_t bytes = std::min(kPieceBytes, end - at);
    numbers.resize(bytes / sizeof(float));
    source.read(tensor.begin + at, reinterpret_cast<std::byte*>(numbers.data()), bytes);
    for (const float stored : numbers) {
      const float number = stored + offset;
      float16 = float16 && same(from_float16(to_float16(number)), number);
      bfloat16 = bfloat16 && same(from_bfloat16(cut_to_bfloat16(number)), number);
    }
  }
  return float16 ? Form::kFloat16 : bfloat16 ? Form::kBfloat16 : Form::kFloat32;
}

Form form_of(const Source& source, const Tensor& tensor, float offset, Look look) {
  if (info(tensor.type).quantized()) {
    if (tensor.shape.size() < 2) refuse(source, tensor, "is quantized, but no matrix");
    if (offset != 0) refuse(source, tensor, "is quantized, but 1 has to be taken from its weights");
    return Form::kAffine;
  }
  if (tensor.type == Type::kF32) return narrowest(source, tensor, offset, look);
  return offset == 0 ? Form::kSame : Form::kFloat32;
}

const char* dtype_of(const PlannedTensor& tensor) {
  switch (tensor.form) {
    case Form::kFloat16:
      return "F16";
    case Form::kBfloat16:
      return "BF16";
    case Form::kFloat32:
      return "F32";
    case Form::kSame:
      return tensor.from.type == Type::kF16 ? "F16" : "BF16";
    case Form::kAffine:
      break;
  }
  return "U32";
}

std::uint64_t paired_rows(const Source& source, const Tensor& tensor, Rows rows,
                          const Shape& shape) {
  if (rows == Rows::kSame) return 0;
  const int heads = rows == Rows::kQueryPairs ? shape.heads : shape.kv_heads;
  // A bias is a row of features.
  const std::uint64_t features = tensor.shape.size() == 1 ? tensor.columns() : tensor.rows();
  const auto size = static_cast<std::uint64_t>(shape.head_size);
  if (tensor.shape.size() > 2 || size % 2 != 0 ||
      features != static_cast<std::uint64_t>(heads) * size)
    refuse(source, tensor,
           "has " + std::to_string(features) + " rows; " + std::to_string(heads) +
               " heads of an even size were expected, by the metadata of size " +
               std::to_string(size));
  return size;
}

void add_outputs(PlannedTensor& tensor, const Place& place, Plan& plan) {
  tensor.first_out = plan.out.size();
  std::vector<std::uint64_t> shape = tensor.from.shape;
  const std::uint64_t weights = tensor.from.rows() * tensor.from.columns();
  if (tensor.form != Form::kAffine) {
    const std::uint64_t bytes = tensor.form == Form::kFloat32 ? 4 : 2;
    plan.out.push_back({place.name, dtype_of(tensor), std::move(shape), weights * bytes});
    return;
  }
  const int bits = affine_bits(tensor.from.type);
  const std::uint64_t columns = shape.back();
  shape.back() = columns * static_cast<std::uint64_t>(bits) / 32;
  plan.out.push_back(
      {place.path + ".weight", "U32", shape, weights * static_cast<std::uint64_t>(bits) / 8});
  shape.back() = columns / kAffineGroup;
  for (const char* kind : {".scales", ".biases"})
    plan.out.push_back({place.path + kind, "F16", shape, weights / kAffineGroup * 2});
  plan.bits[place.path] = bits;
}

}  // namespace

Plan plan_tensors(const Source& source, const Header& header, const Architecture& architecture,
                  const Shape& shape, Look look) {
  Plan plan;
  std::set<std::string> names;
  for (const Tensor& tensor : header.tensors) {
    const auto place = place_of(architecture, source.name(), tensor.name, shape.layers);
    if (!place) continue;
    if (!names.insert(place->name).second)
      refuse(source, tensor, "is " + place->name + ", which another tensor of the file is, too");
    PlannedTensor planned;
    planned.from = tensor;
    planned.offset = place->norm ? -1 : 0;
    planned.form = form_of(source, tensor, planned.offset, look);
    planned.paired_rows = paired_rows(source, tensor, place->rows, shape);
    if (planned.form == Form::kAffine && place->name != place->path + ".weight")
      refuse(source, tensor, "is quantized, which only a weight can be");
    add_outputs(planned, *place, plan);
    plan.tensors.push_back(std::move(planned));
  }
  if (plan.tensors.empty())
    throw Error(ErrorCode::kInvalid,
                source.name() + " has no tensors: it holds a vocabulary and no model", "path");
  return plan;
}

}  // namespace sanctum::gguf
