-- Makes the role the ledger works as: it owns its database, and is no superuser. PostgreSQL's image runs this once, on an empty
-- volume, as the superuser. The role for reporting tools is made here too, so that the ledger need not be able to make roles.
\set password `cat /run/secrets/postgres-password`
CREATE ROLE ledger LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE ROLE ledger_reporting NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER DATABASE :"DBNAME" OWNER TO ledger;
