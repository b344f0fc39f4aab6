import { describe, expect, test } from 'vitest'
import { filesUnder, plantedFolder, runTool } from './source-tree.ts'

const configuration = ['.dependency-cruiser.mjs', 'tsconfig.base.json', 'package.json']

/** Every import that is planted: from a file, of a specifier, and the rule that must name it (undefined: it is allowed). */
const imports: readonly (readonly [file: string, specifier: string, rule: string | undefined])[] = [
  ['src/shared/to-core.ts', '../node/core/base/leaf.ts', 'shared-is-a-leaf'],
  ['src/shared/to-package.ts', 'zod', 'shared-is-a-leaf'],
  ['src/node/core/base/to-shared.ts', '../../../shared/leaf.ts', undefined],
  ['src/node/core/base/to-block.ts', '../block/leaf.ts', 'core-tier-0'],
  ['src/node/core/base/to-builtin.ts', 'node:fs', 'core-tier-0'],
  ['src/node/core/base/to-package.ts', 'zod', 'core-tier-0'],
  ['src/node/core/block/to-base.ts', '../base/leaf.ts', undefined],
  ['src/node/core/block/to-policy.ts', '../policy/leaf.ts', 'core-tier-1'],
  ['src/node/core/wire/to-kv.ts', '../kv/leaf.ts', 'core-tier-2'],
  ['src/node/core/kv/to-wire.ts', '../wire/leaf.ts', undefined],
  ['src/node/core/kv/to-ports.ts', '../../ports/leaf.ts', 'core-tier-3'],
  ['src/node/core/kv/to-generated.ts', '../../api/grpc/generated/leaf.ts', 'core-tier-3'],
  ['src/node/core/elsewhere/to-base.ts', '../base/leaf.ts', 'core-has-no-other-folder'],
  ['src/node/core/consensus/to-overlay.ts', '../overlay/to-consensus.ts', 'no-circle-of-core-folders'],
  ['src/node/core/overlay/to-consensus.ts', '../consensus/leaf.ts', undefined],
  ['src/node/ports/to-core.ts', '../core/kv/leaf.ts', undefined],
  ['src/node/ports/to-engine.ts', '../engine/leaf.ts', 'ports-speak-core'],
  ['src/node/ports/to-builtin.ts', 'node:stream', 'ports-speak-core'],
  ['src/node/engine/to-observe.ts', '../observe/leaf.ts', undefined],
  ['src/node/engine/to-adapter.ts', '../adapters/one/leaf.ts', 'engine-never-opens'],
  ['src/node/engine/to-builtin.ts', 'node:fs', 'engine-never-opens'],
  ['src/node/engine/to-package.ts', 'pino', 'engine-never-opens'],
  ['src/node/adapters/one/to-ports.ts', '../../ports/leaf.ts', undefined],
  ['src/node/adapters/one/to-package.ts', 'classic-level', undefined],
  ['src/node/adapters/one/to-builtin.ts', 'node:fs', undefined],
  ['src/node/adapters/one/to-engine.ts', '../../engine/leaf.ts', 'adapters-know-ports'],
  ['src/node/adapters/one/to-two.ts', '../two/leaf.ts', 'adapters-stand-apart'],
  ['src/node/api/grpc/to-engine.ts', '../../engine/leaf.ts', undefined],
  ['src/node/api/grpc/to-package.ts', '@grpc/grpc-js', undefined],
  ['src/node/api/grpc/to-adapter.ts', '../../adapters/one/leaf.ts', 'api-holds-no-rules'],
  ['src/node/api/grpc/to-kv.ts', '../../core/kv/leaf.ts', 'api-holds-no-rules'],
  ['src/node/observe/to-ports.ts', '../ports/leaf.ts', undefined],
  ['src/node/observe/to-engine.ts', '../engine/leaf.ts', 'observe-feeds-log-and-meter'],
  ['src/node/config/to-package.ts', 'zod', undefined],
  ['src/node/config/to-engine.ts', '../engine/leaf.ts', 'config-stands-alone'],
  ['src/node/compose-node.ts', './adapters/one/leaf.ts', undefined],
  ['src/node/entry-headless.ts', './compose-node.ts', undefined],
  ['src/node/cli/to-compose.ts', '../compose-node.ts', undefined],
  ['src/node/api/grpc/to-compose.ts', '../../compose-node.ts', 'only-entries-join'],
  ['src/node/cli/to-electron.ts', 'electron', 'source-needs-real-dependencies'],
  ['src/node/cli/to-development.ts', 'fast-check', 'source-needs-real-dependencies'],
  ['src/renderer/features/keys/to-ui.ts', '../../ui/leaf.ts', undefined],
  ['src/renderer/features/keys/to-other.ts', '../overview/leaf.ts', 'features-stand-apart'],
  ['src/renderer/features/keys/to-node.ts', '../../../node/engine/leaf.ts', 'renderer-runs-in-a-browser'],
  ['src/renderer/shell/to-page.ts', '../features/overview/leaf.ts', 'frame-knows-no-page'],
  ['src/renderer/ui/to-shell.ts', '../shell/to-page.ts', 'ui-knows-no-feature'],
  ['src/node/cli/to-nowhere.ts', './nowhere.ts', 'resolvable'],
  ['src/node/cli/to-test.ts', '../../../test/leaf.ts', 'no-test-in-source'],
  ['src/node/cli/circle-a.ts', './circle-b.ts', 'no-circle'],
  ['src/node/cli/circle-b.ts', './circle-a.ts', undefined], // a circle is reported once
]

