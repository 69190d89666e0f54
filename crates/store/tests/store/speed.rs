//! How many accepts a second are durable. Not run by default:
//! `cargo nextest run -p store --run-ignored only -E 'test(durable_accepts)' --no-capture`

use std::time::Instant;

use crate::house::{House, at, option, request_with, unlimited, window};

const CALLERS: u32 = 64;
const EACH: u32 = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a test"]
async fn durable_accepts_a_second_with_64_callers() {
    for (name, limited) in [("without limits", false), ("with a window and fallback", true)] {
        let house = House::new().await;
        let begun = Instant::now();
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let store = house.store.clone();
                tokio::spawn(async move {
                    for n in 0..EACH {
                        let (cid, name) = (store.mint_cid(at(0)), format!("{caller}-{n}"));
                        let mut options = vec![option(cid, &name, "people", unlimited(), 1)];
                        if limited {
                            options.insert(0, option(cid, &name, "auto", window(24, 10_000, u128::MAX), 1));
                        }
                        store.accept(request_with(&name, options)).await.unwrap();
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        let elapsed = begun.elapsed();
        let a_second = u128::from(CALLERS * EACH) * 1000 / elapsed.as_millis();
        println!("{name}: {} accepts in {elapsed:?}, {a_second} a second", CALLERS * EACH);
    }
}
