import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, runTool } from './source-tree.ts'

const generatedFolder = 'src/node/api/grpc/generated'

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path).toString('base64')]),
  )
}

test('the generated code is what the protos give', () => {
  const folder = mkdtempSync(join(tmpdir(), 'memo-generated-'))
  try {
    const generated = join(folder, generatedFolder)
    expect(runTool('buf', ['generate', '--output', folder])).toMatchObject({ status: 0, errors: '' })
    const fresh = contents(generated)
    expect(Object.keys(fresh).length).toBeGreaterThan(1)
    expect(contents(join(root, generatedFolder)), 'run `npm run generate` and commit the result').toEqual(fresh)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
