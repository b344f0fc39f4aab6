import { existsSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesUnder, readText, root } from './source-tree.ts'

const pages = filesUnder('.').filter((file) => file.endsWith('.md') && !file.includes('/fixtures/'))
const required = ['CHANGELOG.md', 'CONTRIBUTING.md']

/** The text without fenced code, where a line that starts with # is no heading and brackets are no link. */
function prose(file: string): string {
  return readText(file).replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
}

function headings(file: string, level: RegExp): string[] {
  return prose(file)
    .split('\n')
    .flatMap((line) => {
      const match = /^(#{1,6}) (.+)$/.exec(line)
      return match?.[1] !== undefined && match[2] !== undefined && level.test(match[1]) ? [match[2]] : []
    })
}

/** The anchor that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
}

function deadLinks(file: string): string[] {
  const targets = [
    ...prose(file)
      .replace(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g),
  ].map((match) => match[1] ?? '')
  return targets.filter((target) => {
    if (/^(https?:|mailto:)/.test(target)) return false
    const [path = '', anchor] = target.split('#')
    const destination = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)))
    if (destination.startsWith('..') || !existsSync(join(root, destination))) return true
    if (anchor === undefined) return false
    if (statSync(join(root, destination)).isDirectory() || !destination.endsWith('.md')) return true
    return !headings(destination, /./).some((heading) => anchorOf(heading) === anchor)
  })
}

test('the pages that a newcomer looks for exist', () => {
  expect(required.filter((page) => !pages.includes(page))).toEqual([])
  expect(readText('LICENSE')).toContain('Apache License')
})

describe.each(pages)('%s', (page) => {
  test('has one title', () => {
    expect(headings(page, /^#$/)).toHaveLength(1)
  })

  test('has no dead link', () => {
    expect(deadLinks(page)).toEqual([])
  })
})
