//! Words: what the user typed after the command's name, rebuilt from the pieces into which splunkd splits it.
//!
//! splunkd splits at blanks, those round an equals sign too: `min_score = 70` arrives as three words. Some versions may
//! strip commas outside quotes, so `fields=a,b` arrives as `fields=a` and `b`. Quotes round a name or a value vanish from
//! `args` and stay in `raw_args`, which older versions lack. This module returns the same words in each case.

/// A character, and the quotes around it.
type Typed = (char, Quotes);

/// The quotes around a character. Inside them it has no special meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    /// splunkd takes them off in `args`.
    Double,
    /// splunkd leaves them, and this module takes them off: eval quotes a field's name with them.
    Single,
}

/// A word of the search, or an option with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawWord {
    characters: Vec<Typed>,
    /// Whether its end is a quoted text, which may be empty.
    ends_in_quotes: bool,
}

/// The words of a search, each option in one word with its value, from `args` and, if it is known, `raw_args`.
pub fn read(args: &[String], raw_args: &[String]) -> Vec<RawWord> {
    join_options(split(&pieces(args, raw_args)))
}

/// Whether `raw_args` shows how the words of `args` were typed.
pub fn is_typed_known(args: &[String], raw_args: &[String]) -> bool {
    args.len() == raw_args.len()
}

impl RawWord {
    /// The text without its quotes.
    pub fn text(&self) -> String {
        self.characters.iter().map(|(character, _)| character).collect()
    }

    /// Whether any part of it was in quotes.
    pub fn is_quoted(&self) -> bool {
        self.ends_in_quotes || self.characters.iter().any(|(_, quotes)| *quotes != Quotes::None)
    }

    /// Whether `character` is in it outside quotes.
    pub fn has_bare(&self, character: char) -> bool {
        self.characters.contains(&(character, Quotes::None))
    }

    /// Whether a comma outside quotes is its first, or its last character.
    pub fn comma_at_start_and_end(&self) -> (bool, bool) {
        let comma = Some(&(',', Quotes::None));
        (self.characters.first() == comma, !self.ends_in_quotes && self.characters.last() == comma)
    }

    /// The parts between commas outside quotes. Parts without a character are left out.
    pub fn split_at_commas(&self) -> Vec<RawWord> {
        let parts = self.characters.split(|typed| *typed == (',', Quotes::None));
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(|part| RawWord { characters: part.to_vec(), ends_in_quotes: false }).collect()
    }

    /// The name and the value, if it is an option.
    pub fn as_option(&self) -> Option<(String, RawWord)> {
        let equals = self.equals()?;
        let name: String = self.characters[..equals].iter().map(|(character, _)| character).collect();
        let value = self.characters[equals + 1..].to_vec();
        is_option_name(&name)
            .then_some((name, RawWord { characters: value, ends_in_quotes: self.ends_in_quotes }))
    }

    /// The items of its text: a list between quotes may have commas, blanks or both between its items.
    pub fn list_items(&self) -> Vec<String> {
        let pieces = self.characters.iter().map(|&(character, quotes)| match character {
            _ if quotes == Quotes::Single => Piece::Quoted(character),
            ',' => Piece::Gap,
            _ if character.is_whitespace() => Piece::Gap,
            _ => Piece::Bare(character),
        });
        let pieces: Vec<Piece> = pieces.collect();
        split(&pieces).iter().map(RawWord::text).filter(|item| !item.is_empty()).collect()
    }

    fn equals(&self) -> Option<usize> {
        self.characters.iter().position(|typed| *typed == ('=', Quotes::None))
    }

    fn append(&mut self, other: RawWord) {
        self.characters.extend(other.characters);
        self.ends_in_quotes = other.ends_in_quotes;
    }

    /// Whether its value is still to come: it ends in an equals sign.
    fn awaits_value(&self) -> bool {
        !self.ends_in_quotes && self.characters.last() == Some(&('=', Quotes::None))
    }
}

/// Whether a word before `=` can be an option's name.
fn is_option_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What the words are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// A character outside quotes.
    Bare(char),
    /// A character in double quotes.
    Quoted(char),
    /// Double quotes open here; nothing may follow in them.
    Quotes,
    /// A word of splunkd's ends here.
    Gap,
}

fn pieces(args: &[String], raw_args: &[String]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        let typed = raw_args.get(index).filter(|_| is_typed_known(args, raw_args));
        // Commas that splunkd strips from `args` only are still known.
        let same = |typed: &[Piece]| text_of(typed).replace(',', "") == arg.replace(',', "");
        match typed.map(|typed| (typed, unquote(typed))) {
            Some((_, typed)) if same(&typed) => pieces.extend(typed.into_iter().map(without_bare_blank)),
            // The quotes do not match `args`: its text counts, as one quoted name.
            Some((typed, _)) if typed.starts_with('"') => {
                pieces.push(Piece::Quotes);
                pieces.extend(arg.chars().map(Piece::Quoted));
            }
            // Only quotes keep a blank of ASCII inside a word.
            _ => pieces.extend(arg.chars().map(|character| {
                let is_blank = character.is_ascii_whitespace();
                if is_blank { Piece::Quoted(character) } else { without_bare_blank(Piece::Bare(character)) }
            })),
        }
        pieces.push(Piece::Gap);
    }
    pieces
}

