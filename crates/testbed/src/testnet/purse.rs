//! The user's own key, from which the wallet is funded: one payment, by the gateway's own road and codec.

use std::path::Path;

use chain::EcdsaSignature;
use gateway::node::{Lane, Plan};
use k256::Scalar;
use k256::ecdsa::SigningKey;
use k256::elliptic_curve::PrimeField as _;
use payout::coin::{CoinId, Family};
use payout::ids::{Address, AddressIndex, Attempt, Digest};
use payout::intent::{Intent, Kind};
use payout::life::SignedTx;
use payout::money::Amount;
use payout::time::Millis;
use sha2::{Digest as _, Sha256, Sha512};

use super::TestnetError;
use crate::deployment::public::{DECIMALS, Public};

/// A key and its address on the network.
pub(super) struct Purse {
    public: Public,
    key: SigningKey,
    address: Address,
}

impl Purse {
    /// Reads the key.
    pub(super) fn open(public: &Public, path: &Path) -> Result<Self, TestnetError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TestnetError::File { path: path.to_owned(), source })?;
        let bad = || TestnetError::Key(path.to_owned());
        let network = public.network();
        let key = read(network.family, text.trim()).ok_or_else(bad)?;
        let family = chain::family(network.family);
        let address = family.address_of(&network.network_id, &public_key(&key)).map_err(|_| bad())?;
        Ok(Self { public: public.clone(), key, address })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Sends the wallet an amount; gives the transaction's id. That it arrives is for others to see.
    pub(super) async fn send(&self, wallet: &Address, amount: Amount) -> Result<String, TestnetError> {
        let road = self.public.road()?;
        let lane = Lane {
            from: self.address.clone(),
            public_key: Some(public_key(&self.key)),
            taken: Vec::new(),
            highest: None,
        };
        let plan = road.plan(&self.intent(wallet, amount), &lane).await;
        let Plan { build } = plan.map_err(|source| TestnetError::Funding {
            from: self.address.to_string(),
            source: Box::new(source),
        })?;
        let (signature, id) = self.key.sign_prehash_recoverable(build.signing_digest.as_bytes());
        let (r, s) = signature.split_bytes();
        let signature = EcdsaSignature { r: r.into(), s: s.into(), recovery_id: id.to_byte() };
        let network = self.public.network();
        let attached = chain::family(network.family)
            .attach(&network.network_id, &build.unsigned, &signature, &public_key(&self.key))
            .expect("the key's own signature over bytes that were just decoded");
        let tx = SignedTx { build, signed: attached.signed, txid: attached.txid };
        road.broadcast(&tx).await?;
        Ok(tx.txid)
    }

    /// The payment as the road takes it. It is no order of the deployment's: nobody but this key signs for it.
    fn intent(&self, wallet: &Address, amount: Amount) -> Intent {
        let (about, network) = (self.public.about(), self.public.network());
        let native = CoinId::native(&network.chain_id);
        Intent {
            version: payout::intent::VERSION.to_owned(),
            kind: Kind::Payout,
            deployment: Digest::from_bytes([0; 32]),
            project: "1".parse().expect("a digit is an id"),
            cid: "1".parse().expect("a digit is an id"),
            attempt: Attempt::FIRST,
            third_party_id: "funding".parse().expect("a word is an id"),
            wallet: "1".parse().expect("a digit is an id"),
            address_index: AddressIndex::PAYOUT,
            network_id: network.network_id.clone(),
            chain_id: native.chain_id,
            token_id: native.token_id,
            from: self.address.clone(),
            to: wallet.clone(),
            amount,
            amount_text: amount.to_decimal(DECIMALS),
            memo: None,
            fee_cap: Amount::parse(about.fee_cap, DECIMALS).expect("a decimal of ours"),
            rules_version: 1,
            rule: "funding".parse().expect("a word is a rule's name"),
            applicant: None,
            compliance_ref: None,
            target: None,
            operation: None,
            operation_args: None,
            created: Millis::default(),
            expiry: Millis::default(),
        }
    }
}

fn public_key(key: &SigningKey) -> [u8; 33] {
    key.verifying_key().to_sec1_point(true).as_bytes().try_into().expect("a compressed point has 33 bytes")
}

/// 64 hex digits, or XRP's family seed.
fn read(family: Family, text: &str) -> Option<SigningKey> {
    if let Ok(bytes) = hex::decode(text.strip_prefix("0x").unwrap_or(text)) {
        return SigningKey::from_slice(&bytes).ok();
    }
    match family {
        Family::Xrp => of_family_seed(text),
        Family::Evm | Family::Tron => None,
    }
}

/// The first key of a family seed (XRPL, "Cryptographic Keys", secp256k1 key derivation): 16 bytes behind 0x21 in
/// base58check.
fn of_family_seed(text: &str) -> Option<SigningKey> {
    let bytes = bs58::decode(text).with_alphabet(bs58::Alphabet::RIPPLE).into_vec().ok()?;
    let (payload, checksum) = bytes.split_last_chunk::<4>()?;
    if Sha256::digest(Sha256::digest(payload))[..4] != *checksum {
        return None;
    }
    let (0x21, seed) = payload.split_first().map(|(prefix, seed)| (*prefix, seed))? else { return None };
    if seed.len() != 16 {
        return None;
    }
    let root = first_scalar(|counter| [seed, &counter].concat())?;
    let root_key = SigningKey::from_slice(&root.to_repr()).ok()?;
    let public = public_key(&root_key);
    let step = first_scalar(|counter| [public.as_slice(), &[0; 4], &counter].concat())?;
    SigningKey::from_slice(&(root + step).to_repr()).ok()
}

/// The first half of SHA-512 that is a scalar, counting up.
fn first_scalar(hashed: impl Fn([u8; 4]) -> Vec<u8>) -> Option<Scalar> {
    (0..128_u32).find_map(|counter| {
        let hash = Sha512::digest(hashed(counter.to_be_bytes()));
        let half: [u8; 32] = hash[..32].try_into().expect("half of 64 bytes");
        Option::<Scalar>::from(Scalar::from_repr(half.into())).filter(|scalar| *scalar != Scalar::ZERO)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The XRP Ledger's genesis account: the seed of the passphrase "masterpassphrase", as its documentation has it.
    #[test]
    fn the_seed_of_the_genesis_account_gives_its_address() {
        let public = Public::of("144", &[]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "snoPBrXtMeMyMHUVTgbuqAfg1SUTb\n").unwrap();
        let purse = Purse::open(&public, &path).unwrap();
        assert_eq!(purse.address().as_str(), "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "00", "snoPBrXtMeMyMHUVTgbuqAfg1SUTc", &"0".repeat(64), &"f".repeat(64)] {
            assert!(read(Family::Xrp, text).is_none(), "{text}");
        }
        assert!(read(Family::Tron, "snoPBrXtMeMyMHUVTgbuqAfg1SUTb").is_none());
        assert!(read(Family::Tron, &"1".repeat(64)).is_some());
    }
}
