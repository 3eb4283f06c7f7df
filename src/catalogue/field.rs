//! How a field is written down in the tables.

/// What a field holds. See `field-kind` in `wit/metadata.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text.
    Text,
    /// A whole number.
    Integer,
    /// A truth value.
    Boolean,
    /// Text, one of [`Field::choices`].
    Choice,
    /// Texts in order.
    TextList,
    /// Bytes.
    Bytes,
    /// An object of texts by name, JSON.
    TextMap,
    /// A structure, JSON.
    Json,
    /// A message attribute's value: text, a whole number, or bytes.
    AttributeValue,
}

/// What holds where a field is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// Nothing, or what the service makes of nothing.
    None,
    /// This text.
    Text(&'static str),
    /// This number.
    Integer(i32),
    /// This truth value.
    Boolean(bool),
    /// A list of this one text.
    One(&'static str),
}

/// An inclusive bound: of the number, of the text's length in characters, or of the list's length.
pub type Bound = Option<i32>;

/// Another field's name, and values of it.
pub type Condition = (&'static str, &'static [&'static str]);

/// One field of a form: a setting, or a property of a document.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Stable name, kebab-case. One that ends in `*` stands for all with that beginning.
    pub name: &'static str,
    /// AWS's name of the member or attribute that it stands for; empty where it is ours alone.
    pub member: &'static str,
    /// Short name for people.
    pub label: &'static str,
    /// What it does, its unit, and what happens without it.
    pub description: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether there is no working without it.
    pub required: bool,
    /// Masked in forms, never logged, never in an error.
    pub secret: bool,
    /// What holds without it.
    pub default: Default,
    /// The values of a choice, or suggestions for a text.
    pub choices: &'static [&'static str],
    /// Lower bound.
    pub minimum: Bound,
    /// Upper bound.
    pub maximum: Bound,
    /// Only while the named field has one of these values; an empty list: any value.
    pub shown_when: Option<&'static Condition>,
    /// More for forms: `group`, `unit`, `placeholder`, `pattern`.
    pub hints: &'static [(&'static str, &'static str)],
}

impl Field {
    /// A field that is optional, not secret, unbounded and without a default.
    pub const fn new(
        kind: Kind,
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            member: "",
            label,
            description,
            kind,
            required: false,
            secret: false,
            default: Default::None,
            choices: &[],
            minimum: None,
            maximum: None,
            shown_when: None,
            hints: &[],
        }
    }

    /// The same field, standing for a member of a request or an attribute of a queue.
    pub const fn member(mut self, member: &'static str) -> Self {
        self.member = member;
        self
    }

    /// The same field, required.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same field, secret.
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The same field with a default.
    pub const fn default(mut self, default: Default) -> Self {
        self.default = default;
        self
    }

    /// The same field with choices.
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    /// The same field within bounds.
    pub const fn between(mut self, minimum: i32, maximum: i32) -> Self {
        self.minimum = Some(minimum);
        self.maximum = Some(maximum);
        self
    }

    /// The same field, shown only while another has one of these values.
    pub const fn shown_when(mut self, condition: &'static Condition) -> Self {
        self.shown_when = Some(condition);
        self
    }

    /// The same field with hints for forms.
    pub const fn hints(mut self, hints: &'static [(&'static str, &'static str)]) -> Self {
        self.hints = hints;
        self
    }

    /// Whether this field is the one of that name.
    pub fn covers(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning) && name.len() > beginning.len(),
            None => self.name == name,
        }
    }
}
