import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const sheet = readFileSync(join(import.meta.dirname, '../../../src/renderer/styles/tokens.css'), 'utf8')

type Theme = 'light' | 'dark'

/** Colours of a block of the sheet, by name: the first is the light one. */
function coloursIn(block: string): Map<string, Readonly<Record<Theme, string>>> {
  const found = block.matchAll(/--([\w-]+):\s*light-dark\(\s*(#[\da-f]{6}),\s*(#[\da-f]{6})\s*\)/g)
  return new Map(Array.from(found, ([, name = '', light = '', dark = '']) => [name, { light, dark }]))
}

const contrastAt = sheet.indexOf('@media (prefers-contrast: more)')
const plain = coloursIn(sheet.slice(0, contrastAt))
const strong = new Map([...plain, ...coloursIn(sheet.slice(contrastAt))])

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

const layers = ['bg', 'surface', 'raised', 'hover']
const texts = ['text', 'muted', 'faint', 'accent', 'ok', 'warn', 'danger', 'info']
const marks = ['border-control', 'chart-1', 'chart-2', 'chart-3', 'chart-4', 'chart-5', 'chart-6']

/** Foreground, background, least ratio. */
const pairs: readonly (readonly [string, string, number])[] = [
  ...layers.flatMap((layer) => texts.map((text) => [text, layer, 4.5] as const)),
  ...['bg', 'surface', 'raised'].flatMap((layer) => marks.map((mark) => [mark, layer, 3] as const)),
  ...['ok', 'warn', 'danger', 'info'].map((tone) => [tone, `${tone}-soft`, 4.5] as const),
  ...['ok', 'warn', 'danger', 'info'].map((tone) => ['text', `${tone}-soft`, 4.5] as const),
  // Code with a changed line.
  ...['accent', 'ok', 'warn', 'text'].map((tone) => [tone, 'warn-soft', 4.5] as const),
  ['accent', 'accent-soft', 4.5],
  ['text', 'accent-soft', 4.5],
  ['muted', 'accent-soft', 4.5],
  ['accent-fg', 'accent', 4.5],
  ['accent-fg', 'accent-hover', 4.5],
  ['danger-fg', 'danger', 4.5],
]

describe.each([
  ['as it is', plain],
  ['with more contrast', strong],
] as const)('%s', (_name, colours) => {
  describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
    test.each(pairs)('%s on %s has a contrast of at least %f', (front, back, least) => {
      const [one, other] = [colours.get(front)?.[theme], colours.get(back)?.[theme]]
      expect(one).toMatch(/^#/)
      expect(other).toMatch(/^#/)
      expect(contrast(one ?? '', other ?? '')).toBeGreaterThanOrEqual(least)
    })
  })
})

/** The sheet of the states; what is outdated is paler by its opacity. */
const states = readFileSync(join(import.meta.dirname, '../../../src/renderer/ui/states.module.css'), 'utf8')
const opacityOf = (selector: string) => Number(states.split(`\n${selector} {`)[1]?.match(/opacity: ([\d.]+);/)?.[1])

function mixed(front: string, back: string, opacity: number): string {
  const channels = [1, 3, 5].map((at) => {
    const [over, under] = [front, back].map((hex) => Number.parseInt(hex.slice(at, at + 2), 16))
    return Math.round((over ?? 0) * opacity + (under ?? 0) * (1 - opacity))
  })
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

describe('what is outdated', () => {
  const stale = '.stale[data-stale] > *'

  test('is paler once, however many parts of it say so', () => {
    expect(opacityOf(stale)).toBeLessThan(1)
    expect(opacityOf('.stale[data-stale] .stale[data-stale] > *')).toBe(1)
  })

  test.each([
    ['text', 'light', 4.5],
    ['text', 'dark', 4.5],
    ['muted', 'light', 3],
    ['muted', 'dark', 3],
  ] as const)('can be read: %s in the %s theme', (name, theme, least) => {
    for (const layer of ['bg', 'surface']) {
      const [front, back] = [plain.get(name)?.[theme] ?? '', plain.get(layer)?.[theme] ?? '']
      expect(contrast(mixed(front, back, opacityOf(stale)), back)).toBeGreaterThanOrEqual(least)
    }
  })
})

test('more contrast is more', () => {
  const ratio = (colours: typeof plain, name: string) =>
    contrast(colours.get(name)?.light ?? '', colours.get('surface')?.light ?? '')
  for (const name of ['muted', 'faint', 'border', 'border-control']) {
    expect(ratio(strong, name), name).toBeGreaterThan(ratio(plain, name))
  }
})

test('the ratio is that of WCAG', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
})
