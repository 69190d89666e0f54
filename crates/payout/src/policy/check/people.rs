//! Principals, groups and quorums.

use std::collections::{BTreeMap, BTreeSet};

use super::{About, Finding, Notes};
use crate::policy::chain::ChainName;
use crate::policy::{Environment, Nature, People, Principal, Role};

pub(super) fn check(people: &People, environment: Environment) -> Vec<Finding> {
    let mut notes = Notes::new(ChainName::People);
    principals(people, &mut notes);
    groups(people, &mut notes);
    quorums(people, environment, &mut notes);
    notes.list
}

fn principals(people: &People, notes: &mut Notes) {
    let mut names = BTreeSet::new();
    let mut owners = BTreeMap::new();
    for principal in &people.principals {
        let about = About::Principal(principal.id.clone());
        if !names.insert(&principal.id) {
            notes.error(&about, "there are two principals of this name");
        }
        for key in &principal.keys {
            if let Some(owner) = owners.insert(key, &principal.id) {
                notes.error(&about, format!("the key {key} belongs to {owner} already"));
            }
        }
        if principal.keys.is_empty() {
            notes.warning(&about, "has no key and can sign nothing");
        }
        roles(principal, &about, notes);
    }
}

fn roles(principal: &Principal, about: &About, notes: &mut Notes) {
    let distinct: BTreeSet<_> = principal.roles.iter().collect();
    if distinct.len() != principal.roles.len() {
        notes.error(about, "names a role twice");
    }
    let caller = principal.may(Role::Caller);
    match principal.nature {
        Nature::Machine => {
            if principal.may(Role::Admin) {
                notes.error(about, "a machine can't be an admin");
            }
        }
        Nature::Person => {
            if caller {
                notes.error(about, "only a machine can be a caller");
            }
        }
    }
    if caller && principal.projects.is_empty() {
        notes.warning(about, "is a caller of no project");
    }
    if caller && principal.may(Role::Approver) {
        notes.error(about, "a caller can't be an approver too: one stolen key would ask and agree");
    }
    if principal.roles.is_empty() {
        notes.warning(about, "has no role");
    }
}

fn groups(people: &People, notes: &mut Notes) {
    let mut names = BTreeSet::new();
    for group in &people.groups {
        let about = About::Group(group.id.clone());
        if !names.insert(&group.id) {
            notes.error(&about, "there are two groups of this name");
        }
        let mut members = BTreeSet::new();
        for member in &group.members {
            if people.principal(member).is_none() {
                notes.error(&about, format!("its member {member} is nobody"));
            }
            if !members.insert(member) {
                notes.error(&about, format!("names {member} twice"));
            }
        }
        if group.members.is_empty() {
            notes.warning(&about, "has no members");
        }
    }
}

fn quorums(people: &People, environment: Environment, notes: &mut Notes) {
    let about = About::Document;
    let admins = people.admins().count();
    let quorum = usize::from(people.admin_quorum);
    if quorum == 0 {
        notes.error(&about, "admin_quorum is 0, but somebody must sign");
    } else if quorum > admins {
        notes.error(&about, format!("admin_quorum is {quorum}, but only {admins} admins have a key"));
    } else if quorum == 1 && environment == Environment::Production {
        notes.warning(&about, "one admin alone can change every rule");
    } else if quorum == admins && environment == Environment::Production {
        notes.warning(&about, "if one admin loses their keys, the policy can never change again");
    }
    book_signers(people, notes);
}

fn book_signers(people: &People, notes: &mut Notes) {
    let book = &people.book;
    let about = About::Group(book.group.clone());
    match people.group(&book.group) {
        None => notes.error(&about, "signs the address book, but does not exist"),
        Some(group) => {
            let able = |member: &&crate::ids::PrincipalId| {
                people.principal(member).is_some_and(|member| !member.keys.is_empty())
            };
            let members = group.members.iter().filter(able).count();
            let caller = |member: &&crate::ids::PrincipalId| {
                people.principal(member).is_some_and(|member| member.may(Role::Caller))
            };
            for member in group.members.iter().filter(caller) {
                let reason = format!("signs the address book, and its member {member} asks for payouts");
                notes.error(&about, reason);
            }
            if book.quorum == 0 {
                notes.error(&about, "signs the address book with a quorum of 0");
            } else if usize::from(book.quorum) > members {
                let reason =
                    format!("signs the address book by {} of {members} members with keys", book.quorum);
                notes.error(&about, reason);
            }
        }
    }
}