/// A blank outside quotes ends a word: a search that comes from a web page or a mail has blanks at which splunkd does not
/// split.
fn without_bare_blank(piece: Piece) -> Piece {
    match piece {
        Piece::Bare(character) if character.is_whitespace() && character != ' ' => Piece::Gap,
        piece => piece,
    }
}

/// A word as typed: double quotes with `\"` and `\\` inside.
fn unquote(typed: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut in_quotes = false;
    let mut characters = typed.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                in_quotes = !in_quotes;
                if in_quotes {
                    pieces.push(Piece::Quotes);
                }
            }
            '\\' if in_quotes => {
                let escaped = characters.next_if(|next| matches!(next, '"' | '\\'));
                pieces.push(Piece::Quoted(escaped.unwrap_or('\\')));
            }
            _ if in_quotes => pieces.push(Piece::Quoted(character)),
            _ => pieces.push(Piece::Bare(character)),
        }
    }
    pieces
}

fn text_of(pieces: &[Piece]) -> String {
    let character = |piece: &Piece| match piece {
        Piece::Bare(character) | Piece::Quoted(character) => Some(*character),
        Piece::Quotes | Piece::Gap => None,
    };
    pieces.iter().filter_map(character).collect()
}

/// The words between gaps. A pair of single quotes round a name or a value is taken off; it may hold gaps, each of which is
/// a blank.
fn split(pieces: &[Piece]) -> Vec<RawWord> {
    let mut words = Vec::new();
    let mut word: Option<RawWord> = None;
    let mut index = 0;
    while let Some(piece) = pieces.get(index) {
        index += 1;
        if *piece == Piece::Gap {
            words.extend(word.take());
            continue;
        }
        let current = word.get_or_insert_with(|| RawWord { characters: Vec::new(), ends_in_quotes: false });
        current.ends_in_quotes = matches!(piece, Piece::Quotes | Piece::Quoted(_));
        match *piece {
            Piece::Bare('\'') => match closing_quote(current, &pieces[index..]) {
                Some(length) => {
                    let inside = pieces[index..index + length].iter();
                    current.characters.extend(inside.filter_map(|piece| match piece {
                        Piece::Bare(character) | Piece::Quoted(character) => {
                            Some((*character, Quotes::Single))
                        }
                        Piece::Gap => Some((' ', Quotes::Single)),
                        Piece::Quotes => None,
                    }));
                    current.ends_in_quotes = true;
                    index += length + 1;
                }
                None => current.characters.push(('\'', Quotes::None)),
            },
            Piece::Bare(character) => current.characters.push((character, Quotes::None)),
            Piece::Quoted(character) => current.characters.push((character, Quotes::Double)),
            Piece::Quotes | Piece::Gap => {}
        }
    }
    words.extend(word);
    words
}

/// How many pieces lie between a single quote after `before` and the one that closes it. A quote inside a word, such as an
/// apostrophe, has none.
fn closing_quote(before: &RawWord, after: &[Piece]) -> Option<usize> {
    let opens = matches!(before.characters.last(), None | Some(('=' | ',', Quotes::None)));
    let closes = |index: &usize| {
        let next = after.get(index + 1).copied().unwrap_or(Piece::Gap);
        after[*index] == Piece::Bare('\'') && matches!(next, Piece::Gap | Piece::Bare('=' | ','))
    };
    (0..after.len()).find(closes).filter(|_| opens)
}

/// Puts name, equals sign and value into one word.
fn join_options(words: Vec<RawWord>) -> Vec<RawWord> {
    let starts_with_equals = |word: &RawWord| word.equals() == Some(0);
    let mut joined: Vec<RawWord> = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let next_is_equals = words.peek().is_some_and(starts_with_equals);
        match joined.last_mut() {
            Some(last)
                if starts_with_equals(&word) && last.equals().is_none() && is_option_name(&last.text()) =>
            {
                last.append(word);
            }
            Some(last)
                if last.awaits_value()
                    && last.as_option().is_some()
                    && is_value(&word)
                    && !next_is_equals =>
            {
                last.append(word);
            }
            _ => joined.push(word),
        }
    }
    joined
}

/// Whether a word can be the value of an option whose equals sign comes before it.
fn is_value(word: &RawWord) -> bool {
    word.equals().is_none() && (word.is_quoted() || !word.text().eq_ignore_ascii_case("by"))
}
