//! The Jinja environment that transformers gives a chat template, in minijinja's terms.

use crate::json_text::{dumps, Style};
use crate::python_methods;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use std::ffi::CString;

/// Instructions a rendering may take: a thousand long messages need well under a million.
const FUEL_MAX: u64 = 20_000_000;
const STRFTIME_BYTES_MAX: usize = 512;

/// What the template itself refuses, in its own words.
#[derive(Debug)]
pub struct Refusal(pub String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Refusal {}

pub fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    let whitespace = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    env.set_syntax(whitespace.expect("the default delimiters"));
    env.set_undefined_behavior(UndefinedBehavior::Lenient);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_fuel(Some(FUEL_MAX));
    env.set_debug(false);
    env.set_unknown_method_callback(python_methods::call);
    env.add_filter("tojson", tojson);
    env.add_function("raise_exception", raise_exception);
    env.add_function("strftime_now", strftime_now);
    // Python's notions: a string and a mapping can be indexed and iterated, None can't.
    env.add_test("sequence", |v: &Value| {
        matches!(
            v.kind(),
            ValueKind::Seq | ValueKind::String | ValueKind::Map | ValueKind::Undefined
        )
    });
    env.add_test("iterable", |v: &Value| v.kind() != ValueKind::None && v.try_iter().is_ok());
    env
}

/// transformers' own `{% generation %}` block only marks text for training: its body stays.
pub fn without_generation_blocks(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let (before, block) = rest.split_at(start);
        out.push_str(before);
        let Some(length) = block.find("%}").map(|end| end + 2) else {
            rest = block;
            break;
        };
        let (block, after) = block.split_at(length);
        let word =
            block[2..length - 2].trim_matches(|c: char| c.is_whitespace() || "-+".contains(c));
        match word {
            "generation" => out.push_str(&block.replace("generation", "if true")),
            "endgeneration" => out.push_str(&block.replace("endgeneration", "endif")),
            _ => out.push_str(block),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False)
fn tojson(value: &Value, args: Rest<Value>, kwargs: Kwargs) -> Result<String, Error> {
    let argument = |index: usize, name: &str| -> Result<Option<Value>, Error> {
        let value = match args.get(index) {
            Some(value) => Some(value.clone()),
            None => kwargs.get::<Option<Value>>(name)?,
        };
        Ok(value.filter(|v| !v.is_none() && !v.is_undefined()))
    };
    let ascii_only = argument(0, "ensure_ascii")?.is_some_and(|v| v.is_true());
    let indent = match argument(1, "indent")? {
        None => None,
        Some(v) if v.as_str().is_some() => v.as_str().map(str::to_string),
        Some(v) => Some(" ".repeat(usize::try_from(v.as_i64().unwrap_or(0)).unwrap_or(0).min(64))),
    };
    let (item_separator, key_separator) = match argument(2, "separators")? {
        Some(pair) => {
            (pair.get_item_by_index(0)?.to_string(), pair.get_item_by_index(1)?.to_string())
        }
        None => (if indent.is_some() { "," } else { ", " }.to_string(), ": ".to_string()),
    };
    let sort_keys = argument(3, "sort_keys")?.is_some_and(|v| v.is_true());
    kwargs.assert_all_used()?;
    dumps(value, &Style { ascii_only, indent, item_separator, key_separator, sort_keys })
}

fn raise_exception(message: Value) -> Result<Value, Error> {
    let message = message.to_string();
    Err(Error::new(ErrorKind::InvalidOperation, message.clone()).with_source(Refusal(message)))
}

/// Local time, as datetime.now().strftime() has it.
fn strftime_now(format: &str) -> Result<String, Error> {
    let invalid =
        |what: &str| Error::new(ErrorKind::InvalidOperation, format!("strftime_now: {what}"));
    if format.is_empty() {
        return Ok(String::new());
    }
    let format = CString::new(format).map_err(|_| invalid("a NUL in the format"))?;
    let mut buffer = [0u8; STRFTIME_BYTES_MAX];
    // SAFETY: all pointers are to live locals, and strftime gets the buffer's true size.
    let written = unsafe {
        let now = libc::time(std::ptr::null_mut());
        let mut parts: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&now, &mut parts).is_null() {
            return Err(invalid("no local time"));
        }
        libc::strftime(buffer.as_mut_ptr().cast(), buffer.len(), format.as_ptr(), &parts)
    };
    if written == 0 {
        return Err(invalid("the result is too long"));
    }
    Ok(String::from_utf8_lossy(&buffer[..written]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::without_generation_blocks;

    #[test]
    fn generation_blocks_keep_their_body() {
        assert_eq!(
            without_generation_blocks("a{%- generation -%} b {% endgeneration %}c{% if x %}"),
            "a{%- if true -%} b {% endif %}c{% if x %}"
        );
    }
}
