//! What of JSON Schema the fixture uses.

use serde_json::Value;

/// What is wrong with a value, one line a fault.
pub fn faults(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        found.push(format!("{place}: {value} is none of {allowed:?}"));
    }
    match schema["type"].as_str() {
        Some("object") => object(schema, value, place, &mut found),
        Some("array") => match value.as_array() {
            None => found.push(format!("{place}: {value} is no array")),
            Some(items) => {
                for (at, item) in items.iter().enumerate() {
                    found.extend(faults(&schema["items"], item, &format!("{place}[{at}]")));
                }
            }
        },
        Some("string") if !value.is_string() => found.push(format!("{place}: {value} is no text")),
        Some("integer") if !value.is_u64() => found.push(format!("{place}: {value} is no number")),
        _ => {}
    }
    found
}

fn object(schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let Some(fields) = value.as_object() else {
        return found.push(format!("{place}: {value} is no object"));
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            found.push(format!("{place}: {name} is missing"));
        }
    }
    for (name, value) in fields {
        let place = format!("{place}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => {
                found.push(format!("{place}: there is no such field"))
            }
            (Value::Null, other) => found.extend(faults(other, value, &place)),
            (property, _) => found.extend(faults(property, value, &place)),
        }
    }
}
