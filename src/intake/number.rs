//! Numbers as offices write them: with separators after thousands, and a comma or a point before decimals.

/// Digits and separators of the longest number: 28 digits, a point, a sign, and a separator of three bytes after
/// every third.
pub(super) const MAX_NUMBER_BYTES: usize = 64;

/// Blanks that stand between thousands: a space, one that does not break, a thin one, and a thin one that does not.
const BLANKS: [&[u8]; 4] = [b" ", "\u{a0}".as_bytes(), "\u{2009}".as_bytes(), "\u{202f}".as_bytes()];

/// How a file writes numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    /// What is removed; a space stands for every kind of blank.
    pub(super) thousands: Option<u8>,
    /// What stands for the point.
    pub(super) decimal: Option<u8>,
}

impl Numbers {
    /// The number as the model reads it; none if it has separators where no thousands end, as `1,5` for one and a
    /// half, or a point where decimals have a comma. What does not fit is too long and stays, to be refused.
    pub(super) fn plain<'b>(
        self,
        field: &'b [u8],
        plain: &'b mut [u8; MAX_NUMBER_BYTES],
    ) -> Option<&'b [u8]> {
        let usual = self.thousands.is_none() && matches!(self.decimal, None | Some(b'.'));
        if usual || field.len() > MAX_NUMBER_BYTES || field.iter().all(|b| b.is_ascii_digit()) {
            return Some(field);
        }
        let point = self.decimal.unwrap_or(b'.');
        let (mut length, mut at) = (0, 0);
        // Digits since the last separator; none before the first one.
        let (mut group, mut decimals) = (None, false);
        while at < field.len() {
            let rest = &field[at..];
            if let Some(separator) = self.separator(rest).filter(|_| !decimals) {
                let digits = length - usize::from(length > 0 && !plain[0].is_ascii_digit());
                if group.is_some_and(|digits| digits != 3) || digits == 0 {
                    return None;
                }
                (group, at) = (Some(0), at + separator);
                continue;
            }
            let byte = rest[0];
            at += 1;
            if byte == point && !decimals {
                if group.is_some_and(|digits| digits != 3) {
                    return None;
                }
                (decimals, group) = (true, None);
                plain[length] = b'.';
            } else if byte == b'.' || byte == b',' {
                return None;
            } else {
                group = group.map(|digits: usize| digits + 1);
                plain[length] = byte;
            }
            length += 1;
        }
        if group.is_some_and(|digits| digits != 3) { None } else { Some(&plain[..length]) }
    }

    /// How long the separator is that stands here.
    fn separator(self, rest: &[u8]) -> Option<usize> {
        match self.thousands? {
            b' ' => BLANKS.iter().find(|blank| rest.starts_with(blank)).map(|blank| blank.len()),
            other => (rest[0] == other).then_some(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_many_offices_are_the_same_number() {
        let cases = [
            (Some(b','), None, "40,307", "40307"),
            (Some(b','), None, "-1,234,567.5", "-1234567.5"),
            (Some(b'.'), Some(b','), "1.234.567,25", "1234567.25"),
            (Some(b' '), Some(b','), "1\u{a0}234\u{202f}567,25", "1234567.25"),
            (Some(b' '), None, "1 234", "1234"),
            (None, Some(b','), "0,5", "0.5"),
            (None, None, "0.5", "0.5"),
            // Not a separator of thousands, and not a decimal sign: refused.
            (Some(b','), None, "1,5", ""),
            (Some(b','), None, "12,34,567", ""),
            (Some(b','), None, ",123", ""),
            (None, Some(b','), "1.5", ""),
            (None, Some(b','), "1.500,5", ""),
            (Some(b'.'), Some(b','), "1.5", ""),
        ];
        for (thousands, decimal, written, wanted) in cases {
            let mut plain = [0; MAX_NUMBER_BYTES];
            let numbers = Numbers { thousands, decimal };
            let got = numbers.plain(written.as_bytes(), &mut plain);
            let got = got.map_or("", |bytes| str::from_utf8(bytes).unwrap());
            assert_eq!(got, wanted, "{written} {numbers:?}");
        }
    }
}
