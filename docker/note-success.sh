#!/bin/sh
# Runs a daily task and, only when it has ended well, tells node_exporter's textfile collector when that was.
#   note-success.sh backup ledger backup --to "/backups/$(date +%F)"
# TEXTFILES: the collector's folder (--collector.textfile.directory), where it is not Debian's.
set -eu
[ $# -ge 2 ] || { echo 'usage: note-success.sh <task> <command> [arguments]' >&2; exit 2; }
file=${TEXTFILES:-/var/lib/prometheus/node-exporter}/ledger-$1.prom
task=$1
shift
"$@"
printf 'ledger_task_success_timestamp_seconds{task="%s"} %s\n' "$task" "$(date +%s)" > "$file.new"
chmod 644 "$file.new"
mv "$file.new" "$file"
