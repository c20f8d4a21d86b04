#!/bin/sh
# Makes what is missing of the cluster's secrets at random and overwrites nothing; the service `secrets` of compose.cluster.yaml
# runs it before all others, at every start. Each folder is a volume, readable by those alone who are given it.
#   make-secrets.sh [another folder than /secrets]
set -eu
cd "${1:-/secrets}"
umask 077
# Letters and digits alone: they stand in addresses.
random() { openssl rand -hex 32; }
# Whole and on the disk, or not at all; and never a second time.
keep() {
  [ ! -s "$1" ] || return 0
  printf '%s\n' "$2" > "$1.new"
  sync "$1.new"
  mv "$1.new" "$1"
}
# Nobody else enters the folder of these readers, and they themselves change nothing in it.
give() {
  chown -R "$1:$1" "$2"
  chmod 500 "$2"
  chmod 400 "$2"/*
}
nodes='node1:2113,node2:2113,node3:2113?tlsCAFile=/certificates/ca/ca.crt'

for name in eventstore/admin-password eventstore/ops-password postgres/superuser-password postgres/postgres-password \
  ledger/token-key ledger/metrics-token; do
  made=$(random)
  keep "$name" "$made"
done
service=$(random)
admin=$(cat eventstore/admin-password)
postgres=$(cat postgres/postgres-password)
keep ledger/eventstore-url "esdb+discover://ledger:$service@$nodes"
keep ledger/read-models-url "postgres://ledger:$postgres@postgres:5432/ledger"
keep administrator/eventstore-admin-url "esdb+discover://admin:$admin@$nodes"
if [ ! -s site/site-certificate ]; then
  made=$(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout - 2> /dev/null)
  keep site/site-certificate "$made"
  echo 'made a certificate for localhost, good for trying things out for 90 days: replace site/site-certificate' >&2
fi

# The users of the images: the ledger's, EventStoreDB's and PostgreSQL's; the balancer reads as root.
give 10001 ledger
give 10001 administrator
give 1000 eventstore
give 999 postgres
give 0 site
