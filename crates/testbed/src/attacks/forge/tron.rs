//! Protobuf, a field at a time.

/// A message's fields in the order in which they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message(Vec<(u64, Value)>);

/// A field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A variable-length integer.
    Number(u64),
    /// The same with a needless byte.
    LongNumber(u64),
    /// Bytes, text or a message.
    Bytes(Vec<u8>),
}

/// `Transaction.raw`.
pub(crate) mod raw {
    pub(crate) const REF_BLOCK_BYTES: u64 = 1;
    pub(crate) const REF_BLOCK_NUM: u64 = 3;
    pub(crate) const REF_BLOCK_HASH: u64 = 4;
    pub(crate) const EXPIRATION: u64 = 8;
    pub(crate) const AUTHS: u64 = 9;
    pub(crate) const DATA: u64 = 10;
    pub(crate) const CONTRACT: u64 = 11;
    pub(crate) const SCRIPTS: u64 = 12;
    pub(crate) const TIMESTAMP: u64 = 14;
    pub(crate) const FEE_LIMIT: u64 = 18;
}

/// `Transaction.Contract`.
pub(crate) mod contract {
    pub(crate) const KIND: u64 = 1;
    pub(crate) const PARAMETER: u64 = 2;
    pub(crate) const PROVIDER: u64 = 3;
    pub(crate) const NAME: u64 = 4;
    pub(crate) const PERMISSION_ID: u64 = 5;
}

/// `google.protobuf.Any`.
pub(crate) mod any {
    pub(crate) const TYPE_URL: u64 = 1;
    pub(crate) const VALUE: u64 = 2;
}

/// `TriggerSmartContract`.
pub(crate) mod call {
    pub(crate) const CALL_VALUE: u64 = 3;
    pub(crate) const DATA: u64 = 4;
    pub(crate) const CALL_TOKEN_VALUE: u64 = 5;
    pub(crate) const TOKEN_ID: u64 = 6;
}

impl Message {
    /// Takes good bytes apart.
    pub(crate) fn of(mut bytes: &[u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = read(&mut bytes);
            let value = if key & 7 == 0 {
                Value::Number(read(&mut bytes))
            } else {
                let length = usize::try_from(read(&mut bytes)).expect("good bytes are short");
                let (value, rest) = bytes.split_at(length);
                bytes = rest;
                Value::Bytes(value.to_vec())
            };
            fields.push((key >> 3, value));
        }
        Self(fields)
    }

    /// With a field at its place, instead of the one that may be there.
    pub(crate) fn with(mut self, field: u64, value: Value) -> Self {
        self.0.retain(|(other, _)| *other != field);
        self.also(field, value)
    }

    /// With a field at its place, beside one that may be there.
    pub(crate) fn also(mut self, field: u64, value: Value) -> Self {
        let at = self.0.partition_point(|(other, _)| *other <= field);
        self.0.insert(at, (field, value));
        self
    }

    /// Without a field.
    pub(crate) fn without(mut self, field: u64) -> Self {
        self.0.retain(|(other, _)| *other != field);
        self
    }

    /// With a field twice.
    pub(crate) fn twice(self, field: u64) -> Self {
        let value = self.get(field).clone();
        self.also(field, value)
    }

    /// With the first two fields in each other's place.
    pub(crate) fn swapped(mut self) -> Self {
        self.0.swap(0, 1);
        self
    }

    /// With the message in a field altered.
    pub(crate) fn within(self, field: u64, change: impl FnOnce(Self) -> Self) -> Self {
        let inner = change(Self::of(self.bytes(field)));
        self.with(field, Value::Bytes(inner.written()))
    }

    /// The bytes in a field that is there.
    pub(crate) fn bytes(&self, field: u64) -> &[u8] {
        match self.get(field) {
            Value::Bytes(bytes) => bytes,
            Value::Number(_) | Value::LongNumber(_) => panic!("field {field} is a number"),
        }
    }

    /// The value of a field that is there.
    pub(crate) fn get(&self, field: u64) -> &Value {
        let found = self.0.iter().find(|(other, _)| *other == field);
        &found.expect("good bytes have the fields that are altered").1
    }

    /// The bytes.
    pub(crate) fn written(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (field, value) in &self.0 {
            match value {
                Value::Number(number) => {
                    write(field << 3, &mut out);
                    write(*number, &mut out);
                }
                Value::LongNumber(number) => {
                    write(field << 3, &mut out);
                    write(*number, &mut out);
                    *out.last_mut().expect("something was written") |= 0x80;
                    out.push(0);
                }
                Value::Bytes(bytes) => {
                    write(field << 3 | 2, &mut out);
                    write(bytes.len() as u64, &mut out);
                    out.extend(bytes);
                }
            }
        }
        out
    }
}

fn read(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().expect("good bytes don't end within a number");
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

fn write(mut number: u64, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use chain::TokenRef;
    use chain::tron::{Build, Reference, build};
    use payout::money::Amount;
    use payout::time::Millis;

    use super::*;
    use crate::attacks::draft::tron::{ATTACKER, OTHER_TOKEN, PAYEE};

    fn good() -> Vec<u8> {
        build(&Build {
            network_id: "31338".parse().unwrap(),
            reference: Reference { height: [1, 2], hash: [3; 8] },
            timestamp: Millis::new(1_764_064_800_123).unwrap(),
            expiration: Millis::new(1_764_065_100_123).unwrap(),
            from: ATTACKER.parse().unwrap(),
            to: PAYEE.parse().unwrap(),
            token: TokenRef::Contract(OTHER_TOKEN.parse().unwrap()),
            amount: Amount::from_u128(5),
            fee_limit: Some(300),
        })
        .unwrap()
    }

    #[test]
    fn what_is_altered_here_differs_from_the_good_bytes_in_the_altered_part_alone() {
        let message = Message::of(&good());
        assert_eq!(message.written(), good());
        assert_eq!(message.clone().with(raw::FEE_LIMIT, Value::Number(300)), message);
        assert_eq!(message.clone().without(raw::DATA), message);
        let deep = message.clone().within(raw::CONTRACT, |contract| {
            contract.within(contract::PARAMETER, |any| any.within(any::VALUE, |call| call))
        });
        assert_eq!(deep.written(), good());
        let long = message.with(raw::FEE_LIMIT, Value::LongNumber(300)).written();
        assert_eq!(long, [&good()[..good().len() - 1], &[0x82, 0]].concat());
    }
}
