//! What C++ sees. Errors are messages; the C++ side adds code, file and field.

use crate::bounded_memory::{bytes_left, end_process_beyond, forget_bound};
use crate::grammar::{make_vocabulary, Grammar, Vocabulary};
use crate::template::{compile_template, Template};
use crate::tokenizer::{load_tokenizer, Tokenizer};
use std::panic::{catch_unwind, AssertUnwindSafe};

#[cxx::bridge(namespace = "sanctum::text::rust_side")]
mod ffi {
    struct AddedToken {
        content: String,
        lstrip: bool,
        rstrip: bool,
        single_word: bool,
        normalized: bool,
        special: bool,
    }

    /// What every id stands for, so that C++ answers per-token questions without a call.
    struct TokenTable {
        bytes: Vec<u8>,
        /// One more than there are ids: token i has bytes[ends[i]..ends[i + 1]].
        ends: Vec<u32>,
        special: Vec<bool>,
        byte_fallback: Vec<bool>,
        byte_level: bool,
        /// One past the largest id of the model's own vocabulary; 0 where that is empty.
        ordinary: u32,
    }

    extern "Rust" {
        type Tokenizer;
        fn load_tokenizer(json: &[u8], added: Vec<AddedToken>) -> Result<Box<Tokenizer>>;
        fn table(self: &Tokenizer) -> Result<TokenTable>;
        fn encode(self: &Tokenizer, text: &[u8], add_special: bool) -> Result<Vec<u32>>;
        fn decode(self: &Tokenizer, ids: &[u32], skip_special: bool) -> Result<String>;
        /// -1 for an unknown token.
        fn id_of(self: &Tokenizer, token: &[u8]) -> Result<i64>;

        type Template;
        fn compile_template(source: &[u8]) -> Result<Box<Template>>;
        /// `variables` and `options` are JSON objects, `tools` is an array or null.
        fn render(
            self: &Template,
            messages: &[u8],
            tools: &[u8],
            variables: &[u8],
            options: &[u8],
            add_generation_prompt: bool,
        ) -> Result<String>;

        type Vocabulary;
        type Grammar;
        fn make_vocabulary(
            bytes: &[u8],
            offsets: &[u32],
            special: &[bool],
            ends: &[u32],
        ) -> Result<Box<Vocabulary>>;
        fn compile(self: &Vocabulary, source: &[u8]) -> Result<Box<Grammar>>;
        fn copy(self: &Grammar) -> Box<Grammar>;
        fn warnings(self: &Grammar) -> Vec<String>;
        fn take(self: &mut Grammar, ids: &[u32]) -> Result<usize>;
        fn mask(self: &mut Grammar, out: &mut [u32]) -> Result<()>;
        fn may_end(self: &mut Grammar) -> Result<bool>;

        /// See bounded_memory.rs.
        fn end_process_beyond(bytes: usize, exit_code: i32);
        fn bytes_left() -> i64;
        fn forget_bound();
    }
}

pub use ffi::{AddedToken, TokenTable};

/// Runs `work`, turning a panic into an error.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<&str>()
            .map(|s| s.to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_string());
        Err(format!("internal panic: {what}"))
    })
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_becomes_an_error() {
        let result: Result<(), String> = guarded(|| panic!("boom {}", 7));
        assert_eq!(result.unwrap_err(), "internal panic: boom 7");
    }
}
