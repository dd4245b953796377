//! Records that are not numbers: texts, files, signatures.

use crate::model::{ModelError, text};

/// What a document is. The numbers stand in signed bytes and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DocumentKind {
    /// An act of the audit log: who did what, when, from where, with what outcome.
    Act = 1,
    /// A partner card.
    Card = 2,
    /// The text of an agreement.
    AgreementText = 3,
    /// A party's signature under an agreement.
    AgreementSignature = 4,
    /// A party's notice that an agreement ends.
    AgreementEnd = 5,
    /// What a ministry submitted: its checked form.
    Submission = 6,
    /// The file as the ministry gave it.
    SubmissionSource = 7,
    /// The state of the house at one entry, from which a start can go on.
    Checkpoint = 8,
    /// A remark on figures, for partners to read.
    Comment = 9,
    /// A definition used in statistics.
    Definition = 10,
    /// The text of a Migration Profile or a section of it.
    Profile = 11,
    /// Dates at which releases are announced.
    Calendar = 12,
    /// A declared crisis or its end.
    Crisis = 13,
    /// The payload of an entry was erased.
    Erasure = 14,
    /// Metadata on quality.
    Quality = 15,
    /// A mapping from a ministry's file to the data structure.
    Mapping = 16,
    /// Anything else.
    Other = 17,
    /// The upper protection levels of a submission's totals that few contribute to. For the publisher alone.
    ProtectionLevels = 18,
    /// A publisher's word on which of two entries that it signed for one place stands.
    ForkResolution = 19,
    /// A key to which others seal for its publisher.
    SealingKey = 20,
    /// Keys of sealed entries, for recipients that had none when they were sealed.
    Opening = 21,
}

impl DocumentKind {
    /// All kinds.
    pub const ALL: [Self; 21] = [
        Self::Act,
        Self::Card,
        Self::AgreementText,
        Self::AgreementSignature,
        Self::AgreementEnd,
        Self::Submission,
        Self::SubmissionSource,
        Self::Checkpoint,
        Self::Comment,
        Self::Definition,
        Self::Profile,
        Self::Calendar,
        Self::Crisis,
        Self::Erasure,
        Self::Quality,
        Self::Mapping,
        Self::Other,
        Self::ProtectionLevels,
        Self::ForkResolution,
        Self::SealingKey,
        Self::Opening,
    ];

    /// The number that stands for the kind in signed bytes.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.code() == code)
    }
}

/// What stands on the cover: all of a document but its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentLabel {
    kind: DocumentKind,
    id: Box<str>,
    lang: Box<str>,
    title: Box<str>,
    media_type: Box<str>,
}

/// One part of a document. A long document is cut so that each part fits a block with room to spare.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Document {
    label: DocumentLabel,
    part: u32,
    parts: u32,
    body: Vec<u8>,
}

/// Bytes of one part: a block of plain records holds about 64 KiB.
pub const MAX_BODY: usize = 48 * 1024;
/// Parts of one document: with [`MAX_BODY`] it bounds a document to 192 MiB.
pub const MAX_PARTS: u32 = 4096;
/// Characters of an id: a hash in hexadecimal with a path before it.
const MAX_ID: usize = 128;
/// Characters of a title.
const MAX_TITLE: usize = 300;
/// Characters of a media type, after RFC 6838 (127 on each side of the slash, used by nobody).
const MAX_MEDIA_TYPE: usize = 100;
/// Characters of a language tag that RFC 5646 asks everyone to support.
const MAX_LANG: usize = 35;

impl DocumentLabel {
    /// A label; `lang` is a BCP 47 tag, or empty for bytes without language.
    ///
    /// # Errors
    ///
    /// [`ModelError::Document`] names the part that cannot be.
    pub fn new(
        kind: DocumentKind,
        id: &str,
        lang: &str,
        title: &str,
        media_type: &str,
    ) -> Result<Self, ModelError> {
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(is_id_byte) {
            return Err(ModelError::document(
                "id",
                id,
                "write 1 to 128 letters, digits, or any of - _ . : / +",
            ));
        }
        if !is_language(lang) {
            return Err(ModelError::document("lang", lang, "write a language tag such as en or pt-BR"));
        }
        if !is_media_type(media_type) {
            return Err(ModelError::document("media_type", media_type, "write it as text/plain"));
        }
        let title =
            text::checked(title, MAX_TITLE).map_err(|why| ModelError::document("title", title, why))?;
        Ok(Self { kind, id: id.into(), lang: lang.into(), title, media_type: media_type.into() })
    }

    /// What the document is.
    #[must_use]
    pub const fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// Its name among its kind.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The language tag, or nothing.
    #[must_use]
    pub fn lang(&self) -> &str {
        &self.lang
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The media type.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.media_type
    }
}

