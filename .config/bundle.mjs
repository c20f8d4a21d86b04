/**
 * Makes one file, and the parts it shares with its like, of a program and nearly all that it imports. Node takes 1,500 files
 * of its own and of packages one by one: that was two thirds of every start.
 */
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** They load a binary, resolve files beside their own, or have to be the very copy that the framework loads when it needs them. */
const AS_INSTALLED = [
  'better-sqlite3',
  '@eventstore/db-client',
  'pino',
  'pino-pretty',
  'class-transformer',
  'class-validator',
  'reflect-metadata',
];
/** What packages use where it is installed, and it is not. */
const ABSENT = ['@nestjs/microservices', '@nestjs/websockets', 'pg-native'];
/**
 * At the head of every file. Decorators need the metadata before any class is made, and in a bundle the order among packages
 * is not that of their imports. CommonJS packages ask for Node's own modules by `require`, which an ES module has not.
 */
const HEAD = `import 'reflect-metadata';
import { createRequire as createRequireHere } from 'node:module';
const require = createRequireHere(import.meta.url);`;

/** A package that is loaded while the program runs stays as installed: in a bundle one in CommonJS would lose the names it exports. */
const loadedLater = {
  name: 'loaded-later',
  setup({ onResolve }) {
    onResolve({ filter: /^[^.]/ }, ({ kind }) => (kind === 'dynamic-import' ? { external: true } : undefined));
  },
};

/** Bundles each program, by its name without the ending, into `folder`; both are relative to the project. */
export async function bundle(programs, folder) {
  await build({
    absWorkingDir: root,
    entryPoints: programs,
    outdir: folder,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // The framework tells providers and log lines apart by the names of classes.
    keepNames: true,
    external: [...AS_INSTALLED, ...ABSENT],
    plugins: [loadedLater],
    banner: { js: HEAD },
    logLevel: 'error',
  });
}

/** Where a program looks for the packs: beside the folder it is in. */
function copyPacks(folder) {
  for (const assets of ['packs', 'sources']) cpSync(join(root, 'libs/policies', assets), join(root, folder, assets), { recursive: true });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await bundle({ api: 'dist/apps/api/src/main.js', ledger: 'dist/apps/cli/src/main.js' }, 'dist/programs');
  copyPacks('dist');
  copyPacks('dist/libs/policies');
}
