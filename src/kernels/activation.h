// The functions of one number that networks apply between two products. Another one is a row here,
// its formula in activation_kernel.h and in nn/stock, and the name by which a model asks for it.
#pragma once

namespace sanctum::kernels {

enum class Activation : int {
  kSilu,      // x * sigmoid(x) (Elfwing et al., 2017)
  kGeluTanh,  // x * Phi(x), the tanh approximation (Hendrycks and Gimpel, 2016)
  // y * sigmoid(1.702 y) of y = min(x, 7); what it multiplies is put between -7 and 7, plus 1
  // (gpt-oss).
  kClampedSwiglu,
};

}  // namespace sanctum::kernels
