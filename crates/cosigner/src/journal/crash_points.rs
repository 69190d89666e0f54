//! Where a test can have the co-signer killed around a journal write. In a program that signs, nothing of it is left.

use super::writer::Job;
use wire::journal::Body;

/// Nothing of it is on disk.
pub(super) fn before(jobs: &[Job]) {
    if jobs.iter().any(|job| !job.others.is_empty()) {
        crash::point!("before peers' entries are journaled");
    }
    for body in bodies(jobs) {
        match body {
            Body::Sight { .. } => crash::point!("before a sight is journaled"),
            Body::Contribution(_) => crash::point!("before a contribution is journaled"),
            Body::Stop { .. } => crash::point!("before a stop is journaled"),
            Body::Never { .. } => crash::point!("before a never is journaled"),
            Body::Freeze { .. } => crash::point!("before a freeze is journaled"),
            Body::PolicyAdopted { .. } => crash::point!("before a policy version is journaled"),
            Body::Ceremony { .. } => crash::point!("before a ceremony is journaled"),
            Body::EpochRetired { .. } => crash::point!("before an epoch's end is journaled"),
            // A peer that attacks the protocol and a merged backup: not made to happen by crash tests.
            Body::Ban { .. } | Body::Restored { .. } => {}
        }
    }
}

/// All of it is on disk; the head counter is not, and nobody was told.
pub(super) fn after(jobs: &[Job]) {
    if jobs.iter().any(|job| !job.others.is_empty()) {
        crash::point!("after peers' entries are journaled");
    }
    for body in bodies(jobs) {
        match body {
            Body::Sight { .. } => crash::point!("after a sight is journaled"),
            Body::Contribution(_) => crash::point!("after a contribution is journaled"),
            Body::Stop { .. } => crash::point!("after a stop is journaled"),
            Body::Never { .. } => crash::point!("after a never is journaled"),
            Body::Freeze { .. } => crash::point!("after a freeze is journaled"),
            Body::PolicyAdopted { .. } => crash::point!("after a policy version is journaled"),
            Body::Ceremony { .. } => crash::point!("after a ceremony is journaled"),
            Body::EpochRetired { .. } => crash::point!("after an epoch's end is journaled"),
            Body::Ban { .. } | Body::Restored { .. } => {}
        }
    }
}

fn bodies(jobs: &[Job]) -> impl Iterator<Item = &Body> {
    jobs.iter().flat_map(|job| &job.own).map(|(body, _)| body)
}
