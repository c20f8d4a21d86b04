/** The architecture as data, and the ESLint rule that holds every import to it. `test/architecture.spec.ts` breaks each part once. */
import { existsSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Which lib may enter which, each through its door. A lib names only libs above it, so the arrows cannot form a circle. */
const LIB_ARROWS = {
  kernel: [],
  'event-store': ['kernel'],
  projections: ['kernel', 'event-store'],
  http: ['kernel', 'event-store', 'projections'],
  sheets: ['kernel'],
  policies: ['kernel', 'event-store', 'projections', 'http'],
  enterprises: ['kernel', 'event-store', 'projections', 'http', 'policies'],
  budgets: ['kernel', 'event-store', 'projections', 'http'],
  blacklist: ['kernel', 'event-store', 'projections', 'http', 'policies'],
  agencies: ['kernel', 'event-store', 'projections', 'http', 'policies'],
  awards: ['kernel', 'event-store', 'projections', 'http', 'sheets', 'policies', 'enterprises', 'budgets', 'blacklist', 'agencies'],
  tiers: ['kernel', 'event-store', 'projections', 'http', 'policies', 'enterprises', 'blacklist'],
  targets: ['kernel', 'event-store', 'projections', 'http', 'policies', 'enterprises', 'awards'],
  calendar: ['kernel', 'event-store', 'projections', 'http', 'policies', 'enterprises', 'budgets', 'tiers'],
  imports: ['kernel', 'event-store', 'projections', 'http', 'sheets', 'policies', 'enterprises', 'tiers', 'targets'],
  audit: [
    'kernel',
    'event-store',
    'projections',
    'http',
    'policies',
    'enterprises',
    'budgets',
    'blacklist',
    'agencies',
    'awards',
    'tiers',
    'targets',
    'calendar',
  ],
  exports: ['kernel', 'event-store', 'projections', 'http', 'sheets', 'policies'],
};

/** Apps may enter every lib; between apps only these arrows. */
const APP_ARROWS = {
  api: [],
  cli: ['api'],
};

/** Libs that carry the others; every other lib is a feature. */
const FOUNDATION = ['kernel', 'event-store', 'projections', 'http', 'sheets'];
export const FEATURES = Object.keys(LIB_ARROWS).filter((lib) => !FOUNDATION.includes(lib));

export const TEST_FILES = /\.(spec|fixture|conformance)\.ts$/;

/**
 * Files that hold decisions, state and assessment: no framework, clock, randomness or I/O.
 * A pure file may import none but pure ones, so this list cannot silently fall behind what `decide` is made of.
 */
export const PURE_FILES = [
  /^libs\/kernel\/src\//,
  /^libs\/event-store\/src\/esdb\/(address|classify|findings)\.ts$/,
  /^libs\/[^/]+\/src\/(.+\/)?(decide(-[^/]+)?|[^/]+\.codec)\.ts$/,
  /^libs\/policies\/src\/(assess|assess-cases|assessment|check-pack|conditions|coverage|diagnose|fact-values|figures|load-pack|pack|pack\.schema|payoffs|policy|policy-on)\.ts$/,
  /^libs\/enterprises\/src\/(enterprise|resolve-inputs|vocabulary)\.ts$/,
  /^libs\/budgets\/src\/(budget|line|rules)\.ts$/,
  /^libs\/(blacklist\/src\/(listing|subject|terms)|agencies\/src\/agency)\.ts$/,
  /^libs\/(tiers\/src\/(ladder|tier|review|propose)|targets\/src\/(target|evaluate|metrics\/counted)|calendar\/src\/(duty|fulfilment|instances))\.ts$/,
  /^libs\/exports\/src\/(difference|value)\.ts$/,
  /^libs\/awards\/src\/(award|award-rules|day-of-effect|balances\/postings|disbursement\/batch|disbursement\/batch-day)\.ts$/,
  /^libs\/audit\/src\/findings\/(correction|days-told|finding|names|past|recompute|remember|detectors\/[^/]+)\.ts$/,
  /^libs\/audit\/src\/(recomputation\/(award-record|judge|withdrawn)|what-if\/(pack-changes|replay)|forecast\/(expectation|outlook))\.ts$/,
  /^libs\/audit\/src\/(ledger-event|timeline\/(references|shown)|reliance\/(reliances|award-reliance))\.ts$/,
];
export const isPure = (file) => !TEST_FILES.test(file) && PURE_FILES.some((pattern) => pattern.test(file));

/** Packages a pure file may import, with the names it may take where the package also holds randomness or I/O. */
const PURE_PACKAGES = {
  ajv: 'all',
  canonicalize: 'all',
  'decimal.js': 'all',
  immutable: 'all',
  yaml: 'all',
};
const KERNEL_PACKAGES = { ...PURE_PACKAGES, 'node:crypto': ['createHash', 'hash'] };
/** Libs whose doors a pure file leaves closed, and libs from which it takes types alone. */
const IMPURE_LIBS = ['projections', 'http'];
const TYPES_ONLY_LIBS = ['event-store'];

checkTable();

/** A circle, or a folder that the table does not know, ends the linter: a rule that knows half the house guards nothing. */
function checkTable() {
  for (const [folder, arrows] of [
    ['libs', LIB_ARROWS],
    ['apps', APP_ARROWS],
  ]) {
    const known = Object.keys(arrows);
    for (const [from, targets] of Object.entries(arrows)) {
      const upward = targets.filter((target) => !known.slice(0, known.indexOf(from)).includes(target));
      if (upward.length > 0) throw new Error(`${folder}/${from} may only name what stands above it in the table, not ${upward.join(', ')}`);
    }
    const unknown = existsSync(join(root, folder)) ? readdirSync(join(root, folder)).filter((name) => !known.includes(name)) : [];
    if (unknown.length > 0) throw new Error(`${folder}/${unknown.join(', ')} has no place in the table of .config/architecture.mjs`);
  }
}

const projectPath = (file) => relative(root, file).replaceAll('\\', '/');
const partOf = (path) => /^(libs|apps)\/([^/]+)\//.exec(path)?.slice(1) ?? [undefined, undefined];
const packageOf = (specifier) => (/^node:/.test(specifier) ? specifier : /^(@[^/]+\/)?[^/]+/.exec(specifier)[0]);

/** Why a file may not import what it names; undefined when it may. `names` are the imported ones, undefined when all may be meant. */
function objection(file, specifier, typesOnly, names) {
  const [kind, part] = partOf(file);
  if (/^(\.|\/|file:)/.test(specifier)) return relativeObjection(file, specifier);
  if (specifier.startsWith('@app/')) {
    const lib = specifier.slice('@app/'.length);
    if (lib.includes('/')) return `a lib is entered through its door: '@app/${lib.split('/')[0]}'`;
    if (kind === 'libs' && !(LIB_ARROWS[part] ?? []).includes(lib)) return `${part} may not import ${lib}`;
    if (!isPure(file)) return undefined;
    if (IMPURE_LIBS.includes(lib)) return `a pure file may not import ${lib}`;
    if (TYPES_ONLY_LIBS.includes(lib) && !typesOnly) return `a pure file may take types alone from ${lib}`;
    return undefined;
  }
  if (/^(libs|apps|dist)\//.test(specifier)) return `a lib is entered through its door: '@app/<lib>'`;
  if (isPure(file)) return packageObjection(part, builtinModules.includes(specifier) ? `node:${specifier}` : specifier, names);
  return undefined;
}

function relativeObjection(file, specifier) {
  const [kind, part] = partOf(file);
  const target = projectPath(resolve(root, dirname(file), specifier)).replace(/\.js$/, '.ts');
  const [targetKind, targetPart] = partOf(`${target}/`);
  const inside = kind === targetKind && part === targetPart;
  if (targetKind === 'libs' && !inside) return `a lib is entered through its door: '@app/${targetPart}'`;
  if (targetKind === 'apps' && kind === 'libs') return 'a lib knows no app';
  if (targetKind === 'apps' && kind === 'apps' && !inside && !(APP_ARROWS[part] ?? []).includes(targetPart))
    return `${part} may not import ${targetPart}`;
  // Servers that stand in for those of others belong to no lib; its specs may talk to them.
  if (TEST_FILES.test(file) && target.startsWith('test/stand-in/')) return undefined;
  if (kind !== undefined && targetKind === undefined) return `${kind}/${part} may not reach outside libs and apps`;
  if (kind !== undefined && TEST_FILES.test(target) && !TEST_FILES.test(file))
    return 'the program may not import what belongs to its specs';
  if (isPure(file) && !isPure(target)) return `a pure file may import pure files alone, and ${target} is not one of them`;
  return undefined;
}

function packageObjection(part, specifier, names) {
  const allowed = (part === 'kernel' ? KERNEL_PACKAGES : PURE_PACKAGES)[packageOf(specifier)];
  if (allowed === undefined) return `a pure file may not import ${specifier}`;
  if (allowed === 'all') return undefined;
  return names !== undefined && names.every((name) => allowed.includes(name))
    ? undefined
    : `a pure file may take only ${allowed.join(', ')} from ${specifier}`;
}

/** ESLint rule: every import follows the arrows, goes through a door, and keeps pure files pure. */
export const imports = {
  meta: { type: 'problem', schema: [], messages: { forbidden: "'{{specifier}}': {{why}}." } },
  create(context) {
    const file = projectPath(context.filename);
    const check = (source, typesOnly, names) => {
      if (typeof source?.value !== 'string') return;
      const why = objection(file, source.value, typesOnly, names);
      if (why !== undefined) context.report({ node: source, messageId: 'forbidden', data: { specifier: source.value, why } });
    };
    const named = (node, own) => {
      const kinds = node.specifiers.map((specifier) => specifier[`${own}Kind`]);
      const typesOnly = node[`${own}Kind`] === 'type' || (kinds.length > 0 && kinds.every((kind) => kind === 'type'));
      const names = node.specifiers.map((specifier) => (specifier.imported ?? (own === 'export' ? specifier.local : undefined))?.name);
      check(node.source, typesOnly, names);
    };
    return {
      ImportDeclaration: (node) => named(node, 'import'),
      ExportNamedDeclaration: (node) => named(node, 'export'),
      ExportAllDeclaration: (node) => check(node.source, node.exportKind === 'type'),
      ImportExpression: (node) => check(node.source, false),
      TSImportType: (node) => check(node.source, true),
      TSExternalModuleReference: (node) => check(node.expression, false),
      "CallExpression[callee.name='require']": (node) => check(node.arguments[0], false),
    };
  },
};
