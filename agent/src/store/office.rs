//! The office as rows: one for each person, seal, grant, notice and finding.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use sealkeeper_domain::{
    identity::{Digest, PersonId, SealId},
    office::{Changed, Finding, Grant, Notice, Office, Person, Role, SealEntry, Status, Training},
    reason::Reason,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    from_json, requests, to_json,
    writer::{Batch, as_stored},
};
use crate::pipeline::ports::ledger::{FileError, LedgerError, OfficeRoot};

/// The first row of an office: who is registered by nobody's act.
pub(super) fn root_person(root: &OfficeRoot) -> Person {
    Person {
        id: root.id.clone(),
        name: root.name.clone(),
        unit: root.unit.clone(),
        roles: [Role::SealOffice].into(),
        keys: vec![root.key.clone()],
        uid: None,
        certificates: Vec::new(),
        tickets_since_s: 0,
        status: Status::Employed,
    }
}

/// Keeps a person, in the place of what was kept of them.
pub(super) fn put_person(connection: &Connection, person: &Person) -> Result<(), LedgerError> {
    put(connection, "INSERT OR REPLACE INTO people (id, entity) VALUES (?1, ?2)", person.id.as_str(), person)
}

/// All rows.
pub(super) fn read(connection: &Connection, origin: &str) -> Result<Office, LedgerError> {
    let people: Vec<Person> = entities(connection, "SELECT entity FROM people")?;
    let seals = entities(connection, "SELECT entity FROM seals")?;
    let grants: Vec<Grant> = entities(connection, "SELECT entity FROM grants")?;
    let notices = entities(connection, "SELECT entity FROM notices")?;
    let findings = entities(connection, "SELECT entity FROM findings")?;
    let trainings = entities(connection, "SELECT entity FROM trainings")?;
    let policy =
        connection.query_row("SELECT sha256 FROM policy", [], |row| Ok(Digest(row.get(0)?))).optional()?;
    Ok(Office {
        origin: origin.to_owned(),
        people: people.into_iter().map(|person| (person.id.clone(), person)).collect(),
        seals: seals.into_iter().map(|seal: SealEntry| (seal.id().clone(), seal)).collect(),
        grants: grants.into_iter().map(|grant| (key_of(&grant), grant)).collect(),
        notices: notices.into_iter().map(|notice: Notice| (notice.by.act, notice)).collect(),
        findings: findings.into_iter().map(|finding: Finding| (finding.by.act, finding)).collect(),
        trainings: trainings.into_iter().map(|training: Training| (training.by.act, training)).collect(),
        policy,
        said: said(connection)?,
    })
}

fn said(connection: &Connection) -> Result<BTreeMap<String, u64>, LedgerError> {
    let mut statement = connection.prepare("SELECT subject, issued_s FROM said")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes an entity as it is to be.
pub(super) fn write(batch: &mut Batch<'_>, changed: &Changed) -> Result<(), FileError> {
    let connection: &Connection = batch.transaction;
    match changed {
        Changed::Person(person) => put_person(connection, person)?,
        Changed::Seal(seal) => {
            put(
                connection,
                "INSERT OR REPLACE INTO seals (id, entity) VALUES (?1, ?2)",
                seal.id().as_str(),
                seal,
            )?;
        }
        Changed::Grant(grant) => {
            let (person, seal) = key_of(grant);
            connection
                .prepare_cached("INSERT OR REPLACE INTO grants (person, seal, entity) VALUES (?1, ?2, ?3)")?
                .execute(params![person.as_str(), seal.as_str(), to_json(grant)?])?;
        }
        Changed::GrantEnded(person, seal) => {
            connection
                .prepare_cached("DELETE FROM grants WHERE person = ?1 AND seal = ?2")?
                .execute(params![person.as_str(), seal.as_str()])?;
        }
        Changed::Notice(notice) => {
            let sql = "INSERT OR REPLACE INTO notices (act, entity) VALUES (?1, ?2)";
            put(connection, sql, &notice.by.act.to_string(), notice)?;
        }
        Changed::Finding(finding) => {
            let sql = "INSERT OR REPLACE INTO findings (act, entity) VALUES (?1, ?2)";
            put(connection, sql, &finding.by.act.to_string(), finding)?;
        }
        Changed::Training(training) => {
            let sql = "INSERT OR REPLACE INTO trainings (act, entity) VALUES (?1, ?2)";
            put(connection, sql, &training.by.act.to_string(), training)?;
        }
        Changed::Said(subject, issued_s) => {
            connection
                .prepare_cached("INSERT OR REPLACE INTO said (subject, issued_s) VALUES (?1, ?2)")?
                .execute(params![subject, as_stored(*issued_s)?])?;
        }
        Changed::Policy(sha256) => {
            connection
                .prepare_cached("INSERT OR REPLACE INTO policy (one, sha256) VALUES (1, ?1)")?
                .execute([sha256.0.as_slice()])?;
        }
        Changed::Request(facts) => {
            // It may have expired since the act was judged.
            if !requests::set_facts(batch, facts)? {
                return Err(FileError::Refused(Reason::RequestUnknown));
            }
        }
    }
    Ok(())
}

fn key_of(grant: &Grant) -> (PersonId, SealId) {
    (grant.terms.person.clone(), grant.terms.seal.clone())
}

fn put<T: Serialize>(connection: &Connection, sql: &str, key: &str, entity: &T) -> Result<(), LedgerError> {
    connection.prepare_cached(sql)?.execute([key, &to_json(entity)?])?;
    Ok(())
}

fn entities<T: DeserializeOwned>(connection: &Connection, sql: &str) -> Result<Vec<T>, LedgerError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    rows.map(|text| from_json(&text?)).collect()
}
