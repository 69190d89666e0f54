//! `people.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::lines::{FileError, Lines, Located, Source};
use super::text::{Text, inline, quoted};
use crate::ids::{GroupId, PrincipalId, ProjectId};
use crate::key::PublicKey;
use crate::life::StepQuorum;
use crate::policy::check::About;
use crate::policy::{Group, Nature, People, Principal, Role};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    admin_quorum: u8,
    book: Step,
    #[serde(default)]
    principal: Vec<Entry>,
    #[serde(default)]
    groups: BTreeMap<Spanned<String>, Vec<PrincipalId>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    group: GroupId,
    quorum: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<PrincipalId>,
    #[serde(default = "person")]
    nature: Nature,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    keys: Vec<PublicKey>,
    #[serde(default)]
    projects: Vec<Spanned<i64>>,
}

const fn person() -> Nature {
    Nature::Person
}

impl Step {
    pub(super) fn read(self) -> StepQuorum {
        let Self { group, quorum } = self;
        StepQuorum { group, quorum }
    }

    pub(super) fn write(step: &StepQuorum) -> String {
        inline([("group".to_owned(), quoted(&step.group)), ("quorum".to_owned(), step.quorum.to_string())])
    }
}

/// Reads `people.toml`. `file` is its name in errors.
///
/// # Errors
/// [`FileError`] with the line.
pub fn read_people(file: &str, text: &str) -> Result<Located<People>, FileError> {
    let source = Source { file, text };
    let File { admin_quorum, book, principal, groups } = source.parse()?;
    let mut lines = Lines::default();
    let mut principals = Vec::new();
    for Entry { id, nature, roles, keys, projects } in principal {
        lines.add(About::Principal(id.get_ref().clone()), source.line(&id.span()));
        let projects = read_projects(source, &projects)?;
        principals.push(Principal { id: id.into_inner(), nature, roles, keys, projects });
    }
    let mut listed = Vec::new();
    for (name, members) in groups {
        let id: GroupId = source.read(&name, "a group's name", |text| text.parse().ok())?;
        lines.add(About::Group(id.clone()), source.line(&name.span()));
        listed.push(Group { id, members });
    }
    let document = People { principals, groups: listed, admin_quorum, book: book.read() };
    Ok(Located { document, lines })
}

pub(super) fn read_projects(
    source: Source<'_>,
    written: &[Spanned<i64>],
) -> Result<Vec<ProjectId>, FileError> {
    let read = |id: &Spanned<i64>| {
        ProjectId::new(*id.get_ref())
            .ok_or_else(|| source.error(&id.span(), "a project's id is a positive number"))
    };
    written.iter().map(read).collect()
}

/// The file of a people document. Groups stand in the order of their names.
pub fn write_people(people: &People) -> String {
    let mut text = Text::default();
    text.value("admin_quorum", people.admin_quorum);
    text.value("book", Step::write(&people.book));
    for Principal { id, nature, roles, keys, projects } in &people.principals {
        text.entry("principal");
        text.string("id", id);
        match nature {
            Nature::Person => {}
            Nature::Machine => text.string("nature", "machine"),
        }
        text.strings("roles", roles.iter().map(|role| role.as_str()));
        text.strings("keys", keys);
        text.values("projects", projects);
    }
    if !people.groups.is_empty() {
        text.table("groups");
    }
    for Group { id, members } in &people.groups {
        let members: Vec<String> = members.iter().map(quoted).collect();
        text.value(id.as_str(), format_args!("[{}]", members.join(", ")));
    }
    text.finish()
}