impl Document {
    /// One part out of `parts`, counted from 0.
    ///
    /// # Errors
    ///
    /// [`ModelError::Document`] if there can be no such part or its body is too long.
    pub fn new(label: DocumentLabel, part: u32, parts: u32, body: Vec<u8>) -> Result<Self, ModelError> {
        if part >= parts || parts > MAX_PARTS {
            let value = format!("{part} of {parts}");
            return Err(ModelError::document("part", &value, "parts count from 0, up to 4096 in all"));
        }
        if body.len() > MAX_BODY {
            let value = format!("{} bytes", body.len());
            return Err(ModelError::document("body", &value, "a part has at most 48 KiB; cut the document"));
        }
        Ok(Self { label, part, parts, body })
    }

    /// Cuts a document of any length into its parts.
    ///
    /// # Errors
    ///
    /// [`ModelError::Document`] over 192 MiB.
    pub fn split(label: &DocumentLabel, body: &[u8]) -> Result<Vec<Self>, ModelError> {
        if body.is_empty() {
            return Ok(vec![Self::new(label.clone(), 0, 1, Vec::new())?]);
        }
        let parts = u32::try_from(body.len().div_ceil(MAX_BODY)).unwrap_or(u32::MAX);
        let pieces = (0..parts).zip(body.chunks(MAX_BODY));
        pieces.map(|(part, piece)| Self::new(label.clone(), part, parts, piece.to_vec())).collect()
    }

    /// Puts the parts of one document together again; `None` if they are not all its parts in order.
    #[must_use]
    pub fn join(parts: &[Self]) -> Option<Vec<u8>> {
        let first = parts.first()?;
        let whole = usize::try_from(first.parts).ok()? == parts.len();
        let in_order = (0..first.parts)
            .zip(parts)
            .all(|(at, p)| p.part == at && p.parts == first.parts && p.label == first.label);
        (whole && in_order).then(|| parts.iter().flat_map(|p| &p.body).copied().collect())
    }

    /// What stands on the cover.
    #[must_use]
    pub const fn label(&self) -> &DocumentLabel {
        &self.label
    }

    /// What the document is.
    #[must_use]
    pub const fn kind(&self) -> DocumentKind {
        self.label.kind
    }

    /// Its name among its kind.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.label.id
    }

    /// Which part, from 0.
    #[must_use]
    pub const fn part(&self) -> u32 {
        self.part
    }

    /// Out of how many.
    #[must_use]
    pub const fn parts(&self) -> u32 {
        self.parts
    }

    /// The bytes of this part.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

const fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'+')
}

fn is_language(tag: &str) -> bool {
    let subtag = |s: &str| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric());
    let primary = tag.split('-').next().unwrap_or_default();
    tag.is_empty()
        || (tag.len() <= MAX_LANG
            && tag.split('-').all(subtag)
            && (2..=3).contains(&primary.len())
            && primary.bytes().all(|b| b.is_ascii_lowercase()))
}

fn is_media_type(text: &str) -> bool {
    let name = |s: &str| {
        !s.is_empty()
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_'))
    };
    text.len() <= MAX_MEDIA_TYPE && text.split_once('/').is_some_and(|(a, b)| name(a) && name(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> DocumentLabel {
        DocumentLabel::new(DocumentKind::Comment, "2017/ITA-ESP", "en", "On 2017", "text/plain").unwrap()
    }

    #[test]
    fn labels_refuse_what_cannot_be() {
        let make = |id: &str, lang: &str, title: &str, media: &str| {
            DocumentLabel::new(DocumentKind::Comment, id, lang, title, media).is_ok()
        };
        assert!(make("a", "", "", "text/plain"));
        assert!(make("a", "pt-BR", "título", "application/vnd.sdmx.data+csv"));
        assert!(!make("", "en", "t", "text/plain"));
        assert!(!make("a b", "en", "t", "text/plain"));
        assert!(!make("a", "english", "t", "text/plain"));
        assert!(!make("a", "en", "t\u{0}", "text/plain"));
        assert!(!make("a", "en", "t", "text"));
        assert!(!make(&"a".repeat(129), "en", "t", "text/plain"));
    }

    #[test]
    fn a_document_is_cut_and_put_together() {
        for length in [0, 1, MAX_BODY, MAX_BODY + 1, 3 * MAX_BODY] {
            let body = vec![7; length];
            let mut parts = Document::split(&label(), &body).unwrap();
            assert_eq!(Document::join(&parts).unwrap(), body);
            parts.pop();
            assert_eq!(Document::join(&parts), None);
        }
    }

    #[test]
    fn kinds_keep_their_numbers() {
        for (number, kind) in (1..).zip(DocumentKind::ALL) {
            assert_eq!((kind.code(), DocumentKind::from_code(number)), (number, Some(kind)));
        }
        assert_eq!(DocumentKind::from_code(0), None);
    }
}
