//! A PDF in an order that is the same every time.
//!
//! svg2pdf keeps fonts and resources in hash maps, and writes equal objects in another order each
//! time. Here they are numbered in the order in which the page refers to them, with the entries of
//! each dictionary by name. Only what svg2pdf writes is understood: objects one after another, each
//! stream with its length, nothing encrypted or updated.

use std::collections::BTreeMap;
use std::io::Write;

/// A value of an object.
enum Value {
    /// By name, sorted.
    Dictionary(BTreeMap<Vec<u8>, Value>),
    Array(Vec<Value>),
    /// The object of a number.
    Reference(u32),
    /// A name, number, string or keyword as it is written.
    Plain(Vec<u8>),
}

struct Object {
    value: Value,
    stream: Option<Vec<u8>>,
}

/// The same PDF, its objects and entries in the order of use; `None` where it is not understood.
pub(super) fn in_stable_order(pdf: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader { bytes: pdf, at: 0 };
    reader.skip_space();
    let header = &pdf[..reader.at];
    let mut objects = BTreeMap::new();
    while !reader.take(b"xref") {
        let (number, object) = reader.object()?;
        objects.insert(number, object);
        reader.skip_space();
    }
    while !reader.take(b"trailer") {
        reader.word()?;
        reader.skip_space();
    }
    let Value::Dictionary(mut trailer) = reader.value()? else {
        return None;
    };
    trailer.remove(b"/Size".as_slice());
    let mut order = Vec::new();
    // The document before what is said of it.
    for key in ["/Root", "/Info"] {
        if let Some(value) = trailer.get(key.as_bytes()) {
            in_order_of_use(value, &objects, &mut order)?;
        }
    }
    Some(written(header, trailer, &objects, &order))
}

/// Adds the numbers of the objects that a value leads to.
fn in_order_of_use(
    value: &Value,
    objects: &BTreeMap<u32, Object>,
    order: &mut Vec<u32>,
) -> Option<()> {
    match value {
        Value::Plain(_) => {}
        Value::Reference(number) if order.contains(number) => {}
        Value::Reference(number) => {
            order.push(*number);
            in_order_of_use(&objects.get(number)?.value, objects, order)?;
        }
        Value::Array(values) => {
            for value in values {
                in_order_of_use(value, objects, order)?;
            }
        }
        Value::Dictionary(entries) => {
            for value in entries.values() {
                in_order_of_use(value, objects, order)?;
            }
        }
    }
    Some(())
}

fn written(
    header: &[u8],
    mut trailer: BTreeMap<Vec<u8>, Value>,
    objects: &BTreeMap<u32, Object>,
    order: &[u32],
) -> Vec<u8> {
    let numbers: BTreeMap<u32, usize> = order.iter().copied().zip(1..).collect();
    let mut out = header.to_vec();
    let mut table = String::from("0000000000 65535 f\r\n");
    for (index, number) in order.iter().enumerate() {
        table += &format!("{:010} 00000 n\r\n", out.len());
        let object = &objects[number];
        add(&mut out, &format!("{} 0 obj\n", index + 1));
        write_value(&mut out, &object.value, &numbers);
        if let Some(stream) = &object.stream {
            add(&mut out, "\nstream\n");
            out.extend(stream);
            add(&mut out, "\nendstream");
        }
        add(&mut out, "\nendobj\n\n");
    }
    let (start, size) = (out.len(), order.len() + 1);
    trailer.insert(b"/Size".into(), Value::Plain(size.to_string().into()));
    add(&mut out, &format!("xref\n0 {size}\n{table}trailer\n"));
    write_value(&mut out, &Value::Dictionary(trailer), &numbers);
    add(&mut out, &format!("\nstartxref\n{start}\n%%EOF"));
    out
}

fn write_value(out: &mut Vec<u8>, value: &Value, numbers: &BTreeMap<u32, usize>) {
    match value {
        Value::Plain(bytes) => out.extend(bytes),
        Value::Reference(number) => add(out, &format!("{} 0 R", numbers[number])),
        Value::Array(values) => {
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                write_value(out, value, numbers);
            }
            out.push(b']');
        }
        Value::Dictionary(entries) => {
            add(out, "<<");
            for (name, value) in entries {
                out.push(b'\n');
                out.extend(name);
                out.push(b' ');
                write_value(out, value, numbers);
            }
            add(out, "\n>>");
        }
    }
}

fn add(out: &mut Vec<u8>, text: &str) {
    out.write_all(text.as_bytes())
        .expect("writing to memory does not fail");
}

