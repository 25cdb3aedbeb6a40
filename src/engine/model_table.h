// Which models the engine has and in which state; the load lock.
//
//   load_model -> loading -> ready -> unloading -> (gone)
//                    \-> failed (until the next load_model)
//
// A lease is held for every request from acceptance to its end: an unload begins at once (new
// requests are refused) and is carried out when the last lease is returned. Thread-safe; one lock,
// never held while calling out.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/text_model.h"
#include "wire/messages.h"

namespace sanctum::engine {

class ModelTable {
 public:
  enum class Load { kStart, kJoined, kReady };
  // kStart: the caller loads. kJoined: somebody does already. Throws Error(kInvalid) for another
  // path under a name in use, Error(kUnavailable) while it is being unloaded.
  Load begin_load(const std::string& model, const std::string& path);
  void set_text(const std::string& model, std::shared_ptr<const TextModel> text);
  void set_progress(const std::string& model, std::uint64_t done, std::uint64_t total);
  void set_ready(const std::string& model, const models::Traits& traits, std::int64_t load_us);
  // It failed, and will again with the same files.
  bool failed_for_good(const std::string& model) const;
  void set_failed(const std::string& model, const wire::Failure& failure);

  enum class Lease { kGranted, kLoading };
  // Throws Error(kNotFound) for an unknown model, Error(kUnavailable) for one that cannot serve.
  Lease acquire(const std::string& model, std::shared_ptr<const TextModel>& text);
  // True when this was the last lease of a model that is being unloaded.
  bool release(const std::string& model);

  // True when nobody holds a lease, so that it can be unloaded now.
  bool begin_unload(const std::string& model);
  void remove(const std::string& model);

  wire::ModelInfo info(const std::string& model) const;
  // In the order in which they were first loaded.
  std::vector<wire::ModelInfo> all() const;
  bool loading() const;

 private:
  struct Entry {
    wire::ModelInfo info;
    std::shared_ptr<const TextModel> text;
    int leases = 0;
    std::uint64_t number = 0;  // in the order in which they came
  };
  Entry& entry(const std::string& model);
  std::string names() const;

  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::uint64_t next_number_ = 0;
};

}  // namespace sanctum::engine
