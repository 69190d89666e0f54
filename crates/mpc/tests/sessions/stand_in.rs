//! Another suite behind the same traits: one key in one place, as a simulation uses it.

use k256::ecdsa::SigningKey;
use mpc::local::Room;
use mpc::{Abort, Ecdsa, Outgoing, Party, Progress, Session, Signature, Started};

use crate::check::{assert_valid, party};

/// A "share" is the whole key.
struct WholeKey {
    me: Party,
    key: [u8; 32],
}

/// Every party says that it is ready; then each has the result.
struct Ready<T> {
    missing: Vec<Party>,
    result: Option<T>,
}

impl<T> Ready<T> {
    fn start(missing: Vec<Party>, result: T) -> Started<Self> {
        let ready = Outgoing { round: 1, to: None, payload: b"ready".to_vec() };
        Ok((Self { missing, result: Some(result) }, vec![ready]))
    }
}

impl<T> Session for Ready<T> {
    type Output = T;

    fn receive(&mut self, from: Party, _: u8, _: &[u8]) -> Result<Progress<T>, Abort> {
        self.missing.retain(|party| *party != from);
        match self.result.take_if(|_| self.missing.is_empty()) {
            Some(output) => Ok(Progress::Done { send: Vec::new(), output }),
            None => Ok(Progress::Waiting),
        }
    }

    fn round(&self) -> u8 {
        u8::from(self.result.is_some())
    }

    fn waiting_for(&self) -> Vec<Party> {
        self.missing.clone()
    }
}

struct OneKey;

impl Ecdsa for OneKey {
    type Share = WholeKey;
    type Keygen = Ready<WholeKey>;
    type Sign = Ready<Signature>;
    type Refresh = Ready<WholeKey>;

    fn keygen(me: Party, _: u8, parties: u8, session_id: [u8; 32]) -> Started<Self::Keygen> {
        let others = (1..=parties).map(party).filter(|other| *other != me).collect();
        Ready::start(others, WholeKey { me, key: session_id })
    }

    fn sign(
        share: &WholeKey,
        _: &[u32],
        participants: &[Party],
        _: [u8; 32],
        digest: [u8; 32],
    ) -> Started<Self::Sign> {
        let (signature, id) = SigningKey::from_slice(&share.key).unwrap().sign_prehash_recoverable(&digest);
        let (r, s) = signature.split_bytes();
        let others = participants.iter().copied().filter(|other| *other != share.me).collect();
        Ready::start(others, Signature { r: r.into(), s: s.into(), recovery_id: id.to_byte() })
    }

    fn refresh(share: &WholeKey, _: [u8; 32]) -> Started<Self::Refresh> {
        Ready::start(Vec::new(), WholeKey { me: share.me, key: share.key })
    }
}

/// A pipeline that does not know which suite it runs.
fn key_and_signature<E: Ecdsa>(digest: [u8; 32]) -> (Vec<E::Share>, Signature) {
    let members = [party(1), party(2)];
    let shares: Vec<E::Share> = Room::seat(members.map(|me| (me, E::keygen(me, 2, 2, [9; 32]))))
        .unwrap()
        .run()
        .into_values()
        .map(|outcome| outcome.output().unwrap())
        .collect();
    let starts =
        members.iter().zip(&shares).map(|(me, share)| (*me, E::sign(share, &[], &members, [8; 32], digest)));
    let signature = Room::seat(starts).unwrap().run().into_values().next().unwrap().output().unwrap();
    (shares, signature)
}

#[test]
fn a_single_key_and_a_threshold_key_stand_behind_the_same_traits() {
    let digest = [3; 32];
    let (shares, signature) = key_and_signature::<mpc::Dkls23>(digest);
    assert_valid(&signature, &shares[0].public_key(), digest);
    let (whole, signature) = key_and_signature::<OneKey>(digest);
    let key = SigningKey::from_slice(&whole[0].key).unwrap().verifying_key().to_sec1_point(true);
    assert_valid(&signature, key.as_bytes().try_into().unwrap(), digest);
}
