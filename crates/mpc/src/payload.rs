//! Bytes to messages and back: one encoding for each message, and nothing reaches the library that has not the shape
//! of an honest message.

use postcard::ser_flavors::Flavor;
use postcard::serialize_with_flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::abort::Abort;
use crate::party::Party;
use crate::session::Outgoing;

/// No honest message is longer: the largest, round 3 of key generation, has about 150,000 bytes.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 256 * 1024;

/// A message of one round.
pub(crate) trait Message: Serialize + DeserializeOwned {
    /// Checks everything that an honest message has in common: lengths of lists, and whom it names as sender and
    /// receiver. The library calls a wrong length an attack on its long-term state, which it is not.
    fn check(&self, from: Party, me: Party) -> Result<(), &'static str>;
}

/// A session's own messages always encode.
pub(crate) fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    let size = postcard::experimental::serialized_size(message).expect("our types have a size");
    // Exactly as long as needed: a growing vector would leave copies of secrets behind.
    let mut bytes = vec![0; size];
    postcard::to_slice(message, &mut bytes).expect("the slice has the size of the message");
    bytes
}

/// A message for one party.
pub(crate) fn private(round: u8, to: Party, message: &impl Serialize) -> Outgoing {
    Outgoing { round, to: Some(to), payload: encode(message) }
}

/// A message for everyone.
pub(crate) fn broadcast(round: u8, message: &impl Serialize) -> Outgoing {
    Outgoing { round, to: None, payload: encode(message) }
}

/// Reads what `from` sent to us.
pub(crate) fn decode<M: Message>(from: Party, me: Party, bytes: &[u8]) -> Result<M, Abort> {
    if bytes.len() > MAX_PAYLOAD_BYTES {
        return Err(Abort::because_of(from, format_args!("a message of {} bytes", bytes.len())));
    }
    let message: M = from_canonical(bytes).map_err(|why| Abort::because_of(from, why))?;
    message.check(from, me).map_err(|why| Abort::because_of(from, why))?;
    Ok(message)
}

/// Reads a value that is encoded in its one way, with nothing after it.
pub(crate) fn from_canonical<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, &'static str> {
    let (value, rest) = postcard::take_from_bytes::<T>(bytes).map_err(|_| "a message that does not parse")?;
    if !rest.is_empty() {
        return Err("bytes after the end of a message");
    }
    // A number may be written longer than needed and a point uncompressed; neither is what we would write.
    match serialize_with_flavor(&value, Same { rest: bytes }) {
        Ok(true) => Ok(value),
        Ok(false) | Err(_) => Err("a message that is not in its one encoding"),
    }
}

/// Compares what is written with what was read, without a second copy of the secrets in it.
struct Same<'a> {
    rest: &'a [u8],
}

impl Flavor for Same<'_> {
    type Output = bool;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.rest = self.rest.strip_prefix(bytes).ok_or(postcard::Error::SerializeBufferFull)?;
        Ok(())
    }

    fn finalize(self) -> postcard::Result<bool> {
        Ok(self.rest.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_written_longer_than_needed_is_refused() {
        assert_eq!(from_canonical::<Vec<u8>>(&[1, 7]), Ok(vec![7]));
        assert_eq!(
            from_canonical::<Vec<u8>>(&[0x81, 0x00, 7]),
            Err("a message that is not in its one encoding")
        );
    }

    #[test]
    fn an_uncompressed_point_is_refused() {
        use k256::elliptic_curve::sec1::ToSec1Point;
        let point = k256::AffinePoint::GENERATOR;
        assert!(from_canonical::<k256::AffinePoint>(&encode(&point)).is_ok());
        let mut long = vec![65];
        long.extend_from_slice(point.to_sec1_point(false).as_bytes());
        assert!(from_canonical::<k256::AffinePoint>(&long).is_err());
    }

    proptest! {
        #[test]
        fn bytes_after_the_end_are_refused(value: Vec<u64>, extra in 1usize..4) {
            let mut bytes = encode(&value);
            prop_assert_eq!(from_canonical::<Vec<u64>>(&bytes), Ok(value));
            bytes.resize(bytes.len() + extra, 0);
            prop_assert!(from_canonical::<Vec<u64>>(&bytes).is_err());
        }
    }
}
