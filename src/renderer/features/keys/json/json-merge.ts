/**
 * Joins two changes of one JSON document. Only where they touch different paths is the result certain; where they touch the same
 * one, it has mine and names the path, for a person to decide.
 *
 * Invariants, held by property tests: what one side left as it was comes from the other side; equal changes are one change; but for
 * overlaps and the order of members that both added, the result does not depend on which side is called mine.
 */

import { exactStyle, printJson, styleOf } from './json-print.ts'
import type { JsonMember, JsonNode } from './json-syntax.ts'
import { readJson } from './json-syntax.ts'

export type JsonPath = string

/** All sides printed alike, so that a comparison shows the changes and not another way to write the same. */
export interface JsonTexts {
  readonly base: string
  readonly theirs: string
  readonly mine: string
  readonly merged: string
}

export type JsonMerge =
  | {
      readonly kind: 'merged' | 'overlap'
      /** Both changed these, and differently; none where it is merged. */
      readonly paths: readonly JsonPath[]
      readonly mine: readonly JsonPath[]
      readonly theirs: readonly JsonPath[]
      readonly texts: JsonTexts
    }
  /** One of the texts is no JSON, or has a member twice. */
  | { readonly kind: 'impossible' }

export function mergeJson(base: string, theirs: string, mine: string): JsonMerge {
  const [b, t, m] = [base, theirs, mine].map(document)
  if (b === undefined || t === undefined || m === undefined) return { kind: 'impossible' }
  const changes = { mine: changedPaths(b, m, ''), theirs: changedPaths(b, t, '') }
  const paths: JsonPath[] = []
  const root = join(b, t, m, '', paths) ?? m
  // As the value is written, or as the edit wrote it anew; theirs is no reason to write it otherwise.
  const style = exactStyle(base, b) ?? exactStyle(mine, m) ?? styleOf(base, b)
  const print = (node: JsonNode, end: boolean) => printJson(node, style) + (end ? '\n' : '')
  const [ofBase, ofTheirs, ofMine] = [base, theirs, mine].map((text) => text.endsWith('\n')) as [boolean, boolean, boolean]
  const texts = {
    base: print(b, ofBase),
    theirs: print(t, ofTheirs),
    mine: print(m, ofMine),
    merged: print(root, ofMine === ofBase ? ofTheirs : ofMine),
  }
  return { kind: paths.length > 0 ? 'overlap' : 'merged', paths, ...changes, texts }
}

/** Whether two texts are the same document, however it is written. */
export function isSameJson(left: string, right: string): boolean {
  const [l, r] = [document(left), document(right)]
  return l !== undefined && r !== undefined && same(l, r)
}

/** Two texts that are JSON, written alike; undefined where one is none. */
export function printAlike(left: string, right: string): { readonly left: string; readonly right: string } | undefined {
  const [l, r] = [readJson(left), readJson(right)]
  if (!l.ok || !r.ok) return undefined
  const style = styleOf(right, r.root)
  return { left: printJson(l.root, style), right: printJson(r.root, style) }
}

function document(text: string): JsonNode | undefined {
  const reading = readJson(text)
  return reading.ok && !hasDoubles(reading.root) ? reading.root : undefined
}

function hasDoubles(node: JsonNode): boolean {
  if (node.kind === 'scalar') return false
  if (node.kind === 'array') return node.items.some(hasDoubles)
  const names = new Set(node.members.map((member) => member.name))
  return names.size < node.members.length || node.members.some((member) => hasDoubles(member.value))
}

/** Undefined stands for what is not there. */
type Place = JsonNode | undefined

function join(base: Place, theirs: Place, mine: Place, path: JsonPath, overlaps: JsonPath[]): Place {
  if (same(theirs, mine) || same(base, mine)) return theirs
  if (same(base, theirs)) return mine
  if (theirs?.kind === 'object' && mine?.kind === 'object' && (base === undefined || base.kind === 'object')) {
    return joinMembers(base?.members ?? [], theirs.members, mine.members, path, overlaps)
  }
  if (base?.kind === 'array' && theirs?.kind === 'array' && mine?.kind === 'array') {
    const length = base.items.length
    // With items added or taken away it is not known which item is which.
    if (theirs.items.length === length && mine.items.length === length) {
      const items = base.items.map((item, index) =>
        join(item, theirs.items[index], mine.items[index], `${path}[${index}]`, overlaps),
      )
      return { kind: 'array', items: items.filter((item) => item !== undefined) }
    }
  }
  overlaps.push(path === '' ? '$' : path)
  return mine
}

function joinMembers(
  base: readonly JsonMember[],
  theirs: readonly JsonMember[],
  mine: readonly JsonMember[],
  path: JsonPath,
  overlaps: JsonPath[],
): JsonNode {
  const members: JsonMember[] = []
  const [b, t, m] = [base, theirs, mine].map(byName)
  const theirNames = new Set(theirs.map((member) => member.name))
  // Their order, then what only I have, each behind the member that it followed.
  const all = [...theirs]
  mine.forEach((member, index) => {
    if (theirNames.has(member.name)) return
    const before = mine[index - 1]?.name
    const at = before === undefined ? -1 : all.findIndex((other) => other.name === before)
    all.splice(at < 0 && before !== undefined ? all.length : at + 1, 0, member)
  })
  for (const member of all) {
    const { name } = member
    const value = join(b?.get(name), t?.get(name), m?.get(name), pathOf(path, name), overlaps)
    if (value !== undefined) members.push({ ...member, value })
  }
  return { kind: 'object', members }
}

function byName(members: readonly JsonMember[]): Map<string, JsonNode> {
  return new Map(members.map((member) => [member.name, member.value]))
}

function pathOf(path: JsonPath, name: string): JsonPath {
  const plain = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)
  if (!plain) return `${path}[${JSON.stringify(name)}]`
  return path === '' ? name : `${path}.${name}`
}

/** Equal in meaning; the order of members does not count. */
function same(left: Place, right: Place): boolean {
  if (left === right) return true
  if (left === undefined || right === undefined || left.kind !== right.kind) return false
  if (left.kind === 'scalar') return right.kind === 'scalar' && scalarText(left.raw) === scalarText(right.raw)
  if (left.kind === 'array') {
    const items = right.kind === 'array' ? right.items : []
    return left.items.length === items.length && left.items.every((item, index) => same(item, items[index]))
  }
  const members = right.kind === 'object' ? right.members : []
  const others = byName(members)
  return left.members.length === members.length && left.members.every((member) => same(member.value, others.get(member.name)))
}

/** Texts count by what they mean, numbers by how they are written: 1.0 may be meant to differ from 1. */
function scalarText(raw: string): string {
  return raw.startsWith('"') ? `"${JSON.parse(raw) as string}` : raw
}

/** The smallest places at which two documents differ. */
function changedPaths(from: Place, to: Place, path: JsonPath): JsonPath[] {
  if (same(from, to)) return []
  if (from?.kind === 'object' && to?.kind === 'object') {
    const [before, after] = [byName(from.members), byName(to.members)]
    const names = new Set([...before.keys(), ...after.keys()])
    return [...names].flatMap((name) => changedPaths(before.get(name), after.get(name), pathOf(path, name)))
  }
  if (from?.kind === 'array' && to?.kind === 'array' && from.items.length === to.items.length) {
    return from.items.flatMap((item, index) => changedPaths(item, to.items[index], `${path}[${index}]`))
  }
  return [path === '' ? '$' : path]
}
