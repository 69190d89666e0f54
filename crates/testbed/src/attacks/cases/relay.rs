//! The relay between co-signers: altered, dropped, reordered, repeated and misdirected. It learns nothing and alters
//! nothing; at worst a session breaks off, and no honest co-signer bans another.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::attacks::case::{Case, Fault, Seen};
use crate::attacks::gateway::Parcel;
use crate::attacks::ledger::Aim;
use crate::attacks::world::World;
use crate::vendor::random;

/// How many of a session's parcels are attacked, one in each try.
const PARCELS: usize = 12;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scene("altered", "a bit of each parcel of a session changed, one in each try", |w| {
            Box::pin(each(w, |mut parcel| {
                if let Some(last) = parcel.data.last_mut() {
                    *last ^= 1;
                }
                vec![parcel]
            }))
        }),
        Case::scene("cut", "each parcel cut short, one in each try", |w| {
            Box::pin(each(w, |mut parcel| {
                parcel.data.pop();
                vec![parcel]
            }))
        }),
        Case::scene("dropped", "each parcel dropped, one in each try", |w| Box::pin(each(w, |_| Vec::new()))),
        Case::scene("repeated", "each parcel delivered twice, one in each try", |w| {
            Box::pin(each(w, |parcel| vec![parcel.clone(), parcel]))
        }),
        Case::scene("reflected", "each parcel sent back to its sender, one in each try", |w| {
            Box::pin(each(w, |parcel| {
                let Parcel { from, to, .. } = parcel;
                vec![Parcel { from: to, to: from, ..parcel }]
            }))
        }),
        Case::scene("misdirected", "each parcel delivered to a third, one in each try", |w| {
            Box::pin(each(w, |parcel| {
                let third = 6 - parcel.from - parcel.to;
                vec![Parcel { to: third, ..parcel }]
            }))
        }),
        Case::scene("misattributed", "each parcel delivered as if from a third, one in each try", |w| {
            Box::pin(each(w, |parcel| {
                let third = 6 - parcel.from - parcel.to;
                vec![Parcel { from: third, ..parcel }]
            }))
        }),
        Case::scene("relabelled", "each parcel moved to another link, one in each try", |w| {
            Box::pin(each(w, |parcel| {
                let link = parcel.link.wrapping_add(1);
                vec![Parcel { link, ..parcel }]
            }))
        }),
        Case::scene("reordered", "each two parcels in the wrong order", |w| Box::pin(reordered(w))),
        Case::scene("all-dropped", "everything dropped in the middle of a session", |w| {
            Box::pin(all_dropped(w))
        }),
        Case::scene("replayed-session", "all parcels of a signed session again, in another one", |w| {
            Box::pin(replayed(w))
        }),
        Case::scene("noise", "noise on links that never were, and a storm of knocks", |w| Box::pin(noise(w))),
    ]
}

/// What came of a session whose parcels were attacked.
#[derive(Debug, Default)]
struct Toll {
    signed: usize,
    broken: usize,
    why: Option<String>,
}

impl Toll {
    fn told(self) -> Seen {
        let Self { signed, broken, why } = self;
        let why = why.unwrap_or_else(|| "nothing was noticed".to_owned());
        Seen::everybody(format!("{broken} sessions broke off, {signed} were signed as approved; {why}"))
    }
}

/// One session for each place of a parcel, in which the parcel at that place is attacked.
async fn each(world: &mut World, attack: fn(Parcel) -> Vec<Parcel>) -> Result<Seen, Fault> {
    let mut toll = Toll::default();
    for place in 0..PARCELS {
        let mut passed = 0;
        let rule = move |parcel: Parcel| {
            if parcel.from + parcel.to != 3 {
                return vec![parcel];
            }
            passed += 1;
            if passed == place + 1 { attack(parcel) } else { vec![parcel] }
        };
        session(world, &mut toll, rule).await?;
    }
    Ok(toll.told())
}

