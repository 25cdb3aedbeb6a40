//! The Rust half of src/text: tokenizer and chat template behind one cxx bridge.
//!
//! Contract: nothing here keeps global state; every type is immutable after construction and may be
//! used from any thread. No panic crosses the bridge: it arrives in C++ as an error like any other.

mod bridge;
mod json_text;
mod python_methods;
mod template;
mod template_environment;
mod tokenizer;
