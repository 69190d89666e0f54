//! The XRP Ledger's binary format, a field at a time.

/// A field's type and number within the type.
type Id = (u8, u8);

/// Type numbers of the format, and the fields that attacks write.
pub(crate) const TRANSACTION_TYPE: Id = (1, 2);
pub(crate) const NETWORK_ID: Id = (2, 1);
pub(crate) const FLAGS: Id = (2, 2);
pub(crate) const SEQUENCE: Id = (2, 4);
pub(crate) const DESTINATION_TAG: Id = (2, 14);
pub(crate) const LAST_LEDGER_SEQUENCE: Id = (2, 27);
pub(crate) const SET_FLAG: Id = (2, 33);
pub(crate) const TICKET_SEQUENCE: Id = (2, 41);
pub(crate) const AMOUNT: Id = (6, 1);
pub(crate) const SIGNING_PUB_KEY: Id = (7, 3);
pub(crate) const DESTINATION: Id = (8, 3);

/// A transaction's fields, each with its value as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(Id, Vec<u8>)>);

impl Fields {
    /// Takes good bytes apart. Their fields are of the types that a payment has.
    pub(crate) fn of(mut bytes: &[u8]) -> Self {
        let mut take = |count: usize| {
            let (taken, rest) = bytes.split_at_checked(count)?;
            bytes = rest;
            Some(taken.to_vec())
        };
        let mut fields = Vec::new();
        while let Some([first]) = take(1).as_deref() {
            let mut half = |bits: u8| if bits > 0 { bits } else { take(1).map_or(0, |byte| byte[0]) };
            let (kind, number) = (half(first >> 4), half(first & 15));
            let value = match kind {
                1 => take(2),
                2 => take(4),
                6 => take(8),
                _ => take(1).and_then(|length| Some([length.clone(), take(length[0].into())?].concat())),
            };
            fields.push(((kind, number), value.expect("good bytes don't end within a field")));
        }
        Self(fields)
    }

    /// With a field at its canonical place, in place of the one that may be there.
    pub(crate) fn with(self, id: Id, value: impl AsRef<[u8]>) -> Self {
        let mut fields = self.without(id).0;
        let at = fields.partition_point(|(other, _)| *other < id);
        fields.insert(at, (id, value.as_ref().to_vec()));
        Self(fields)
    }

    /// Without a field.
    pub(crate) fn without(mut self, id: Id) -> Self {
        self.0.retain(|(other, _)| *other != id);
        self
    }

    /// With the field that stands at `at` in the place of the one before it.
    pub(crate) fn swapped(mut self, at: usize) -> Self {
        self.0.swap(at - 1, at);
        self
    }

    /// With a field twice.
    pub(crate) fn twice(mut self, id: Id) -> Self {
        let at = self.0.iter().position(|(other, _)| *other == id).expect("the field is there");
        self.0.insert(at, self.0[at].clone());
        self
    }

    /// A transaction of another type, with nothing of a payment's own.
    pub(crate) fn of_type(self, number: u16) -> Self {
        let bare = self.without(AMOUNT).without(DESTINATION).without(DESTINATION_TAG);
        bare.with(TRANSACTION_TYPE, number.to_be_bytes())
    }

    /// The bytes.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(id, value)| [&header(*id), value.as_slice()].concat()).collect()
    }

    /// The bytes with this field's header in its longest form.
    pub(crate) fn written_long(&self, long: Id) -> Vec<u8> {
        let header = |id: Id| if id == long { vec![id.0 << 4, id.1] } else { header(id) };
        self.0.iter().flat_map(|(id, value)| [header(*id), value.clone()].concat()).collect()
    }
}

/// The shortest header.
fn header((kind, number): Id) -> Vec<u8> {
    match (kind < 16, number < 16) {
        (true, true) => vec![(kind << 4) | number],
        (true, false) => vec![kind << 4, number],
        (false, true) => vec![number, kind],
        (false, false) => vec![0, kind, number],
    }
}

/// A number of 32 bits.
pub(crate) fn number(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

/// An amount of the ledger's own coin.
pub(crate) fn drops(drops: u64) -> [u8; 8] {
    (drops | 1 << 62).to_be_bytes()
}

/// A blob or an account, with its length before it.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).expect("short")], bytes].concat()
}

/// An account by its address, as a field has it.
pub(crate) fn account(address: &str) -> Vec<u8> {
    let decoded = bs58::decode(address).with_alphabet(bs58::Alphabet::RIPPLE).into_vec();
    sized(&decoded.expect("an address of this file")[1..21])
}

/// An amount of a currency that somebody issued: one, of three letters.
pub(crate) fn issued(issuer: &str) -> Vec<u8> {
    // Mantissa 10^15, exponent -15; the currency's letters stand in bytes 12 to 14.
    let value = 0xd483_8d7e_a4c6_8000_u64.to_be_bytes();
    let mut currency = [0; 20];
    currency[12..15].copy_from_slice(b"USD");
    [&value, currency.as_slice(), &account(issuer)[1..]].concat()
}

#[cfg(test)]
mod tests {
    use chain::xrp::{Act, Build, Fee, Spend, build, token_for};
    use payout::money::Amount;

    use super::*;
    use crate::attacks::draft::xrp::{ATTACKER, PAYEE};

    fn good() -> Vec<u8> {
        let mut public_key = [0; 33];
        let key = "0330e7fc9d56bb25d6893ba3f317ae5bcf33b3291bd63db32654a313222f7fd020";
        hex::decode_to_slice(key, &mut public_key).unwrap();
        build(&Build {
            network_id: "31337".parse().unwrap(),
            token: token_for(Spend::Ticket(7)),
            public_key,
            act: Act::Pay { to: PAYEE.parse().unwrap(), tag: Some(5), amount: Amount::from_u128(1) },
            fee: Fee { drops: 12, last_ledger: 9 },
        })
        .unwrap()
    }

    #[test]
    fn what_is_altered_here_differs_from_the_good_bytes_in_the_altered_part_alone() {
        let fields = Fields::of(&good());
        assert_eq!(fields.written(), good());
        assert_eq!(fields.clone().with(DESTINATION_TAG, number(5)), fields);
        assert_eq!(fields.clone().with(AMOUNT, drops(1)), fields);
        assert_eq!(fields.clone().with(DESTINATION, account(PAYEE)), fields);
        assert_ne!(fields.clone().with(DESTINATION, account(ATTACKER)), fields);
        assert_eq!(fields.clone().without((15, 9)), fields);
        assert_eq!(fields.written_long(SEQUENCE).len(), good().len() + 1);
        assert_eq!(issued(ATTACKER).len(), 48);
    }
}