/// A place in the file.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// `12 0 obj VALUE endobj`, with or without a stream.
    fn object(&mut self) -> Option<(u32, Object)> {
        let number = self.number()?;
        self.number()?;
        self.skip_space();
        self.expect(b"obj")?;
        let value = self.value()?;
        self.skip_space();
        let mut stream = None;
        if self.take(b"stream\n") {
            let Value::Dictionary(entries) = &value else {
                return None;
            };
            let Value::Plain(length) = entries.get(b"/Length".as_slice())? else {
                return None;
            };
            let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
            let end = self.at.checked_add(length)?;
            stream = Some(self.bytes.get(self.at..end)?.to_vec());
            self.at = end;
            self.skip_space();
            self.expect(b"endstream")?;
            self.skip_space();
        }
        self.expect(b"endobj")?;
        Some((number, Object { value, stream }))
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_space();
        match self.rest() {
            [b'<', b'<', ..] => self.dictionary(),
            [b'<', ..] => self.up_to(b'>'),
            [b'[', ..] => self.array(),
            [b'(', ..] => self.string(),
            [b'0'..=b'9', ..] => self.reference_or_number(),
            _ => Some(Value::Plain(self.word()?.to_vec())),
        }
    }

    fn dictionary(&mut self) -> Option<Value> {
        let mut entries = BTreeMap::new();
        self.expect(b"<<")?;
        self.skip_space();
        while !self.take(b">>") {
            let name = self.word()?.to_vec();
            entries.insert(name, self.value()?);
            self.skip_space();
        }
        Some(Value::Dictionary(entries))
    }

    fn array(&mut self) -> Option<Value> {
        let mut values = Vec::new();
        self.expect(b"[")?;
        self.skip_space();
        while !self.take(b"]") {
            values.push(self.value()?);
            self.skip_space();
        }
        Some(Value::Array(values))
    }

    /// A string in parentheses, which may hold others in pairs.
    fn string(&mut self) -> Option<Value> {
        let start = self.at;
        let mut depth = 0;
        loop {
            match self.rest() {
                [b'\\', _, ..] => self.at += 1,
                [b'(', ..] => depth += 1,
                [b')', ..] => depth -= 1,
                [] => return None,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(Value::Plain(self.bytes[start..self.at].to_vec()));
            }
        }
    }

    fn up_to(&mut self, end: u8) -> Option<Value> {
        let length = 1 + self.rest().iter().position(|byte| *byte == end)?;
        let bytes = self.rest()[..length].to_vec();
        self.at += length;
        Some(Value::Plain(bytes))
    }

    /// `12 0 R`, or the number alone.
    fn reference_or_number(&mut self) -> Option<Value> {
        let first = self.word()?;
        let behind = self.at;
        if let Ok(number) = std::str::from_utf8(first).ok()?.parse()
            && self.number() == Some(0)
        {
            self.skip_space();
            if self.word() == Some(b"R") {
                return Some(Value::Reference(number));
            }
        }
        self.at = behind;
        Some(Value::Plain(first.to_vec()))
    }

    fn number(&mut self) -> Option<u32> {
        self.skip_space();
        std::str::from_utf8(self.word()?).ok()?.parse().ok()
    }

    /// What goes on to the next space or delimiter; a name begins with one.
    fn word(&mut self) -> Option<&'a [u8]> {
        let bytes = &self.bytes[self.at..];
        let behind_first = bytes.iter().skip(1);
        let length = 1 + behind_first.take_while(|byte| is_regular(**byte)).count();
        let word = bytes.get(..length)?;
        self.at += length;
        Some(word)
    }

    /// Spaces and comments.
    fn skip_space(&mut self) {
        while let [byte, ..] = self.rest() {
            if *byte == b'%' {
                let is_in_line = |byte: &&u8| !matches!(**byte, b'\n' | b'\r');
                self.at += self.rest().iter().take_while(is_in_line).count();
            } else if is_space(*byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn expect(&mut self, text: &[u8]) -> Option<()> {
        self.take(text).then_some(())
    }

    fn take(&mut self, text: &[u8]) -> bool {
        let is_there = self.rest().starts_with(text);
        if is_there {
            self.at += text.len();
        }
        is_there
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !b"()<>[]{}/%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &[u8] = b"%PDF-1.7\n1 0 obj\n<</Kids [3 0 R 2 0 R]/A (a\\)(b))>>\nendobj\n\
        2 0 obj\n<</Length 8>>\nstream\nendobj 1\nendstream\nendobj\n3 0 obj\n[0 0.5 -1 <0a> null]\nendobj\n\
        xref\n0 0\ntrailer\n<</Size 4/Root 1 0 R>>\nstartxref\n9\n%%EOF";
    const SAME: &[u8] = b"%PDF-1.7\n2 0 obj\n[0 0.5 -1 <0a> null]\nendobj\n\
        4 0 obj\n<</A (a\\)(b))/Kids [2 0 R 3 0 R]>>\nendobj\n\
        3 0 obj\n<</Length 8>>\nstream\nendobj 1\nendstream\nendobj\n\
        xref\n0 0\ntrailer\n<</Size 5/Root 4 0 R>>\nstartxref\n9\n%%EOF";

    #[test]
    fn equal_objects_in_another_order_give_the_same_bytes() {
        let stable = in_stable_order(FIRST).unwrap();
        assert_eq!(in_stable_order(SAME).as_ref(), Some(&stable));
        assert_eq!(in_stable_order(&stable), Some(stable.clone()));
        let text = String::from_utf8(stable).unwrap();
        let begin = "%PDF-1.7\n1 0 obj\n<<\n/A (a\\)(b))\n/Kids [2 0 R 3 0 R]\n>>\nendobj\n\n2 0 obj\n[0 0.5";
        assert!(text.starts_with(begin), "{text}");
        for (index, line) in text.split("\r\n").skip(1).take(3).enumerate() {
            let offset: usize = line[..10].parse().unwrap();
            let object = format!("{} 0 obj", index + 1);
            assert!(text[offset..].starts_with(&object), "{line}");
        }
    }

    #[test]
    fn a_file_that_is_cut_is_not_understood() {
        for end in [0, 20, 70, 120, FIRST.len() - 40] {
            assert!(in_stable_order(&FIRST[..end]).is_none(), "{end}");
        }
    }
}
