//! Reading a filter: `or` binds loosest, then `and`, then `not`.

use super::{Literal, Operator, Path, Step, Test, number_of};

/// Parentheses and `not` within each other, at most: reading recurses.
const DEEPEST: usize = 32;

/// Symbols before words, longer ones before those that they begin with.
const OPERATORS: [(&str, Operator); 9] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("contains", Operator::Contains),
    ("starts-with", Operator::StartsWith),
    ("ends-with", Operator::EndsWith),
];

pub(super) fn filter(text: &str) -> Result<Test, String> {
    let mut reader = Reader {
        text,
        rest: text,
        depth: 0,
    };
    let test = reader.any()?;
    if reader.rest.trim_ascii_start().is_empty() {
        Ok(test)
    } else {
        Err(reader.expected("`and`, `or` or the end"))
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn any(&mut self) -> Result<Test, String> {
        let mut tests = vec![self.all()?];
        while self.word("or") {
            tests.push(self.all()?);
        }
        Ok(single(tests, Test::Any))
    }

    fn all(&mut self) -> Result<Test, String> {
        let mut tests = vec![self.one()?];
        while self.word("and") {
            tests.push(self.one()?);
        }
        Ok(single(tests, Test::All))
    }

    fn one(&mut self) -> Result<Test, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!(
                "has more than {DEEPEST} parentheses and `not` within each other"
            ));
        }
        let test = if self.word("not") {
            Test::Not(Box::new(self.one()?))
        } else if self.symbol("(") {
            let test = self.any()?;
            self.close()?;
            test
        } else if self.word("exists") {
            Test::Exists(self.path()?)
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(test)
    }

    fn condition(&mut self) -> Result<Test, String> {
        let path = self.path()?;
        if self.word("in") {
            if !self.symbol("(") {
                return Err(self.expected("`(`"));
            }
            let mut literals = vec![self.literal()?];
            while self.symbol(",") {
                literals.push(self.literal()?);
            }
            self.close()?;
            return Ok(Test::In(path, literals));
        }
        let operator = OPERATORS.iter().find(|(name, _)| {
            if name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
                self.word(name)
            } else {
                self.symbol(name)
            }
        });
        let Some((_, operator)) = operator else {
            return Err(self
                .expected("=, !=, <, <=, >, >=, `contains`, `starts-with`, `ends-with` or `in`"));
        };
        Ok(Test::Compare(path, *operator, self.literal()?))
    }

    fn close(&mut self) -> Result<(), String> {
        if self.symbol(")") {
            Ok(())
        } else {
            Err(self.expected("`)`"))
        }
    }

    /// `body` and steps into it, or the name of a property.
    fn path(&mut self) -> Result<Path, String> {
        let name = self.name();
        let mut parts = name.split('.');
        if parts.next() != Some("body") {
            return match name {
                "" => Err(self.expected("a property's name or `body`")),
                name => Ok(Path::Property(name.to_owned())),
            };
        }
        let mut steps = Vec::new();
        let mut parts: Vec<&str> = parts.collect();
        loop {
            // A point before a bracket stands for nothing: `body.["a"]` is a mistake.
            if parts.iter().any(|part| part.is_empty()) {
                return Err(self.expected("a member's name before this"));
            }
            steps.extend(parts.iter().map(|part| Step::Member((*part).to_owned())));
            parts.clear();
            // No space may stand before these: they belong to the path.
            if let Some(rest) = self.rest.strip_prefix('[') {
                self.rest = rest;
                steps.push(self.element()?);
                if !self.symbol("]") {
                    return Err(self.expected("`]`"));
                }
            } else if let Some(rest) = self.rest.strip_prefix('.') {
                self.rest = rest;
                parts = self.name_here().split('.').collect();
            } else {
                return Ok(Path::Body(steps));
            }
        }
    }

    /// What stands between brackets: a number, or a quoted name.
    fn element(&mut self) -> Result<Step, String> {
        match self.literal()? {
            Literal::Text(name) => Ok(Step::Member(name)),
            Literal::Number(number) if number >= 0.0 && number.fract() == 0.0 => {
                // Beyond what a list can hold it becomes the largest index, which leads nowhere.
                Ok(Step::Element(number as usize))
            }
            _ => Err(self.expected("an element's number, from 0, or a quoted name before this")),
        }
    }

    fn literal(&mut self) -> Result<Literal, String> {
        self.rest = self.rest.trim_ascii_start();
        for quote in ['\'', '"'] {
            if let Some(rest) = self.rest.strip_prefix(quote) {
                return self.quoted(rest, quote);
            }
        }
        for (word, literal) in [
            ("true", Literal::Boolean(true)),
            ("false", Literal::Boolean(false)),
            ("null", Literal::Null),
        ] {
            if self.word(word) {
                return Ok(literal);
            }
        }
        let before = self.rest;
        let end = before
            .find(|letter: char| !letter.is_ascii_alphanumeric() && !"+-.".contains(letter))
            .unwrap_or(before.len());
        let (number, rest) = before.split_at_checked(end).unwrap_or((before, ""));
        match number_of(number) {
            Some(number) => {
                self.rest = rest;
                Ok(Literal::Number(number))
            }
            None => Err(self.expected("a text in quotes, a number, true, false or null")),
        }
    }

    /// A text up to its quote; a quote in it, and a backslash, have a backslash before them.
    fn quoted(&mut self, rest: &'a str, quote: char) -> Result<Literal, String> {
        let mut text = String::new();
        let mut letters = rest.chars();
        while let Some(letter) = letters.next() {
            if letter == quote {
                self.rest = letters.as_str();
                return Ok(Literal::Text(text));
            }
            text.push(match letter {
                '\\' => match letters.next() {
                    Some(escaped @ ('\\' | '\'' | '"')) => escaped,
                    _ => {
                        return Err(self.expected("only \\\\, \\' and \\\" as escapes in the text"));
                    }
                },
                letter => letter,
            });
        }
        Err(self.expected("a text that ends with its quote"))
    }

    /// Takes a word, where it stands here as a whole one.
    fn word(&mut self, word: &str) -> bool {
        let found = self.rest.trim_ascii_start();
        let Some(rest) = found.strip_prefix(word) else {
            return false;
        };
        let whole = !rest.starts_with(is_of_a_name) && !rest.starts_with('.');
        if whole {
            self.rest = rest;
        }
        whole
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        match self.rest.trim_ascii_start().strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn name(&mut self) -> &'a str {
        self.rest = self.rest.trim_ascii_start();
        self.name_here()
    }

    fn name_here(&mut self) -> &'a str {
        let before = self.rest;
        let end = before
            .find(|letter| !is_of_a_name(letter) && letter != '.')
            .unwrap_or(before.len());
        let (name, rest) = before.split_at_checked(end).unwrap_or((before, ""));
        self.rest = rest;
        name
    }

    /// What is wrong here, by the number of the character.
    fn expected(&self, what: &str) -> String {
        let rest = self.rest.trim_ascii_start();
        let read = self.text.len().saturating_sub(rest.len());
        let before = self.text.get(..read).unwrap_or_default();
        format!(
            "at character {}: expected {what}",
            before.chars().count() + 1
        )
    }
}

/// Whether it may stand in a name that is not quoted; a letter of any language may, but no space
/// of any kind, which nobody would see there.
fn is_of_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
        || matches!(letter, '-' | '_')
        || !letter.is_ascii() && !letter.is_whitespace()
}

fn single(mut tests: Vec<Test>, many: fn(Vec<Test>) -> Test) -> Test {
    if tests.len() == 1
        && let Some(test) = tests.pop()
    {
        return test;
    }
    many(tests)
}
