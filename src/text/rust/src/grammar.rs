//! Grammars over one model's tokens, by llguidance: which tokens may come next, and whether what
//! came may be all.
//!
//! Limits are counts of work, never times: what is allowed depends on the grammar and the tokens
//! alone, however busy the machine is.

use crate::bridge::guarded;
use llguidance::api::{GrammarWithLexer, ParserLimits, TopLevelGrammar};
use llguidance::earley::SlicedBiasComputer;
use llguidance::toktrie::{InferenceCapabilities, TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};
use llguidance::{Matcher, ParserFactory};
use std::sync::Arc;

const LIMITS: ParserLimits = ParserLimits {
    max_items_in_row: 2_000,
    initial_lexer_fuel: 1_000_000,
    step_lexer_fuel: 200_000,
    step_max_items: 50_000,
    max_lexer_states: 50_000,
    max_grammar_size: 500_000,
    precompute_large_lexemes: true,
    verbose_errors: false,
};

/// Tokens between two masks of an answer that is said again.
const REPLAYED_AT_ONCE: usize = 64;

/// What a model can say, arranged for grammars. Made once a model; any thread.
pub struct Vocabulary {
    factory: ParserFactory,
}

struct Words {
    trie: TokTrie,
}

impl TokenizerEnv for Words {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.greedy_tokenize(bytes)
    }

    /// So that a text that is forced may come as whichever tokens the model likes best.
    fn tokenize_is_canonical(&self) -> bool {
        false
    }
}

/// Token i is bytes[offsets[i]..offsets[i + 1]]; one that is `special` is no text, and grammars
/// name it `<[i]>`. `ends`: those that end an answer, special all of them.
pub fn make_vocabulary(
    bytes: &[u8],
    offsets: &[u32],
    special: &[bool],
    ends: &[u32],
) -> Result<Box<Vocabulary>, String> {
    guarded(|| {
        let mut words: Vec<Vec<u8>> = Vec::with_capacity(special.len());
        for (id, special) in special.iter().enumerate() {
            if *special {
                let mut word = vec![TokTrie::SPECIAL_TOKEN_MARKER];
                word.extend(format!("<|{id}|>").as_bytes());
                words.push(word);
            } else {
                words.push(bytes[offsets[id] as usize..offsets[id + 1] as usize].to_vec());
            }
        }
        let rows = u32::try_from(special.len()).map_err(|e| e.to_string())?;
        let end = ends.first().copied().ok_or("the model has no token that ends an answer")?;
        let trie = TokTrie::from(&TokRxInfo::new(rows, end), &words).with_eos_tokens(ends);
        let environment: TokEnv = Arc::new(Words { trie });
        let mut factory = ParserFactory::new(
            &environment,
            InferenceCapabilities::default(),
            &SlicedBiasComputer::general_slices(),
        )
        .map_err(|e| e.to_string())?;
        *factory.limits_mut() = LIMITS;
        factory.quiet();
        Ok(Box::new(Vocabulary { factory }))
    })
}

/// Compiling recurses as deep as a grammar's rules and references go (src/text/grammar_limits.h says
/// how deep that may be); the pages are touched only by those that do.
const COMPILER_STACK_BYTES: usize = 512 << 20;

fn on_a_large_stack<T: Send>(
    work: impl FnOnce() -> Result<T, String> + Send,
) -> Result<T, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(COMPILER_STACK_BYTES)
            .spawn_scoped(scope, || guarded(work))
            .map_err(|e| format!("no thread to compile it: {e}"))?;
        thread.join().map_err(|_| "compiling it failed".to_string())?
    })
}

impl Vocabulary {
    /// `source` is Lark, with llguidance's extensions.
    pub fn compile(&self, source: &[u8]) -> Result<Box<Grammar>, String> {
        on_a_large_stack(|| {
            let source = std::str::from_utf8(source).map_err(|e| e.to_string())?;
            let grammar = TopLevelGrammar {
                grammars: vec![GrammarWithLexer {
                    name: None,
                    json_schema: None,
                    lark_grammar: Some(source.to_string()),
                }],
                max_tokens: None,
            };
            let parser = self.factory.create_parser(grammar).map_err(|e| e.to_string())?;
            let mut matcher = Matcher::new(Ok(parser));
            let warnings = matcher.grammar_warnings();
            if let Some(error) = matcher.get_error() {
                return Err(error);
            }
            Ok(Box::new(Grammar { matcher, warnings }))
        })
    }
}

/// A grammar and how far an answer has come in it. One thread at a time.
pub struct Grammar {
    matcher: Matcher,
    warnings: Vec<String>,
}

impl Grammar {
    /// At the same place; independent from then on.
    pub fn copy(&self) -> Box<Grammar> {
        Box::new(Grammar { matcher: self.matcher.deep_clone(), warnings: self.warnings.clone() })
    }

    /// What of the source is not enforced.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    /// How many of them may stand here, one after another; those are taken.
    ///
    /// What is replayed has the allowance that it had when it was said: a mask renews it.
    pub fn take(&mut self, ids: &[u32]) -> Result<usize, String> {
        guarded(|| {
            let mut taken = 0;
            for some in ids.chunks(REPLAYED_AT_ONCE) {
                let now = self.matcher.try_consume_tokens(some).map_err(|e| e.to_string())?;
                taken += now;
                if now < some.len() {
                    break;
                }
                if ids.len() > some.len() && !self.matcher.is_stopped() {
                    self.matcher.compute_mask_or_eos().map_err(|e| e.to_string())?;
                }
            }
            Ok(taken)
        })
    }

    /// One bit for each token that may come next, in words of 32; beyond the vocabulary none.
    pub fn mask(&mut self, out: &mut [u32]) -> Result<(), String> {
        guarded(|| {
            let mask = self.matcher.compute_mask_or_eos().map_err(|e| e.to_string())?;
            let bits = mask.as_slice();
            let both = bits.len().min(out.len());
            out[..both].copy_from_slice(&bits[..both]);
            out[both..].fill(0);
            Ok(())
        })
    }

    /// Whether what came may be all.
    pub fn may_end(&mut self) -> Result<bool, String> {
        guarded(|| {
            if self.matcher.is_stopped() {
                return Ok(self.matcher.get_error().is_none());
            }
            self.matcher.is_accepting().map_err(|e| e.to_string())
        })
    }
}
