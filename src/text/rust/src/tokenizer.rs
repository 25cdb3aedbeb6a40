//! The tokenizers crate, plus a table of what each token's own bytes are.

use crate::bridge::{guarded, AddedToken, TokenTable};
use serde_json::Value;
use std::collections::HashMap;
use tokenizers::Model;

/// Ids a tokenizer may use; the largest vocabularies in use have a quarter of a million. The table
/// has a row for every id up to the largest.
const IDS_MAX: u32 = 1 << 24;

pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
}

pub fn load_tokenizer(json: &[u8], added: Vec<AddedToken>) -> Result<Box<Tokenizer>, String> {
    guarded(|| {
        let mut inner = tokenizers::Tokenizer::from_bytes(json).map_err(|e| e.to_string())?;
        // Saved from training in some models; a prompt must never be cut or padded.
        inner.with_truncation(None).map_err(|e| e.to_string())?;
        inner.with_padding(None);
        for token in added {
            let special = token.special;
            let token = tokenizers::AddedToken::from(token.content, special)
                .lstrip(token.lstrip)
                .rstrip(token.rstrip)
                .single_word(token.single_word)
                .normalized(token.normalized);
            let known = inner.token_to_id(&token.content).is_some();
            if special {
                inner.add_special_tokens([token]).map_err(|e| e.to_string())?;
            } else if !known {
                inner.add_tokens([token]).map_err(|e| e.to_string())?;
            }
        }
        Ok(Box::new(Tokenizer { inner }))
    })
}

impl Tokenizer {
    pub fn encode(&self, text: &[u8], add_special: bool) -> Result<Vec<u32>, String> {
        guarded(|| {
            let text = String::from_utf8_lossy(text);
            let encoding =
                self.inner.encode_fast(text.as_ref(), add_special).map_err(|e| e.to_string())?;
            Ok(encoding.get_ids().to_vec())
        })
    }

    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String, String> {
        guarded(|| self.inner.decode(ids, skip_special).map_err(|e| e.to_string()))
    }

    pub fn id_of(&self, token: &[u8]) -> Result<i64, String> {
        guarded(|| {
            let token = std::str::from_utf8(token).ok();
            let id = token.and_then(|token| self.inner.token_to_id(token));
            Ok(id.map_or(-1, i64::from))
        })
    }

    pub fn table(&self) -> Result<TokenTable, String> {
        guarded(|| self.build_table())
    }

    fn build_table(&self) -> Result<TokenTable, String> {
        let decoder = serde_json::to_value(self.inner.get_decoder()).map_err(|e| e.to_string())?;
        let steps = flatten(&decoder);
        let added = self.inner.get_added_vocabulary();
        let model = self.inner.get_model();
        let vocabulary = model.get_vocab();
        let largest = vocabulary.values().chain(added.get_vocab().values()).copied().max();
        if let Some(id) = largest.filter(|&id| id >= IDS_MAX) {
            return Err(format!("has a token of id {id}; ids must be below {IDS_MAX}"));
        }
        let size = largest.map_or(0, |id| id + 1);
        let byte_of = alphabet();
        // Alone, the decoder is a concatenation of bytes; among other steps it is not.
        let byte_level = steps.iter().any(|s| s["type"] == "ByteLevel")
            && steps.iter().all(|s| s["type"] == "ByteLevel" || s["type"] == "Fuse");
        let fallback = steps.iter().any(|s| s["type"] == "ByteFallback");

        let mut table = TokenTable {
            bytes: Vec::new(),
            ends: vec![0],
            special: Vec::new(),
            byte_fallback: Vec::new(),
            byte_level,
            ordinary: vocabulary
                .iter()
                .filter(|(token, _)| !added.get_vocab().contains_key(*token))
                .map(|(_, id)| id + 1)
                .max()
                .unwrap_or(0),
        };
        for id in 0..size {
            let token = added.simple_id_to_token(id).or_else(|| model.id_to_token(id));
            let special = token.as_ref().is_some_and(|t| added.is_special_token(t));
            let mut stands_for_byte = false;
            if let (Some(token), false) = (&token, special) {
                if byte_level {
                    // As the decoder does it: a token outside the alphabet is its own text.
                    let mapped: Option<Vec<u8>> =
                        token.chars().map(|c| byte_of.get(&c).copied()).collect();
                    table.bytes.extend(mapped.unwrap_or_else(|| token.as_bytes().to_vec()));
                } else if let Some(byte) = fallback_byte(token).filter(|_| fallback) {
                    stands_for_byte = true;
                    table.bytes.push(byte);
                } else {
                    table.bytes.extend(own_text(token, &steps).as_bytes());
                }
            }
            let end = u32::try_from(table.bytes.len()).map_err(|_| "vocabulary over 4 GiB")?;
            table.ends.push(end);
            table.special.push(special);
            table.byte_fallback.push(stands_for_byte);
        }
        Ok(table)
    }
}

/// The decoder's steps, sequences unrolled.
fn flatten(decoder: &Value) -> Vec<&Value> {
    match decoder["decoders"].as_array() {
        Some(steps) if decoder["type"] == "Sequence" => steps.iter().flat_map(flatten).collect(),
        _ if decoder.is_null() => Vec::new(),
        _ => vec![decoder],
    }
}

/// A token's text as it reads inside a sentence.
fn own_text(token: &str, steps: &[&Value]) -> String {
    let mut text = token.to_string();
    for step in steps {
        match step["type"].as_str() {
            Some("Metaspace") => {
                text = text.replace(step["replacement"].as_str().unwrap_or("\u{2581}"), " ");
            }
            Some("Replace") => {
                if let Some(pattern) = step["pattern"]["String"].as_str() {
                    text = text.replace(pattern, step["content"].as_str().unwrap_or(""));
                }
            }
            _ => {}
        }
    }
    text
}

fn fallback_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok())?
}

/// The byte-level alphabet of GPT-2: printable bytes stand for themselves, the rest for the
/// characters from U+0100 on.
fn alphabet() -> HashMap<char, u8> {
    let printable = |b: u8| matches!(b, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut next = 0x100u32;
    (0..=255u8)
        .map(|byte| {
            if printable(byte) {
                return (char::from(byte), byte);
            }
            let stand_in = char::from_u32(next).expect("below the surrogates");
            next += 1;
            (stand_in, byte)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{alphabet, fallback_byte};

    #[test]
    fn alphabet_covers_every_byte_once() {
        let map = alphabet();
        assert_eq!(map.len(), 256);
        assert_eq!(map[&'\u{120}'], b' ');
        assert_eq!(map[&'\u{10A}'], b'\n');
        assert_eq!(map[&'A'], b'A');
    }

    #[test]
    fn only_two_hex_digits_are_a_byte() {
        assert_eq!(fallback_byte("<0xE2>"), Some(0xE2));
        assert_eq!(fallback_byte("<0xE>"), None);
        assert_eq!(fallback_byte("<|x|>"), None);
    }
}
