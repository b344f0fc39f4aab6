import { expect, test } from 'vitest'
import { plantedFolder, runTool } from './source-tree.ts'

const impure: Readonly<Record<string, string>> = {
  abort: 'new AbortController()',
  buffer: "Buffer.from('a')",
  console: 'console.log(1)',
  crypto: 'crypto.randomUUID()',
  encoder: 'new TextEncoder()',
  fetch: "fetch('a')",
  microtask: 'queueMicrotask(() => {})',
  module: "require('fs')",
  performance: 'performance.now()',
  process: 'process.pid',
  timer: 'setTimeout(() => {}, 1)',
}

const configuration = ['package.json', 'tsconfig.base.json', 'src/shared/tsconfig.json', 'src/node/core/tsconfig.json']

test.each(['src/shared', 'src/node/core'])('what touches the world does not compile in %s', (folder) => {
  const sources = Object.fromEntries(
    Object.entries(impure).map(([name, code]) => [`${folder}/${name}.ts`, `export const value: unknown = ${code}\n`]),
  )
  const builtin = {
    [`${folder}/builtin.ts`]: "import { readFileSync } from 'node:fs'\n\nexport const value: unknown = readFileSync\n",
  }
  const pure = { [`${folder}/pure.ts`]: 'export const value: unknown = new Map([[1n, new Uint8Array(2)]])\n' }
  using planted = plantedFolder(configuration, { ...sources, ...builtin, ...pure })
  const { output } = runTool('tsc', ['-b', folder, '--pretty', 'false'], planted.path)
  const failing = new Set([...output.matchAll(/^(\S+?)\(\d+,\d+\): error/gm)].map((match) => match[1]))
  expect([...failing].sort()).toEqual([...Object.keys(sources), ...Object.keys(builtin)].sort())
})

test('what Node cannot strip does not compile', () => {
  using planted = plantedFolder(configuration, {
    'src/shared/enum.ts': 'export enum Colour {\n  red,\n}\n',
    'src/shared/parameter.ts': 'export class Point {\n  constructor(readonly x: number) {}\n}\n',
    'src/shared/namespace.ts': 'export namespace Space {\n  export const a = 1\n}\n',
    'src/shared/type.ts': 'export type A = 1\n',
    'src/shared/untyped-import.ts': "import { A } from './type.ts'\n\nexport const a: A = 1\n",
  })
  const { output } = runTool('tsc', ['-b', 'src/shared', '--pretty', 'false'], planted.path)
  const codes = [...output.matchAll(/^(\S+?)\(\d+,\d+\): error (TS\d+)/gm)].map((match) => `${match[1]} ${match[2]}`)
  expect([...new Set(codes)].sort()).toEqual([
    'src/shared/enum.ts TS1294',
    'src/shared/namespace.ts TS1294',
    'src/shared/parameter.ts TS1294',
    'src/shared/untyped-import.ts TS1484',
  ])
})
