/** Numbers, sizes and times for people, by the language of the screens. */

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const

interface Scaled {
  readonly value: number
  readonly unit: (typeof units)[number]
}

function scale(bytes: number): Scaled {
  let value = bytes
  let index = 0
  while (Math.abs(value) >= 999.5 && index < units.length - 1) {
    value /= 1000
    index += 1
  }
  return { value, unit: units[index] ?? 'byte' }
}

const formats = new Map<string, Intl.NumberFormat>()

function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const name = `${locale} ${JSON.stringify(options)}`
  const known = formats.get(name) ?? new Intl.NumberFormat(locale, options)
  formats.set(name, known)
  return known
}

function bytesFormat(scaled: Scaled, locale: string): Intl.NumberFormat {
  return numberFormat(locale, {
    style: 'unit',
    unit: scaled.unit,
    unitDisplay: scaled.unit === 'byte' ? 'narrow' : 'short',
    maximumFractionDigits: scaled.unit === 'byte' || scaled.value >= 100 ? 0 : 1,
  })
}

/** `312 B`, `38.1 GB`. */
export function formatBytes(bytes: number, locale = 'en'): string {
  const { value, unit } = splitBytes(bytes, locale)
  return `${value} ${unit}`
}

/** Value and unit apart, where the figure is large and its unit small. */
export function splitBytes(bytes: number, locale = 'en'): { readonly value: string; readonly unit: string } {
  const scaled = scale(bytes)
  const parts = bytesFormat(scaled, locale).formatToParts(scaled.value)
  const join = (wanted: boolean): string =>
    parts
      .filter((part) => part.type !== 'literal' && (part.type === 'unit') === wanted)
      .map((part) => part.value)
      .join('')
  return { value: join(false), unit: join(true) }
}

export function formatRate(bytesPerSecond: number, locale = 'en'): string {
  return `${formatBytes(bytesPerSecond, locale)}/s`
}

export function formatNumber(value: number, locale = 'en'): string {
  return numberFormat(locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)
}

export function formatCount(value: number, locale = 'en'): string {
  return numberFormat(locale, { maximumFractionDigits: 0 }).format(value)
}

/** A short time of a measurement: `0.9 ms`, `1.2 s`. */
export function formatMs(ms: number, locale = 'en'): string {
  if (ms >= 1000) return `${numberFormat(locale, { maximumFractionDigits: 1 }).format(ms / 1000)} s`
  const digits = ms < 0.1 ? 2 : ms < 10 ? 1 : 0
  return `${numberFormat(locale, { maximumFractionDigits: digits }).format(ms)} ms`
}

/** `14:02:11`, with the day where it is not today. */
export function formatTime(ms: number, locale = 'en', nowMs = Date.now()): string {
  const date = new Date(ms)
  const today = date.toDateString() === new Date(nowMs).toDateString()
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hourCycle: 'h23' }).format(date)
  return today ? time : `${new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(date)}, ${time}`
}

/** `2 minutes ago`. */
export function formatAgo(ms: number, locale = 'en', nowMs = Date.now()): string {
  const seconds = Math.round((ms - nowMs) / 1000)
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  if (Math.abs(seconds) < 60) return relative.format(seconds, 'second')
  if (Math.abs(seconds) < 3600) return relative.format(Math.round(seconds / 60), 'minute')
  if (Math.abs(seconds) < 86_400) return relative.format(Math.round(seconds / 3600), 'hour')
  return relative.format(Math.round(seconds / 86_400), 'day')
}

/** A span of time by its largest unit: `14 d`, `3 h`, `12 min`, `40 s`. */
export function formatSpan(ms: number, locale = 'en'): string {
  const seconds = Math.round(ms / 1000)
  const [value, unit] =
    seconds < 60
      ? ([seconds, 'second'] as const)
      : seconds < 3600
        ? ([Math.round(seconds / 60), 'minute'] as const)
        : seconds < 86_400
          ? ([Math.round(seconds / 3600), 'hour'] as const)
          : ([Math.round(seconds / 86_400), 'day'] as const)
  return numberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value)
}
