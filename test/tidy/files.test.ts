import { basename, extname } from 'node:path'
import { expect, test } from 'vitest'
import { filesUnder, readText } from './source-tree.ts'

const everything = filesUnder('.').filter((file) => file !== 'package-lock.json')
const textExtensions = new Set([
  '.ts',
  '.tsx',
  '.css',
  '.html',
  '.js',
  '.mjs',
  '.json',
  '.jsonc',
  '.md',
  '.yaml',
  '.yml',
  '.proto',
  '.py',
  '.grit',
  '.svg',
  '.sh',
  '',
])
const textFiles = everything.filter((file) => textExtensions.has(extname(file)) && !file.includes('/fixtures/'))
const codeFiles = textFiles.filter((file) => /\.(tsx?|js|mjs)$/.test(file))

const maxSourceLines = 400
const maxTestLines = 600

/** Written in pieces, so that this file does not find itself. */
const forbidden: readonly RegExp[] = [
  ['\\bTO', 'DO\\b'],
  ['\\bFIX', 'ME\\b'],
  ['@ts-', '(ignore|nocheck)'],
  ['/wo', 'rk/'],
  ['/tm', 'p/'],
  ['\\.\\./shared/', '(spec|design)'],
  ['\\bissue ', '2\\b'],
].map((pieces) => new RegExp(pieces.join('')))

const forbiddenInSource: readonly RegExp[] = [...forbidden, /biome-ignore/, /@ts-expect-error/, /\bas any\b/, /\bas never as\b/]

function linesOf(file: string): number {
  return readText(file).trimEnd().split('\n').length
}

function mentions(files: readonly string[], patterns: readonly RegExp[]): string[] {
  return files.flatMap((file) =>
    readText(file)
      .split('\n')
      .flatMap((line, index) => (patterns.some((pattern) => pattern.test(line)) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  )
}

test('the tree is walked', () => {
  expect(codeFiles).toContain('test/tidy/files.test.ts')
  expect(codeFiles).toContain('bin/memo.js')
  expect(everything.some((file) => file.startsWith('node_modules/'))).toBe(false)
})

test('files stay within their length', () => {
  const tooLong = codeFiles.flatMap((file) => {
    const lines = linesOf(file)
    return lines > (file.startsWith('test/') ? maxTestLines : maxSourceLines) ? [`${file}: ${lines} lines`] : []
  })
  expect(tooLong).toEqual([])
})

test('source files are named in kebab case, after what they hold', () => {
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/
  const named = codeFiles.filter((file) => /^(src|test|scripts|bin|lint)\//.test(file))
  expect(named.filter((file) => !file.split('/').every((part) => kebab.test(part)))).toEqual([])
  const vague = /^(utils?|common|helpers?|misc)$/
  expect(named.filter((file) => file.split('/').some((part) => vague.test(part.replace(/\..*$/, ''))))).toEqual([])
  expect(named.filter((file) => basename(file) === 'index.ts' && file.split('/').length > 3)).toEqual([])
})

test('nothing unfinished, silenced or private to one machine', () => {
  const source = textFiles.filter((file) => file.startsWith('src/'))
  const rest = textFiles.filter((file) => !file.startsWith('src/'))
  expect(mentions(source, forbiddenInSource)).toEqual([])
  expect(mentions(rest, forbidden)).toEqual([])
})

test('pages name no folder outside of the checkout', () => {
  const pages = textFiles.filter((file) => file.endsWith('.md'))
  expect(mentions(pages, [/\.\.\/shared\b/])).toEqual([])
})

test('ports import types only', () => {
  const ports = filesUnder('src/node/ports').filter((file) => file.endsWith('.ts'))
  expect(ports.length).toBeGreaterThan(0)
  expect(mentions(ports, [/^\s*(import|export) (?!type\b).*\bfrom\b/, /^\s*import '/])).toEqual([])
})

test('files of core open with a comment that says why they exist', () => {
  const core = filesUnder('src/node/core').filter((file) => file.endsWith('.ts'))
  expect(core.filter((file) => !/^\/(\/|\*)/.test(readText(file)))).toEqual([])
})

test('a decision says its context, what else there was, and what follows', () => {
  const records = everything.filter((file) => file.startsWith('docs/decisions/'))
  expect(records.length).toBeGreaterThan(8)
  const parts = ['Context', 'Decision', 'Alternatives', 'Consequences']
  expect(
    records.flatMap((file) =>
      parts.filter((part) => !readText(file).includes(`\n**${part}.**`)).map((part) => `${file}: ${part}`),
    ),
  ).toEqual([])
})
