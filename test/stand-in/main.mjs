/**
 * A stand-in node as a process of its own, to be killed, or a relay before `STAND_IN_UPSTREAM`. Arguments: file of its log,
 * port. Faults come in over IPC.
 */
import { StandInNode } from './node.mjs';

const [file, port] = process.argv.slice(2);
const node = await StandInNode.start({ file, port: Number(port), upstream: process.env.STAND_IN_UPSTREAM });
process.on('message', (message) => {
  if (message.inject !== undefined) node.inject(...message.inject);
  if (message.mute === true) node.mute();
  if (message.mute === false) node.unmute();
});
// Whoever started it is gone: nobody will stop it.
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.stdout.write(`${node.port}\n`);