const leaves = [
  ...['base', 'block', 'policy', 'wire', 'consensus', 'kv'].map((folder) => `src/node/core/${folder}/leaf.ts`),
  ...['ports', 'engine', 'observe', 'adapters/one', 'adapters/two', 'api/grpc/generated'].map(
    (folder) => `src/node/${folder}/leaf.ts`,
  ),
  'src/renderer/features/overview/leaf.ts',
  'src/renderer/ui/leaf.ts',
  'src/shared/leaf.ts',
  'test/leaf.ts',
]

interface Report {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string } }[]
  }
}

function cruise(folder?: string): Report {
  return JSON.parse(
    runTool('depcruise', ['src', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'], folder).output,
  ) as Report
}

function plantAndCruise(): Report {
  const sources = Object.fromEntries([
    ...leaves.map((file) => [file, 'export const leaf = 1\n']),
    ...imports.map(([file, specifier]) => [file, `import * as found from '${specifier}'\n\nexport const use = found\n`]),
  ]) as Record<string, string>
  using folder = plantedFolder(configuration, sources)
  return cruise(folder.path)
}

describe('the import table sees what is planted', () => {
  const { violations } = plantAndCruise().summary
  test.each(imports)('%s imports %s: %s', (file, _specifier, rule) => {
    const folder = file.slice(0, file.lastIndexOf('/'))
    const names = violations.filter(({ from }) => from === file || from === folder).map((each) => each.rule.name)
    if (rule === undefined) expect(names.filter((name) => name !== 'no-circle-of-core-folders')).toEqual([])
    else expect(names).toContain(rule)
  })
})

test('a type-only import and a dynamic import are seen too', () => {
  using folder = plantedFolder(configuration, {
    'src/node/engine/leaf.ts': 'export type Leaf = 1\n',
    'src/shared/type-only.ts': "import type { Leaf } from '../node/engine/leaf.ts'\n\nexport type Use = Leaf\n",
    'src/shared/dynamic.ts': "export const use = () => import('../node/engine/leaf.ts')\n",
  })
  const found = cruise(folder.path).summary.violations.map(({ from, rule }) => `${from} ${rule.name}`)
  expect(found.sort()).toEqual(['src/shared/dynamic.ts shared-is-a-leaf', 'src/shared/type-only.ts shared-is-a-leaf'])
})

test('every source file is read, and none breaks the table', () => {
  const { summary } = cruise()
  expect(summary.totalCruised).toBeGreaterThanOrEqual(filesUnder('src').filter((file) => file.endsWith('.ts')).length)
  expect(summary.violations).toEqual([])
})
