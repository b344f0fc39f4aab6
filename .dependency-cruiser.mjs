// Who may import whom: the table of docs/ARCHITECTURE.md as rules. test/tidy plants a violation of each.
const core = '^src/node/core/'
const node = '^src/node/'
const npmOrBuiltin = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown', 'core']

/** A file under `from` may import only what matches one of `allowed`; packages and node: modules pass where `packages` says so. */
function only(name, from, allowed, { packages = false } = {}) {
  const to = { pathNot: allowed, ...(packages && { dependencyTypesNot: npmOrBuiltin }) }
  return { name, severity: 'error', from: { path: from }, to }
}

/** The folders of core from the ground up; folders of one tier may import each other as long as no circle arises. */
const coreTiers = [['base'], ['block'], ['access', 'policy', 'wire'], ['consensus', 'overlay', 'repair', 'kv']]

const coreRules = coreTiers.map((tier, index) => {
  const below = coreTiers.slice(0, index + 1).flat()
  return only(`core-tier-${index}`, `${core}(${tier.join('|')})/`, [`${core}(${below.join('|')})/`, '^src/shared/'])
})

export default {
  forbidden: [
    only('shared-is-a-leaf', '^src/shared/', ['^src/shared/']),
    {
      name: 'contract-is-light',
      severity: 'error',
      from: { path: '^src/ipc/' },
      to: { pathNot: ['^src/(ipc|shared)/', '^node_modules/(zod|@orpc/[^/]+)/'] },
    },
    {
      name: 'renderer-runs-in-a-browser',
      severity: 'error',
      from: { path: '^src/renderer/' },
      to: { path: '^src/', pathNot: ['^src/(renderer|ipc|shared)/'] },
    },
    {
      name: 'features-stand-apart',
      severity: 'error',
      from: { path: '^src/renderer/features/([^/]+)/' },
      to: { path: '^src/renderer/features/', pathNot: '^src/renderer/features/$1/' },
    },
    {
      name: 'ui-knows-no-feature',
      severity: 'error',
      from: { path: '^src/renderer/(ui|text)/' },
      to: { path: '^src/', pathNot: ['^src/renderer/(ui|text)/', '^src/shared/'] },
    },
    {
      name: 'frame-knows-no-page',
      severity: 'error',
      from: { path: '^src/renderer/(connection|demo|gallery|screens|shell|shortcuts|snippets)/' },
      to: { path: '^src/renderer/features/' },
    },
    only('main-forks-the-node', '^src/main/', ['^src/(main|ipc|shared)/'], { packages: true }),
    only('preload-is-tiny', '^src/preload/', ['^src/(preload|ipc|shared)/', '^node_modules/electron/']),
    ...coreRules,
    {
      name: 'core-has-no-other-folder',
      severity: 'error',
      from: { path: core, pathNot: `${core}(${coreTiers.flat().join('|')})/` },
      to: {},
    },
    only('ports-speak-core', `${node}ports/`, [`${node}ports/`, core, '^src/shared/']),
    only('engine-never-opens', `${node}engine/`, [`${node}engine/`, `${node}ports/`, `${node}observe/`, core, '^src/shared/']),
    only('adapters-know-ports', `${node}adapters/`, [`${node}adapters/`, `${node}ports/`, core, '^src/shared/'], {
      packages: true,
    }),
    {
      name: 'adapters-stand-apart',
      severity: 'error',
      from: { path: `${node}adapters/([^/]+)/` },
      // Both transports are made of the same sessions.
      to: { path: `${node}adapters/`, pathNot: [`${node}adapters/$1/`, `${node}adapters/peer-session/`] },
    },
    only(
      'api-holds-no-rules',
      `${node}api/`,
      [`${node}(api|engine|observe|ports)/`, `${core}(base|block|access|wire)/`, '^src/(shared|ipc)/'],
      { packages: true },
    ),
    only('observe-feeds-log-and-meter', `${node}observe/`, [`${node}(observe|ports)/`, core, '^src/shared/'], { packages: true }),
    only('config-stands-alone', `${node}config/`, [`${node}config/`, core, '^src/shared/'], { packages: true }),
    {
      name: 'only-entries-join',
      severity: 'error',
      from: { path: '^src/', pathNot: [`${node}cli/`, `${node}(entry|compose)-[^/]+$`] },
      to: { path: [`${node}cli/`, `${node}(entry|compose)-[^/]+$`] },
    },
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-circle-of-core-folders',
      severity: 'error',
      scope: 'folder',
      from: { path: core },
      to: { circular: true },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-test-in-source', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|scripts|bin)/' } },
    {
      name: 'source-needs-real-dependencies',
      severity: 'error',
      from: { path: '^src/(node|shared)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js'],
    },
  },
}
