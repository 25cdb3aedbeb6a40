#include "gguf/tensor_type.h"

#include <array>
#include <utility>

#include "base/invariant.h"

namespace sanctum::gguf {
namespace {

constexpr std::array kTypes{
    TypeInfo{Type::kF32, "F32", 1, 4},           TypeInfo{Type::kF16, "F16", 1, 2},
    TypeInfo{Type::kBF16, "BF16", 1, 2},         TypeInfo{Type::kQ4_0, "Q4_0", 32, 18},
    TypeInfo{Type::kQ4_1, "Q4_1", 32, 20},       TypeInfo{Type::kQ5_0, "Q5_0", 32, 22},
    TypeInfo{Type::kQ5_1, "Q5_1", 32, 24},       TypeInfo{Type::kQ8_0, "Q8_0", 32, 34},
    TypeInfo{Type::kQ2_K, "Q2_K", 256, 84},      TypeInfo{Type::kQ3_K, "Q3_K", 256, 110},
    TypeInfo{Type::kQ4_K, "Q4_K", 256, 144},     TypeInfo{Type::kQ5_K, "Q5_K", 256, 176},
    TypeInfo{Type::kQ6_K, "Q6_K", 256, 210},     TypeInfo{Type::kIQ4_NL, "IQ4_NL", 32, 18},
    TypeInfo{Type::kIQ4_XS, "IQ4_XS", 256, 136}, TypeInfo{Type::kMXFP4, "MXFP4", 32, 17},
};

// Known by name only.
constexpr std::array<std::pair<std::uint32_t, std::string_view>, 20> kOthers{{
    {4, "Q4_2"},    {5, "Q4_3"},     {9, "Q8_1"},   {15, "Q8_K"},  {16, "IQ2_XXS"},
    {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"}, {21, "IQ3_S"}, {22, "IQ2_S"},
    {24, "I8"},     {25, "I16"},     {26, "I32"},   {27, "I64"},   {28, "F64"},
    {29, "IQ1_M"},  {34, "TQ1_0"},   {35, "TQ2_0"}, {40, "NVFP4"}, {41, "Q1_0"},
}};

}  // namespace

const TypeInfo* find_type(std::uint32_t number) {
  for (const TypeInfo& one : kTypes)
    if (static_cast<std::uint32_t>(one.type) == number) return &one;
  return nullptr;
}

const TypeInfo& info(Type type) {
  const TypeInfo* found = find_type(static_cast<std::uint32_t>(type));
  SANCTUM_INVARIANT(found != nullptr, "every Type is in the table");
  return *found;
}

std::string name_of(std::uint32_t number) {
  if (const TypeInfo* found = find_type(number)) return std::string(found->name);
  for (const auto& [other, name] : kOthers)
    if (other == number) return std::string(name);
  return "number " + std::to_string(number);
}

std::string known_types() {
  std::string out;
  for (const TypeInfo& one : kTypes) out += (out.empty() ? "" : ", ") + std::string(one.name);
  return out;
}

}  // namespace sanctum::gguf
