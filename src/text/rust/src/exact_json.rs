//! JSON whose integers stay whole: serde_json keeps those of 64 bits and rounds the wider ones.
//! A wider one is read as a string with a sign in front that no JSON text of ours begins with, and
//! is a number of 128 bits again before a template sees it; beyond that it is rounded.

use serde::ser::{Serialize, Serializer};
use serde_json::Value as Json;
use std::borrow::Cow;

/// A code point of private use, twice.
const WIDE: &str = "\u{F8FE}\u{F8FE}";
/// As many digits fit 64 bits.
const DIGITS_WHOLE: usize = 18;

pub fn parse(json: &[u8]) -> Result<Json, String> {
    serde_json::from_slice(&with_signs(json)).map_err(|e| e.to_string())
}

/// What is parsed, as templates see it.
pub struct Exact<'a>(pub &'a Json);

impl Serialize for Exact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Array(items) => serializer.collect_seq(items.iter().map(Exact)),
            Json::Object(members) => {
                serializer.collect_map(members.iter().map(|(key, value)| (key, Exact(value))))
            }
            Json::String(text) => match text.strip_prefix(WIDE) {
                None => serializer.serialize_str(text),
                Some(digits) => match digits.parse::<i128>() {
                    Ok(whole) => serializer.serialize_i128(whole),
                    Err(_) => match digits.parse::<f64>() {
                        Ok(rounded) => serializer.serialize_f64(rounded),
                        Err(_) => serializer.serialize_str(text), // somebody's own text
                    },
                },
            },
            other => other.serialize(serializer),
        }
    }
}

/// Puts the sign before each integer of more than 64 bits. What is no JSON stays none.
fn with_signs(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let (mut at, mut copied) = (0, 0);
    while at < json.len() {
        match json[at] {
            b'"' => at = behind_string(json, at),
            b'-' | b'0'..=b'9' => {
                let end = json[at..]
                    .iter()
                    .position(|c| !matches!(c, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                    .map_or(json.len(), |length| at + length);
                if is_wide(&json[at..end]) {
                    let out = out.get_or_insert_with(Vec::new);
                    out.extend_from_slice(&json[copied..at]);
                    out.push(b'"');
                    out.extend_from_slice(WIDE.as_bytes());
                    out.extend_from_slice(&json[at..end]);
                    out.push(b'"');
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    match out {
        None => Cow::Borrowed(json),
        Some(mut out) => {
            out.extend_from_slice(&json[copied..]);
            Cow::Owned(out)
        }
    }
}

fn is_wide(number: &[u8]) -> bool {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    digits.len() > DIGITS_WHOLE
        && digits[0] != b'0'
        && digits.iter().all(u8::is_ascii_digit)
        && std::str::from_utf8(number)
            .is_ok_and(|text| text.parse::<i64>().is_err() && text.parse::<u64>().is_err())
}

/// The first byte behind the string that begins at `at`.
fn behind_string(json: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < json.len() {
        match json[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}
