//! Ceremonies of whole co-signers, with the real key generation.

use std::collections::BTreeMap;
use std::time::Duration;

use payout::ids::WalletId;
use payout::policy::{Document, VersionSignature, Wallet};
use wire::message::{
    CeremonyNews, FirstAddress, FromCosigner, OpenCeremony, Purpose, REFRESH_DOMAIN, ToCosigner,
    WalletStanding, refresh_text,
};

use super::hall::Hall;
use crate::house;

fn number() -> WalletId {
    WalletId::new(12).unwrap()
}

impl Hall {
    fn order(&mut self, wallet: WalletId, purpose: Purpose) {
        let ceremony = self.hub.label();
        self.ordered = Some(ceremony);
        self.hub.say_all(&ToCosigner::Ceremony(OpenCeremony { ceremony, wallet, purpose }));
    }

    /// How the ceremony that was ordered last ended at each co-signer.
    async fn ended(&mut self) -> BTreeMap<u8, CeremonyNews> {
        let everybody: Vec<u8> = (1..).take(self.chairs.len()).collect();
        self.ended_at(&everybody).await
    }

    async fn ended_at(&mut self, who: &[u8]) -> BTreeMap<u8, CeremonyNews> {
        let mut all = BTreeMap::new();
        while !who.iter().all(|index| all.contains_key(index)) {
            // A co-signer that was away tells late how an older one ended.
            if let (index, FromCosigner::Ceremony { ceremony, news }) = self.hub.heard().await
                && Some(ceremony) == self.ordered
                && !matches!(news, CeremonyNews::Stage(_))
            {
                all.insert(index, news);
            }
        }
        all
    }

    async fn done(&mut self) -> (WalletStanding, Vec<FirstAddress>) {
        let mut ended: Vec<CeremonyNews> = self.ended().await.into_values().collect();
        assert!(ended.windows(2).all(|pair| pair[0] == pair[1]), "{ended:?}");
        match ended.pop() {
            Some(CeremonyNews::Done(standing, addresses)) => (standing, addresses),
            other => panic!("{other:?}"),
        }
    }

    fn list(&mut self, standing: &WalletStanding, t: u8, n: u8) {
        let wallet = Wallet {
            id: standing.wallet,
            public_key: standing.public_key,
            chain_code: standing.chain_code,
            threshold: t,
            share_count: n,
            fingerprint: standing.fingerprint.clone(),
            ceilings: [].into(),
        };
        let mut rules = self.hub.policy().newest_rules().clone();
        rules.wallets.push(wallet.clone());
        self.hub.publish(house::signed(&self.hub.policy(), &Document::Rules(rules)));
        self.wallet = Some(wallet);
    }

    fn refresh(&mut self, epoch: u32, admins: &[&str]) {
        let text = refresh_text(number(), epoch);
        let digest = self.hub.policy().order_digest(REFRESH_DOMAIN, text.as_bytes());
        let orders =
            admins.iter().map(|who| VersionSignature::sign(&digest, &house::key(who), house::name(who)));
        let orders = orders.collect();
        self.order(number(), Purpose::Refresh { epoch, orders });
    }

    fn epochs(&self, index: u8) -> Vec<u32> {
        self.chair(index).vault.held().into_iter().map(|held| held.epoch).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_is_made_listed_used_and_refreshed() {
    let mut hall = Hall::without_wallet(2, 3).await;
    hall.order(number(), Purpose::Create);
    let (standing, addresses) = hall.done().await;
    assert_eq!((standing.wallet, standing.epoch, standing.tested), (number(), 1, true));
    assert_eq!(addresses.len(), 1);
    for index in 1..=3 {
        let path = hall.folder(index).join("fingerprint-12.txt");
        let printed = std::fs::read_to_string(path).unwrap();
        assert!(printed.contains(&standing.fingerprint) && printed.contains(addresses[0].address.as_str()));
    }

    // Not used before the admins have listed it.
    hall.wallet = Some(Wallet {
        id: number(),
        public_key: standing.public_key,
        chain_code: standing.chain_code,
        threshold: 2,
        share_count: 3,
        fingerprint: standing.fingerprint.clone(),
        ceilings: [].into(),
    });
    let request = hall.approved(&hall.intent(1), 1);
    let label = hall.hub.open(&[1, 2], &request);
    for said in hall.hub.outcome(label, &[1, 2]).await.values() {
        assert!(!matches!(said, FromCosigner::Signed { .. }), "{said:?}");
    }
    hall.list(&standing, 2, 3);
    hall.until("all hold the new rules", |hall| {
        (1..=3).all(|index| hall.chair(index).policy().heads().rules.version == 2)
    })
    .await;
    assert_eq!(hall.intent(2).from, addresses[0].address);
    hall.sign(&[1, 2], 2).await;

    // A second key under the same number would be another wallet.
    hall.order(number(), Purpose::Create);
    for news in hall.ended().await.into_values() {
        assert!(
            matches!(&news, CeremonyNews::Failed(why) if why.contains("has a key already") || why.contains("stopped")),
            "{news:?}"
        );
    }

    // A refresh needs the admins' quorum and the next epoch.
    hall.refresh(2, &["ann"]);
    assert!(hall.ended().await.into_values().all(|news| matches!(news, CeremonyNews::Failed(_))));
    hall.refresh(3, &["ann", "bob"]);
    assert!(hall.ended().await.into_values().all(|news| matches!(news, CeremonyNews::Failed(_))));
    assert_eq!(hall.epochs(1), [1]);

    hall.refresh(2, &["ann", "bob"]);
    let (refreshed, _) = hall.done().await;
    assert_eq!((refreshed.epoch, refreshed.public_key), (2, standing.public_key));
    assert_eq!(refreshed.fingerprint, standing.fingerprint);
    hall.until("the old shares are erased", |hall| (1..=3).all(|index| hall.epochs(index) == [2])).await;
    hall.sign(&[2, 3], 3).await;
    for index in 1..=3 {
        hall.restart(index).await;
    }
    hall.until("all are linked and hold the key", |hall| {
        hall.chairs.iter().all(|chair| {
            chair.cosigner.keys().contains_key(&number())
                && chair.cosigner.lines().first().is_some_and(|line| line.linked().len() == 2)
        })
    })
    .await;
    hall.sign(&[1, 3], 4).await;
    // The order is used up.
    hall.refresh(2, &["ann", "bob"]);
    assert!(hall.ended().await.into_values().all(|news| matches!(news, CeremonyNews::Failed(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceremony_that_breaks_off_leaves_nothing_and_can_be_ordered_again() {
    let mut hall = Hall::without_wallet(2, 3).await;
    hall.order(number(), Purpose::Create);
    // When the first share is sealed, the relay stops.
    loop {
        if let (_, FromCosigner::Ceremony { news: CeremonyNews::Stage(stage), .. }) = hall.hub.heard().await
            && stage == "sealing the share"
        {
            break;
        }
    }
    hall.restart(3).await;
    assert!(hall.ended_at(&[1, 2]).await.into_values().all(|news| matches!(news, CeremonyNews::Failed(_))));
    for index in 1..=2 {
        assert!(hall.epochs(index).is_empty());
        assert!(hall.chair(index).keys().is_empty());
    }
    hall.until("all are linked again", |hall| {
        hall.chairs
            .iter()
            .all(|chair| chair.cosigner.lines().first().is_some_and(|line| line.linked().len() == 2))
    })
    .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    hall.order(number(), Purpose::Create);
    let (standing, _) = hall.done().await;
    assert_eq!(standing.epoch, 1);
}
