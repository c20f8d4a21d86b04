/** Ends with 0 when this container's process is ready for requests. */
const answer = await fetch(`http://127.0.0.1:${process.env.LEDGER_PORT || 8080}/health/ready`).catch(() => undefined);
process.exit(answer?.ok ? 0 : 1);
