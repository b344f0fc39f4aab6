import { describe, expect, test } from 'vitest'
import { plantedFolder, runTool } from './source-tree.ts'

interface Planted {
  readonly file: string
  readonly code: string
  /** The rule that must fire, or undefined where the same code is allowed. */
  readonly rule: string | undefined
  readonly message?: string
}

const cryptoImport = "import { createHash } from 'node:crypto'\n\nexport const hash = createHash('sha256')\n"
const environment = 'export const home = process.env.HOME\n'
const speak = "console.log('here')\n\nexport const spoken = true\n"

const planted: readonly Planted[] = [
  { file: 'src/node/core/base/a.ts', code: 'export const a = Math.random()\n', rule: 'plugin', message: 'randomness' },
  { file: 'src/shared/b.ts', code: 'export const b = Math.random\n', rule: 'plugin', message: 'randomness' },
  { file: 'src/node/core/base/c.ts', code: "export const c = Math['random']\n", rule: 'plugin', message: 'Math member' },
  {
    file: 'src/node/core/base/d.ts',
    code: 'const { random } = Math\nexport const d = random()\n',
    rule: 'plugin',
    message: 'Math member',
  },
  { file: 'src/node/core/base/e.ts', code: "export const e = 'a'.localeCompare('b')\n", rule: 'plugin', message: 'host' },
  { file: 'src/node/core/base/f.ts', code: "export const f = 'a'.toLocaleUpperCase()\n", rule: 'plugin', message: 'host' },
  { file: 'src/node/core/base/g.ts', code: "export const g = 'a'.toLocaleLowerCase()\n", rule: 'plugin', message: 'host' },
  { file: 'src/node/core/base/h.ts', code: 'export const h = (1).toLocaleString()\n', rule: 'plugin', message: 'host' },
  { file: 'src/node/core/base/i.ts', code: "export const i = () => import('./a.ts')\n", rule: 'plugin', message: 'statically' },
  { file: 'src/node/core/base/j.ts', code: 'export const j = Date.now()\n', rule: 'lint/style/noRestrictedGlobals' },
  { file: 'src/node/core/base/k.ts', code: 'export const k = new Intl.Collator()\n', rule: 'lint/style/noRestrictedGlobals' },
  { file: 'src/shared/l.ts', code: 'export const l = globalThis.Date\n', rule: 'lint/style/noRestrictedGlobals' },
  { file: 'src/node/core/base/m.ts', code: "import 'node:fs'\n", rule: 'lint/correctness/noNodejsModules' },
  { file: 'src/node/adapters/random/a.ts', code: 'export const a = Math.random() + Date.now()\n', rule: undefined },
  { file: 'src/node/engine/a.ts', code: cryptoImport, rule: 'lint/style/noRestrictedImports' },
  { file: 'src/node/adapters/file-vault/a.ts', code: cryptoImport, rule: 'lint/style/noRestrictedImports' },
  { file: 'src/node/adapters/node-crypto/a.ts', code: cryptoImport, rule: undefined },
  { file: 'src/node/adapters/tls-transport/a.ts', code: cryptoImport, rule: undefined },
  { file: 'src/node/engine/b.ts', code: environment, rule: 'lint/style/noProcessEnv' },
  { file: 'src/node/config/a.ts', code: environment, rule: undefined },
  { file: 'src/node/engine/c.ts', code: speak, rule: 'lint/suspicious/noConsole' },
  { file: 'src/node/cli/a.ts', code: speak, rule: undefined },
  { file: 'src/node/engine/d.ts', code: 'export default 1\n', rule: 'lint/style/noDefaultExport' },
  { file: 'vitest.config.ts', code: 'export default 1\n', rule: undefined },
  {
    file: 'src/node/engine/later.ts',
    code: 'export async function later(): Promise<number> {\n  return 1\n}\n',
    rule: undefined,
  },
  {
    file: 'src/node/engine/f.ts',
    code: "import { later } from './later.ts'\n\nexport function f(): void {\n  later()\n}\n",
    rule: 'lint/nursery/noFloatingPromises',
  },
  {
    file: 'src/node/engine/g.ts',
    code: "import { later } from './later.ts'\n\nexport const g = later() ? 1 : 2\n",
    rule: 'lint/nursery/noMisusedPromises',
  },
  {
    file: 'src/node/engine/h.ts',
    code: "export function h(kind: 'a' | 'b'): number {\n  switch (kind) {\n    case 'a':\n      return 1\n  }\n  return 2\n}\n",
    rule: 'lint/nursery/useExhaustiveSwitchCases',
  },
  {
    file: 'src/node/engine/i.ts',
    code: "import { j } from './j.ts'\n\nexport const i = j\n",
    rule: 'lint/suspicious/noImportCycles',
  },
  {
    file: 'src/node/engine/j.ts',
    code: "import { i } from './i.ts'\n\nexport const j = i\n",
    rule: 'lint/suspicious/noImportCycles',
  },
  { file: 'src/node/engine/k.ts', code: 'export const k: any = 1\n', rule: 'lint/suspicious/noExplicitAny' },
  {
    file: 'src/node/engine/l.ts',
    code: `export function l(): number {\n  let n = 0\n${'  n += 1\n'.repeat(80)}  return n\n}\n`,
    rule: 'lint/complexity/noExcessiveLinesPerFunction',
  },
  { file: 'src/node/engine/m.ts', code: "import 'not-declared'\n", rule: 'lint/correctness/noUndeclaredDependencies' },
  {
    file: 'test/unit/a.test.ts',
    code: "import { test } from 'vitest'\n\ntest.skip('a', () => {})\n",
    rule: 'lint/suspicious/noSkippedTests',
  },
]

interface Diagnostic {
  readonly category: string
  readonly message: unknown
  readonly location: { readonly path: string | { readonly file: string } }
}

function lint(): Map<string, Diagnostic[]> {
  const sources = Object.fromEntries(planted.map(({ file, code }) => [file, code]))
  using folder = plantedFolder(['biome.json', 'lint', 'package.json', '.gitignore', 'tsconfig.base.json'], sources)
  const { output } = runTool('biome', ['lint', '--reporter=json', '--max-diagnostics=none', '.'], folder.path)
  const byFile = new Map<string, Diagnostic[]>(planted.map(({ file }) => [file, []]))
  for (const diagnostic of (JSON.parse(output) as { diagnostics: Diagnostic[] }).diagnostics) {
    const { path } = diagnostic.location
    byFile.get((typeof path === 'string' ? path : path.file).replace(/^\.\//, ''))?.push(diagnostic)
  }
  return byFile
}

describe('lint sees what is planted', () => {
  const found = lint()
  test.each(planted)('$file: $rule', ({ file, rule, message }) => {
    const diagnostics = found.get(file) ?? []
    if (rule === undefined) expect(diagnostics.map((each) => each.category)).toEqual([])
    else expect(diagnostics.map((each) => each.category)).toContain(rule)
    if (message !== undefined) expect(JSON.stringify(diagnostics)).toContain(message)
  })
})