/// A good session of the first two under a relay's rule; then a payout is signed under an honest relay.
async fn session(
    world: &mut World,
    toll: &mut Toll,
    rule: impl FnMut(Parcel) -> Vec<Parcel> + Send + 'static,
) -> Result<(), Fault> {
    let draft = world.desk.small();
    world.gateway.relay_by(rule);
    let label = world.open(&[1, 2], &draft.request(), Aim::Good);
    let attempt = world.end_of(label, &[1, 2]).await?;
    world.gateway.relay_honestly();
    world.judge()?;
    if world.ledger.is_signed(label) {
        toll.signed += 1;
    } else {
        toll.broken += 1;
        if let Some(culprit) = accused(&attempt) {
            return Err(Fault::Broken(format!("co-signer {culprit} was accused of what the relay did")));
        }
        toll.why.get_or_insert_with(|| attempt.heard());
    }
    world.sign_by(&[1, 2], &draft.request()).await?;
    Ok(())
}

/// Whom somebody blames.
fn accused(attempt: &crate::attacks::case::Attempt) -> Option<u8> {
    attempt.ends.values().find_map(|end| match end {
        wire::message::FromCosigner::Aborted { culprit, .. } => *culprit,
        _ => None,
    })
}

async fn reordered(world: &mut World) -> Result<Seen, Fault> {
    let mut toll = Toll::default();
    let mut held: Option<Parcel> = None;
    let rule = move |parcel: Parcel| {
        if (parcel.from, parcel.to) != (2, 1) {
            return vec![parcel];
        }
        match held.take() {
            None => {
                held = Some(parcel);
                Vec::new()
            }
            Some(earlier) => vec![parcel, earlier],
        }
    };
    session(world, &mut toll, rule).await?;
    Ok(toll.told())
}

async fn all_dropped(world: &mut World) -> Result<Seen, Fault> {
    let mut toll = Toll::default();
    for place in [2, 5] {
        let mut passed = 0;
        let rule = move |parcel: Parcel| {
            passed += 1;
            if passed > place { Vec::new() } else { vec![parcel] }
        };
        session(world, &mut toll, rule).await?;
    }
    Ok(toll.told())
}

async fn replayed(world: &mut World) -> Result<Seen, Fault> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    world.gateway.relay_by(move |parcel| {
        keep.lock().unwrap_or_else(PoisonError::into_inner).push(parcel.clone());
        vec![parcel]
    });
    let first = world.desk.small();
    world.sign_by(&[1, 2], &first.request()).await?;
    world.gateway.relay_honestly();
    let kept = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    let second = world.desk.small();
    let label = world.open(&[1, 2], &second.request(), Aim::Good);
    kept.iter().cloned().for_each(|parcel| world.gateway.hand(parcel));
    let attempt = world.end_of(label, &[1, 2]).await?;
    world.judge()?;
    if let Some(culprit) = accused(&attempt) {
        return Err(Fault::Broken(format!("co-signer {culprit} was accused of what the relay did")));
    }
    world.sign_by(&[1, 2], &second.request()).await?;
    Ok(Seen::everybody(format!("{} parcels again: {}", kept.len(), attempt.heard())))
}

async fn noise(world: &mut World) -> Result<Seen, Fault> {
    let draft = world.desk.small();
    let label = world.open(&[1, 2], &draft.request(), Aim::Good);
    for round in 0..50_u64 {
        for (from, to) in [(1, 2), (2, 1), (3, 1), (9, 2)] {
            let data = random::<64>().to_vec();
            world.gateway.hand(Parcel { from, to, link: 1_000 + round, data });
            world.gateway.hand(Parcel { from, to, link: 0, data: Vec::new() });
        }
    }
    let attempt = world.end_of(label, &[1, 2]).await?;
    world.judge()?;
    if let Some(culprit) = accused(&attempt) {
        return Err(Fault::Broken(format!("co-signer {culprit} was accused of what the relay did")));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.sign_by(&[1, 2], &draft.request()).await?;
    Ok(Seen::everybody(format!("400 parcels: {}", attempt.heard())))
}
