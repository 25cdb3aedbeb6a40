//! A compiled chat template and one rendering of it.

use crate::bridge::guarded;
use crate::exact_json::{parse, Exact};
use crate::template_environment::{environment, without_generation_blocks, Refusal};
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error};
use serde_json::{Map, Value as Json};
use std::error::Error as _;

const NAME: &str = "chat template";
/// Of what a template says when it refuses.
const MESSAGE_BYTES_MAX: usize = 4096;

pub struct Template {
    environment: Environment<'static>,
}

pub fn compile_template(source: &[u8]) -> Result<Box<Template>, String> {
    guarded(|| {
        let source = std::str::from_utf8(source).map_err(|_| "not UTF-8".to_string())?;
        // Jinja knows one newline.
        let source = source.replace("\r\n", "\n").replace('\r', "\n");
        let mut environment = environment();
        environment
            .add_template_owned(NAME, without_generation_blocks(&source))
            .map_err(describe)?;
        Ok(Box::new(Template { environment }))
    })
}

impl Template {
    pub fn render(
        &self,
        messages: &[u8],
        tools: &[u8],
        variables: &[u8],
        options: &[u8],
        add_generation_prompt: bool,
    ) -> Result<String, String> {
        guarded(|| {
            let mut messages = parse(messages)?;
            for message in messages.as_array_mut().into_iter().flatten() {
                arguments_as_objects(message);
                name_reasoning(message);
            }
            let mut context = Map::new();
            context.insert("documents".into(), Json::Null);
            for source in [variables, options] {
                if let Json::Object(members) = parse(source)? {
                    context.extend(members);
                }
            }
            context.insert("messages".into(), messages);
            context.insert("tools".into(), parse(tools)?);
            context.insert("add_generation_prompt".into(), add_generation_prompt.into());
            let template = self.environment.get_template(NAME).map_err(describe)?;
            template.render(Value::from(Serde(Exact(&Json::Object(context))))).map_err(describe)
        })
    }
}

/// OpenAI sends a call's arguments as text; templates were written for the object in it.
fn arguments_as_objects(message: &mut Json) {
    let Some(calls) = message.get_mut("tool_calls").and_then(Json::as_array_mut) else {
        return;
    };
    for call in calls {
        let holder = if call.get("function").is_some_and(Json::is_object) {
            &mut call["function"]
        } else {
            call
        };
        let object = holder
            .get("arguments")
            .and_then(Json::as_str)
            .and_then(|text| parse(text.as_bytes()).ok())
            .filter(Json::is_object);
        if let Some(object) = object {
            holder["arguments"] = object;
        }
    }
}

/// A message's reasoning goes by three names; templates read the first or the second.
fn name_reasoning(message: &mut Json) {
    let Some(message) = message.as_object_mut() else {
        return;
    };
    let reasoning = ["reasoning_content", "thinking", "reasoning"]
        .iter()
        .find_map(|name| message.get(*name).filter(|value| !value.is_null()))
        .cloned();
    if let Some(reasoning) = reasoning {
        if !message.contains_key("thinking") {
            message.insert("thinking".into(), reasoning.clone());
        }
        message.insert("reasoning_content".into(), reasoning);
    }
}

fn describe(error: Error) -> String {
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(refusal) = source.downcast_ref::<Refusal>() {
            return shortened(&refusal.0);
        }
        cause = source.source();
    }
    shortened(&error.to_string())
}

fn shortened(message: &str) -> String {
    let mut end = message.len().min(MESSAGE_BYTES_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message[..end].to_string()
}
