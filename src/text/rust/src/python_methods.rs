//! Methods of Python strings that templates use and minijinja-contrib's pycompat lacks.

use minijinja::value::{from_args, Value};
use minijinja::{Error, ErrorKind, State};

pub fn call(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    match value.as_str().and_then(|text| string_method(text, method, args)) {
        Some(result) => result,
        None => minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args),
    }
}

/// Nothing for a method that is not ours.
fn string_method(text: &str, method: &str, args: &[Value]) -> Option<Result<Value, Error>> {
    Some(match method {
        "removeprefix" => one(args).map(|fix| text.strip_prefix(fix).unwrap_or(text).into()),
        "removesuffix" => one(args).map(|fix| text.strip_suffix(fix).unwrap_or(text).into()),
        "partition" => one(args).map(|by| match text.split_once(by) {
            Some((head, tail)) => list([head, by, tail]),
            None => list([text, "", ""]),
        }),
        "rpartition" => one(args).map(|by| match text.rsplit_once(by) {
            Some((head, tail)) => list([head, by, tail]),
            None => list(["", "", text]),
        }),
        "rsplit" => rsplit(text, args),
        _ => return None,
    })
}

fn list<'a>(parts: impl IntoIterator<Item = &'a str>) -> Value {
    Value::from_iter(parts.into_iter().map(str::to_string))
}

fn one(args: &[Value]) -> Result<&str, Error> {
    let (text,): (&str,) = from_args(args)?;
    Ok(text)
}

fn rsplit(text: &str, args: &[Value]) -> Result<Value, Error> {
    let (by, limit): (Option<&str>, Option<i64>) = from_args(args)?;
    let parts_max = limit.filter(|n| *n >= 0).map_or(usize::MAX, |n| n as usize + 1);
    let mut parts: Vec<&str> = match by {
        Some("") => {
            return Err(Error::new(ErrorKind::InvalidOperation, "rsplit: empty separator"));
        }
        Some(by) => text.rsplitn(parts_max, by).collect(),
        None if parts_max == usize::MAX => text.split_whitespace().rev().collect(),
        None => {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "rsplit: a limit needs a separator",
            ));
        }
    };
    parts.reverse();
    Ok(list(parts))
}
