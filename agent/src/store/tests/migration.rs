//! Stores of earlier agents.

use super::office::made_office;
use super::*;

/// The tables as the first agent made whose stores are still taken.
const SCHEMA_2: &str = include_str!("schema-2.sql");

/// What SQLite tells of all tables, indexes and triggers, without white space, quotes and comments.
fn tables(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT name || ' ' || sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .unwrap();
    let told = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let bare = |sql: String| {
        let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        lines.collect::<String>().split_whitespace().collect::<String>().replace('"', "")
    };
    told.map(|sql| bare(sql.unwrap())).collect()
}

/// A store as [`SCHEMA_2`] has it, with everything of a new one in it that both have.
fn older(directory: &Path) -> std::path::PathBuf {
    let (new, old) = (made_office(directory), directory.join("older.db"));
    let connection = Connection::open(&old).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.execute_batch(SCHEMA_2).unwrap();
    connection.execute("ATTACH ?1 AS new", [new.to_str().unwrap()]).unwrap();
    for table in ["meta", "people"] {
        connection.execute_batch(&format!("INSERT INTO {table} SELECT * FROM new.{table}")).unwrap();
    }
    connection
        .execute_batch(
            "INSERT INTO requests (request_id, seal, applicant, file_name, size, sha256, reason, document_class, copies, page,
                                   x_um, y_um, created_us, expires_us)
             VALUES ('00000000-0000-4000-8000-000000000001', 'contract', 'p-17', 'f.pdf', 10, zeroblob(32), 'r', 'contract', 1,
                     1, 1, 1, 1, 9);
             PRAGMA application_id = 1397047628;
             PRAGMA user_version = 2;",
        )
        .unwrap();
    old
}

#[tokio::test]
async fn a_store_of_the_agent_before_is_brought_up_to_date_once_and_has_the_tables_of_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = older(directory.path());
    for _ in 0..2 {
        let store = Store::open(&path, Arc::new(Epoch)).unwrap();
        let id = "00000000-0000-4000-8000-000000000001".parse().unwrap();
        let kept = store.request(id).await.unwrap().unwrap();
        assert_eq!(kept.carried_by.as_str(), "p-17", "who was charged before");
        let held = store.held_by(kept.carried_by).await.unwrap();
        assert_eq!((held.requests, held.bytes), (1, 10));
        assert_eq!(store.office().await.unwrap().people.len(), 1);
        store.close();
    }
    let new = Connection::open(directory.path().join("journal.db")).unwrap();
    assert_eq!(tables(&Connection::open(&path).unwrap()), tables(&new));
}

#[tokio::test]
async fn a_store_of_the_schema_before_gets_what_it_lacks_and_keeps_its_records() {
    let directory = tempfile::tempdir().unwrap();
    let (path, new) = (directory.path().join("before.db"), made_office(directory.path()));
    std::fs::copy(&new, &path).unwrap();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("DROP INDEX records_by_type; PRAGMA user_version = 3;").unwrap();
    drop(connection);
    let store = Store::open(&path, Arc::new(Epoch)).unwrap();
    store.append(entry()).await.unwrap();
    assert_eq!(store.newest_records(1, vec!["agent_stopped".into()]).await.unwrap().len(), 1);
    store.close();
    assert_eq!(tables(&Connection::open(&path).unwrap()), tables(&Connection::open(new).unwrap()));
}

#[test]
fn a_schema_that_is_not_known_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = older(directory.path());
    for version in [1, 5] {
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
        drop(connection);
        let Err(error) = Store::open(&path, Arc::new(Epoch)) else { panic!("opened") };
        assert!(error.to_string().contains(&format!("schema {version}")), "{error}");
        let found: i32 = Connection::open(&path)
            .unwrap()
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(found, version);
    }
}
