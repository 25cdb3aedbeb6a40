//! The Rust half of src/text: tokenizer and chat template behind one cxx bridge.
//!
//! Contract: nothing here keeps global state but a bound on memory (bounded_memory.rs), which only a
//! process that does nothing else may ask for; every type is immutable after construction and may be
//! used from any thread. No panic crosses the bridge: it arrives in C++ as an error like any other.

mod bounded_memory;
mod bridge;
mod exact_json;
mod grammar;
mod json_text;
mod python_methods;
mod template;
mod template_environment;
mod tokenizer;
