//! The process ends without a word.

use payout::life::verify_history;
use store::{PayoutFilter, Store};

use crate::house::{at, option, request_with, unlimited};

/// What was answered is there after the runtime died with commands in flight, and nothing is there by halves.
#[test]
fn what_was_answered_survives_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bursar.db");
    let answered = {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let answered = runtime.block_on(async {
            let store = Store::open(&path).await.unwrap();
            let (done, mut answers) = tokio::sync::mpsc::unbounded_channel();
            for n in 0..400 {
                let (store, done) = (store.clone(), done.clone());
                tokio::spawn(async move {
                    let (cid, name) = (store.mint_cid(at(0)), format!("n-{n}"));
                    let options = vec![option(cid, &name, "small", unlimited(), 1)];
                    if let Ok(cid) = store.accept(request_with(&name, options)).await {
                        let _gone = done.send(cid);
                    }
                });
            }
            let mut answered = Vec::new();
            while answered.len() < 60 {
                answered.push(answers.recv().await.unwrap());
            }
            answered
        });
        // Tasks end where they stand: the writer too, perhaps inside a transaction.
        runtime.shutdown_background();
        answered
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = loop {
            match Store::open(&path).await {
                Ok(store) => break store,
                // The dying runtime's threads hold the lock for a moment.
                Err(store::StoreError::InUse { .. }) => {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                Err(other) => panic!("{other:?}"),
            }
        };
        let all = store.list(PayoutFilter { limit: 1000, ..PayoutFilter::default() }).await.unwrap();
        for cid in &answered {
            assert!(all.iter().any(|row| row.cid() == *cid), "{cid} was answered and is lost");
        }
        for row in all {
            let history = store.history(row.cid()).await.unwrap();
            assert_eq!(verify_history(row.cid(), &history), Ok(row.payout));
        }
    });
}
