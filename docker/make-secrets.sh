#!/bin/sh
# Makes every secret of compose.cluster.yaml at random, once, readable by their owner alone: files in docker/secrets and the
# settings in docker/.env. It overwrites nothing. For a certificate people trust, put docker/secrets/site-certificate.pem
# (certificate, chain and key in one file) there before.
set -eu
cd "$(dirname "$0")"
umask 077
if [ -e .env ] || [ -e secrets/token-key ]; then
  echo 'docker/.env or docker/secrets/token-key is there already; nothing was changed' >&2
  exit 1
fi
command -v openssl > /dev/null || { echo 'openssl is needed' >&2; exit 3; }
mkdir -p secrets
# Letters and digits alone: they stand in addresses.
random() { openssl rand -hex 32; }

admin=$(random) ops=$(random) service=$(random) postgres=$(random)
nodes=node1:2113,node2:2113,node3:2113
options='tlsCAFile=/certificates/ca/ca.crt'
printf '%s\n' "$(random)" > secrets/token-key
printf '%s\n' "$(random)" > secrets/metrics-token
printf '%s\n' "$postgres" > secrets/postgres-password
printf 'postgres://ledger:%s@postgres:5432/ledger\n' "$postgres" > secrets/read-models-url
printf 'esdb+discover://ledger:%s@%s?%s\n' "$service" "$nodes" "$options" > secrets/eventstore-url
printf 'esdb+discover://admin:%s@%s?%s\n' "$admin" "$nodes" "$options" > secrets/eventstore-admin-url
if [ ! -e secrets/site-certificate.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout secrets/site.key -out secrets/site.crt 2> /dev/null
  cat secrets/site.crt secrets/site.key > secrets/site-certificate.pem
  rm secrets/site.crt secrets/site.key
  echo 'made a certificate for localhost, good for trying things out for 90 days: replace docker/secrets/site-certificate.pem' >&2
fi
# Containers read the files as their owner; root's are given to the image's own user.
uid=$(id -u) gid=$(id -g)
if [ "$uid" = 0 ]; then
  uid=10001 gid=10001
  chown -R "$uid:$gid" secrets
fi
cat > .env <<SETTINGS
LEDGER_UID=$uid
LEDGER_GID=$gid
EVENTSTORE_ADMIN_PASSWORD=$admin
EVENTSTORE_OPS_PASSWORD=$ops
SETTINGS
echo 'made docker/.env and docker/secrets; keep copies of both where backups are kept' >&2
