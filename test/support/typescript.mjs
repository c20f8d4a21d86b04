/**
 * Lets Node run what stands in `test/` as TypeScript, over the programs as they are built in `dist/`: for tests that are
 * programs of their own. `node --import ./test/support/typescript.mjs <file>.ts`
 */
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const ROOT = new URL('../../', import.meta.url).href;
const SWC = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

if (isMainThread) register(import.meta.url);

export function resolve(specifier, context, next) {
  const lib = /^@app\/([a-z-]+)$/.exec(specifier)?.[1];
  if (lib !== undefined) return next(`${ROOT}dist/libs/${lib}/src/index.js`, context);
  if (!/^\.{1,2}\//.test(specifier) || !context.parentURL?.endsWith('.ts')) return next(specifier, context);
  const asked = new URL(specifier, context.parentURL).href;
  if (asked.startsWith(`${ROOT}apps/`)) return next(`${ROOT}dist/${asked.slice(ROOT.length)}`, context);
  const source = asked.replace(/\.js$/, '.ts');
  return next(existsSync(fileURLToPath(source)) ? source : asked, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { transformSync } = await import('@swc/core');
  const filename = fileURLToPath(url);
  const { code } = transformSync(readFileSync(filename, 'utf8'), { ...SWC, filename });
  return { format: 'module', source: code, shortCircuit: true };
}
