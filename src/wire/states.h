// How far the engine's process is, how far each of its models, and how an answer ended. In JSON
// they are the words of to_string().
#pragma once

#include <optional>
#include <string_view>

namespace sanctum::wire {

//   absent -> starting -> loading -> ready        each of the three may be followed by
//   wedged    it stands still, and is being ended
//   dead      it has ended, and is started again after a pause
//   parked    it has ended or cannot start, and stays so until it is wanted again
//   draining  it is told to end; then it is absent
enum class WorkerState { kAbsent, kStarting, kLoading, kReady, kDraining, kWedged, kDead, kParked };
std::string_view to_string(WorkerState state);

enum class ModelStage { kAbsent, kLoading, kReady, kUnloading, kFailed };
std::string_view to_string(ModelStage stage);
std::optional<ModelStage> model_stage(std::string_view word);

enum class FinishReason { kStop, kLength, kToolCalls, kCancelled, kError };
std::string_view to_string(FinishReason reason);
std::optional<FinishReason> finish_reason(std::string_view word);

}  // namespace sanctum::wire
