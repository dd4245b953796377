//! Numbers and texts as bytes of a page.
//!
//! Numbers are LEB128: seven bits a byte, the lowest first, the high bit says that more follow. Signed ones are
//! folded so that small ones of both signs are short (0, -1, 1, -2, …).

use super::PageError;

/// Appends a number.
pub(super) fn put(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Appends a length or an index.
pub(super) fn put_len(number: usize, out: &mut Vec<u8>) {
    put(number as u64, out);
}

/// Appends a number of either sign.
pub(super) fn put_signed(number: i128, out: &mut Vec<u8>) {
    let mut folded = ((number << 1) ^ (number >> 127)).cast_unsigned();
    while folded > u128::from(u64::MAX) {
        out.push(folded.to_le_bytes()[0] | 0x80);
        folded >>= 7;
    }
    put(u64::try_from(folded).unwrap_or_default(), out);
}

/// Appends bytes after their number.
pub(super) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_len(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Reads from the front of some bytes.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, PageError> {
        let (first, rest) = self.0.split_first().ok_or(PageError::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<u64, PageError> {
        if let [first @ 0..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u64::from(*first));
        }
        u64::try_from(self.long()?).map_err(|_| PageError::Form)
    }

    #[inline]
    pub(super) fn signed(&mut self) -> Result<i128, PageError> {
        let folded = match self.0 {
            [first @ 0..0x80, rest @ ..] => {
                self.0 = rest;
                u128::from(*first)
            }
            [first, second @ 0..0x80, rest @ ..] => {
                self.0 = rest;
                u128::from(*first & 0x7f) | u128::from(*second) << 7
            }
            _ => self.long()?,
        };
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    fn long(&mut self) -> Result<u128, PageError> {
        let (mut number, mut shift) = (0_u128, 0);
        loop {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            if shift >= 128 || (bits << shift) >> shift != bits {
                return Err(PageError::Form);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    pub(super) fn len(&mut self) -> Result<usize, PageError> {
        usize::try_from(self.number()?).map_err(|_| PageError::Form)
    }

    /// So many things follow, each of at least one byte.
    pub(super) fn count(&mut self) -> Result<usize, PageError> {
        let count = self.len()?;
        if count > self.0.len() { Err(PageError::Short) } else { Ok(count) }
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], PageError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(PageError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], PageError> {
        let length = self.len()?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, PageError> {
        str::from_utf8(self.bytes()?).map_err(|_| PageError::Form)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PageError> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| PageError::Short)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<u64>(), bits in 0_u32..64, wide in any::<i128>(), narrow in 0_u32..127) {
            let (number, wide) = (number >> bits, wide >> narrow);
            let mut bytes = Vec::new();
            put(number, &mut bytes);
            put_signed(wide, &mut bytes);
            let mut reader = Reader(&bytes);
            prop_assert_eq!(reader.number(), Ok(number));
            prop_assert_eq!(reader.signed(), Ok(wide));
            prop_assert!(reader.0.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader(&bytes);
            while reader.signed().is_ok() {}
            let mut reader = Reader(&bytes);
            while reader.text().is_ok() {}
        }
    }
}
