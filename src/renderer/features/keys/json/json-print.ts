import type { JsonNode } from './json-syntax.ts'
import { readJson } from './json-syntax.ts'

/** Containers of scalars stay on one line where they fit. */
const lineChars = 76

export interface JsonStyle {
  readonly step: string
  /** Short containers within others stand on one line. */
  readonly short: boolean
}

const ownStyle: JsonStyle = { step: '  ', short: true }

/** Lines of at most `lineChars` where that is possible, everything as it was written. */
export function printJson(node: JsonNode, style: JsonStyle = ownStyle): string {
  const out: string[] = []
  print(node, '', 0, style, out)
  return out.join('')
}

/** The style that a text was written in to the last space; undefined where it is none of the usual ones. */
export function exactStyle(text: string, node: JsonNode): JsonStyle | undefined {
  const step = stepOf(text)
  return [false, true].map((short) => ({ step, short })).find((style) => printJson(node, style) === text.trim())
}

/** The style that a text was written in; our own where it is none of the usual ones. */
export function styleOf(text: string, node: JsonNode): JsonStyle {
  return exactStyle(text, node) ?? { step: stepOf(text), short: ownStyle.short }
}

function stepOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? ownStyle.step
}

function print(node: JsonNode, indent: string, used: number, style: JsonStyle, out: string[]): void {
  if (node.kind === 'scalar') {
    out.push(node.raw)
    return
  }
  const short = indent === '' || !style.short ? undefined : onOneLine(node, lineChars - indent.length - used)
  if (short !== undefined) {
    out.push(short)
    return
  }
  const [open, close] = node.kind === 'array' ? '[]' : '{}'
  const inner = indent + style.step
  const parts = node.kind === 'array' ? node.items.map((value) => ({ name: '', value })) : node.members.map(named)
  if (parts.length === 0) {
    out.push(`${open}${close}`)
    return
  }
  parts.forEach(({ name, value }, index) => {
    out.push(index === 0 ? `${open}\n${inner}${name}` : `,\n${inner}${name}`)
    print(value, inner, name.length, style, out)
  })
  out.push(`\n${indent}${close}`)
}

function named(member: { readonly rawName: string; readonly value: JsonNode }): { name: string; value: JsonNode } {
  return { name: `${member.rawName}: `, value: member.value }
}

function onOneLine(node: JsonNode, room: number): string | undefined {
  if (node.kind === 'scalar') return node.raw
  const values = node.kind === 'array' ? node.items : node.members.map((member) => member.value)
  if (values.length === 0) return node.kind === 'array' ? '[]' : '{}'
  // A line of more than these does not fit whatever they are.
  if (values.length * 3 > room || values.some((value) => value.kind !== 'scalar')) return undefined
  const text =
    node.kind === 'array'
      ? `[${node.items.map(rawOf).join(', ')}]`
      : `{ ${node.members.map((member) => `${member.rawName}: ${rawOf(member.value)}`).join(', ')} }`
  return text.length <= room ? text : undefined
}

function rawOf(node: JsonNode): string {
  return node.kind === 'scalar' ? node.raw : ''
}

/** The spaces of a text on one line: behind commas, behind colons, and within the brackets of objects. */
interface LineStyle {
  readonly comma: string
  readonly colon: string
  readonly pad: string
}

const spaces = ['', ' ']
const lineStyles: readonly LineStyle[] = spaces.flatMap((comma) =>
  spaces.flatMap((colon) => spaces.map((pad) => ({ comma, colon, pad }))),
)

/** On one line; without any space between the parts where no style is given. */
export function compactJson(node: JsonNode, style: LineStyle = { comma: '', colon: '', pad: '' }): string {
  if (node.kind === 'scalar') return node.raw
  const comma = `,${style.comma}`
  if (node.kind === 'array') return `[${node.items.map((item) => compactJson(item, style)).join(comma)}]`
  if (node.members.length === 0) return '{}'
  const members = node.members.map((member) => `${member.rawName}:${style.colon}${compactJson(member.value, style)}`)
  return `{${style.pad}${members.join(comma)}${style.pad}}`
}

/** The style that a line was written in; none where it follows none. */
function lineStyleOf(line: string): LineStyle | undefined {
  const reading = readJson(line)
  return reading.ok ? lineStyles.find((style) => compactJson(reading.root, style) === line.trim()) : undefined
}

/** A value that was written on one line is shown on many and written back on one: its writer wanted it so. */
function isOneLine(text: string): boolean {
  return !text.trimEnd().includes('\n')
}

/** What an editor shows for a stored text of JSON: as it is where it has lines, else formatted. */
export function shownJson(text: string): string {
  if (!isOneLine(text)) return text
  const reading = readJson(text)
  return reading.ok ? printJson(reading.root) : text
}

/** What is stored for a text that was shown by `shownJson` of `stored` and edited. */
export function storedJson(shown: string, stored: string): string {
  if (!isOneLine(stored) || shownJson(stored) === stored) return shown
  const reading = readJson(shown)
  return reading.ok ? compactJson(reading.root, lineStyleOf(stored)) + (stored.endsWith('\n') ? '\n' : '') : shown
}
