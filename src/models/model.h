// What the engine knows of a model: one step in, logits out.
//
// A Model is created, called and destroyed on the device thread only. It keeps no state between
// steps but its weights: a sequence's past lives in the SequenceCache that its slice points to.
#pragma once

#include <mlx/array.h>

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/prepared_picture.h"
#include "nn/backend.h"
#include "nn/rope.h"

namespace sanctum::models {

namespace mx = mlx::core;

// A picture after the vision tower, as the language model wants it.
struct VisualFeatures {
  mx::array embeddings;              // [tokens, hidden]
  std::vector<mx::array> deepstack;  // one [tokens, hidden] per early layer that adds it
};

// One picture on its way through the vision tower, a part at a time. The result does not depend on
// how it is parted.
class Encoding {
 public:
  virtual ~Encoding() = default;
  // Computes about `work` multiply-adds of what is left, some of it in any case; returns how many.
  virtual double advance(double work) = 0;
  // Once, when nothing is left; until then nothing.
  virtual std::optional<VisualFeatures> take() = 0;
};

// Rows of a step that carry tokens [features_first, features_first + count) of a picture.
struct VisualRows {
  int first = 0;
  int count = 0;
  const VisualFeatures* features = nullptr;
  int features_first = 0;
};

// The tokens of all sequences of one step, packed.
struct Step {
  int rows() const { return static_cast<int>(positions.size()); }

  std::vector<nn::Position> positions;  // one per token
  // int32 [rows], evaluated or not: a device that samples may hand its ids to the next step.
  mx::array tokens = mx::array(0);
  std::vector<nn::Slice> slices;  // in order, covering all tokens
  std::vector<VisualRows> visuals;
  std::vector<int> logits_rows;  // the tokens whose next token is wanted
};

struct Traits {
  std::string architecture;
  int context_tokens = 0;
  // Tokens; the keys of a longer sequence are others, from its first token on.
  int short_context = std::numeric_limits<int>::max();
  int vocabulary = 0;
  nn::KvShape kv;
  std::optional<std::string> head;  // its name; nothing where the output head is the embedding
  std::string quantization;
  std::string kernels;           // see Backend::name
  bool same_under_load = false;  // see Backend::same_under_load
  std::string numbers;           // see Backend::numbers
  std::uint64_t weight_bytes = 0;
};

class Model {
 public:
  virtual ~Model() = default;
  // float32 [logits_rows, vocabulary], not evaluated. Appends the step's tokens to the caches.
  virtual mx::array forward(const Step& step) const = 0;
  // Only for models whose processor accepts pictures, and of pictures that it prepared. The picture
  // must outlive the encoding.
  virtual std::unique_ptr<Encoding> begin_encoding(const PreparedPicture& picture) const;
  // All of it at once.
  VisualFeatures encode(const PreparedPicture& picture) const;

  const Traits& traits() const { return traits_; }

 protected:
  explicit Model(Traits traits) : traits_(std::move(traits)) {}
  Traits traits_;
};

mx::array token_ids(const std::vector<int>& ids);

// The rows whose logits are wanted, before the output head multiplies them: hidden [tokens, width]
// -> [logits_rows, width].
mx::array wanted_rows(const mx::array& hidden, const std::vector<int>& logits_rows);

// float32 logits within a bound: cap * tanh(logits / cap). As they are where `cap` is 0.
mx::array soft_capped(const mx::array& logits, float cap);

}  // namespace sanctum::models
