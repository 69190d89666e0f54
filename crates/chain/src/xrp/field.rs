//! Field headers and values of the ledger's binary format (XRPL documentation, "Serialization Format").

use crate::decoded::DecodeError;

/// A field: its type's number and its own number within the type. Their order is the canonical order of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Field {
    kind: u8,
    number: u8,
}

const UINT16: u8 = 1;
const UINT32: u8 = 2;
const AMOUNT: u8 = 6;
const BLOB: u8 = 7;
const ACCOUNT: u8 = 8;

pub(super) const TRANSACTION_TYPE: Field = Field { kind: UINT16, number: 2 };
pub(super) const NETWORK_ID: Field = Field { kind: UINT32, number: 1 };
pub(super) const FLAGS: Field = Field { kind: UINT32, number: 2 };
pub(super) const SEQUENCE: Field = Field { kind: UINT32, number: 4 };
pub(super) const DESTINATION_TAG: Field = Field { kind: UINT32, number: 14 };
pub(super) const LAST_LEDGER_SEQUENCE: Field = Field { kind: UINT32, number: 27 };
pub(super) const SET_FLAG: Field = Field { kind: UINT32, number: 33 };
pub(super) const CLEAR_FLAG: Field = Field { kind: UINT32, number: 34 };
pub(super) const TICKET_COUNT: Field = Field { kind: UINT32, number: 40 };
pub(super) const TICKET_SEQUENCE: Field = Field { kind: UINT32, number: 41 };
pub(super) const PAID: Field = Field { kind: AMOUNT, number: 1 };
pub(super) const FEE: Field = Field { kind: AMOUNT, number: 8 };
pub(super) const SIGNING_PUB_KEY: Field = Field { kind: BLOB, number: 3 };
pub(super) const TXN_SIGNATURE: Field = Field { kind: BLOB, number: 4 };
pub(super) const OWNER: Field = Field { kind: ACCOUNT, number: 1 };
pub(super) const DESTINATION: Field = Field { kind: ACCOUNT, number: 3 };

/// Fields that valid transactions may have and ours never: named, so that a refusal says what it met.
const FORBIDDEN: [(u8, u8, &str); 17] = [
    (UINT32, 3, "a source tag"),
    (UINT32, 5, "a previous transaction's id"),
    (UINT32, 10, "an expiration"),
    (UINT32, 25, "an offer"),
    (5, 9, "a previous transaction's id"),
    (5, 17, "an invoice id"),
    (5, 34, "a permissioned domain"),
    (AMOUNT, 9, "SendMax"),
    (AMOUNT, 10, "DeliverMin"),
    (BLOB, 7, "a domain name"),
    (ACCOUNT, 8, "a regular key"),
    (ACCOUNT, 9, "an NFT's minter"),
    (ACCOUNT, 12, "a delegate"),
    (15, 3, "a list of signers"),
    (15, 9, "memos"),
    (18, 1, "paths"),
    (19, 5, "credentials"),
];

/// The drops bits of an amount: 62, of which the ledger's whole coin needs 57.
const DROPS_MASK: u64 = (1 << 62) - 1;
/// The bit that says "not negative"; the highest bit, which says "not XRP", stays zero.
const POSITIVE: u64 = 1 << 62;
/// All XRP that there ever were, drops.
pub(super) const MAX_DROPS: u64 = 100_000_000_000_000_000;

impl Field {
    /// Why this field is refused.
    pub(super) fn forbidden(self) -> DecodeError {
        let known = FORBIDDEN.iter().find(|(kind, number, _)| (*kind, *number) == (self.kind, self.number));
        DecodeError::Forbidden(known.map_or("a field that is not known here", |(_, _, name)| *name))
    }

    fn write_header(self, out: &mut Vec<u8>) {
        match (self.kind < 16, self.number < 16) {
            (true, true) => out.push((self.kind << 4) | self.number),
            (true, false) => out.extend([self.kind << 4, self.number]),
            (false, true) => out.extend([self.number, self.kind]),
            (false, false) => out.extend([0, self.kind, self.number]),
        }
    }

    pub(super) fn write_u16(self, value: u16, out: &mut Vec<u8>) {
        self.write_header(out);
        out.extend(value.to_be_bytes());
    }

    pub(super) fn write_u32(self, value: u32, out: &mut Vec<u8>) {
        self.write_header(out);
        out.extend(value.to_be_bytes());
    }

    /// Drops, at most [`MAX_DROPS`].
    pub(super) fn write_drops(self, drops: u64, out: &mut Vec<u8>) {
        self.write_header(out);
        out.extend((drops | POSITIVE).to_be_bytes());
    }

    /// A blob or an account with its length; ours are all shorter than 193 bytes, whose length is one byte.
    pub(super) fn write_bytes(self, bytes: &[u8], out: &mut Vec<u8>) {
        self.write_header(out);
        out.push(u8::try_from(bytes.len()).expect("a key, an account or a signature is short"));
        out.extend(bytes);
    }
}

/// Bytes that are read field by field.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    last: Option<Field>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, last: None }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) =
            self.rest.split_first_chunk().ok_or(DecodeError::Malformed("the bytes end too early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The next field's header; `None` at the end. Fields come in canonical order and once.
    pub(super) fn header(&mut self) -> Result<Option<Field>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let [first] = self.take()?;
        let kind = self.half(first >> 4)?;
        let number = self.half(first & 15)?;
        let field = Field { kind, number };
        if self.last.is_some_and(|last| last >= field) {
            return Err(DecodeError::NotCanonical);
        }
        self.last = Some(field);
        Ok(Some(field))
    }

    /// Half of a header: four bits, or a byte of its own for what four bits can't hold.
    fn half(&mut self, bits: u8) -> Result<u8, DecodeError> {
        if bits > 0 {
            return Ok(bits);
        }
        match self.take()? {
            [0..16] => Err(DecodeError::NotCanonical),
            [number] => Ok(number),
        }
    }

    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.take().map(u32::from_be_bytes)
    }

    /// Drops: never a currency that somebody issued, never negative.
    pub(super) fn drops(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        let bits = u64::from_be_bytes(self.take()?);
        if bits & !DROPS_MASK != POSITIVE {
            return Err(DecodeError::Forbidden("an amount that is not XRP"));
        }
        let drops = bits & DROPS_MASK;
        if drops > MAX_DROPS {
            return Err(DecodeError::OutOfRange(what));
        }
        Ok(drops)
    }

    /// A blob or an account of exactly `N` bytes.
    pub(super) fn bytes<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let [length] = self.take()?;
        if usize::from(length) != N {
            return Err(DecodeError::Malformed(what));
        }
        self.take()
    }
}
